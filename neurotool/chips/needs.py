"""What neurons need on a core of their own: synaptic memory and input axons."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neurotool.chips.chip import SynapseMemory
from neurotool.chips.memory import synapse_storage
from neurotool.chips.wiring import axon_groups
from neurotool.ir.placement import CoreUse
from neurotool.ir.program import ChipProgram, Convolution
from neurotool.synapses.expand import SynapseLists

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]


class Needs:
    """Says of any range of neurons what it needs on a core of its own.

    Args:
        program: The program.
        memory: Layout of synapses in a core.
    """

    def __init__(self, program: ChipProgram, memory: SynapseMemory) -> None:
        self._program, self._memory = program, memory
        self._into = {
            name: [SynapseLists(program, p) for p in program.projections_into(name)] for name in program.populations
        }

    def of(self, population: str, first: int, last: int) -> CoreUse:
        """Return what neurons ``first`` to before ``last`` of a population need, output axons aside."""
        bits, heard = 0, dict[tuple[str, bool], BoolArray]()
        for lists in self._into[population]:
            projection = lists.projection
            entries, stored = list_entries(lists, first, last)
            bits += synapse_storage(stored, last - first, projection, self._memory)[1]
            reached = np.bincount(axon_groups(self._program, projection), entries > 0) > 0
            key = projection.source, isinstance(projection.connectivity, Convolution)
            heard[key] = heard.get(key, np.zeros_like(reached)) | reached
        in_axons = sum(int(np.count_nonzero(reached)) for reached in heard.values())
        return CoreUse(0, 0, population, first, last, bits, in_axons, 0)


def list_entries(lists: SynapseLists, first: int, last: int) -> tuple[IntArray, IntArray]:
    """Count what neurons ``first`` to before ``last`` of the target store of a projection.

    Lists of a convolution that differ by a shift of their targets hold the same weights of the kernel. They are told
    apart by the sums of two random 40-bit numbers for each weight, which confounds two of 100,000 different lists with
    a probability below 1e-13.

    Returns:
        The synapses from each source neuron, ``[source]``, and the entries of each list to be stored.
    """
    shared = isinstance(lists.projection.connectivity, Convolution)
    sources = lists.shape[1]
    entries, sums = np.zeros(sources, np.int64), np.zeros((2, sources))
    numbers = np.random.default_rng(0).integers(1, 1 << 40, (2, lists.projection.weights.size if shared else 0))
    for piece in lists.pieces(first, last):
        entries += np.bincount(piece.sources, minlength=sources)
        if shared:
            sums += [np.bincount(piece.sources, row[piece.places], minlength=sources) for row in numbers]
    if not shared:
        return entries, entries
    _, one_of_each = np.unique(sums[0] + 1j * sums[1], return_index=True)
    return entries, entries[one_of_each]

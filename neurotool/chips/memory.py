"""How many bits of a core's memory a set of synapses takes.

On each core, a source neuron has one list of synapses for each projection. A list is cut into blocks of at most 64
entries; each block has a header of 10 bits and fills whole words of 64 bits:
``sum over blocks of 64 * ceil((entries * bits + 10) / 64)``. Source of the layout, of what an entry holds and of how
convolutions share lists: nengo-loihi ``block.py`` (``SynapseConfig.bits_per_axon``, ``Synapse.axon_to_weight_map``) and
``builder/connection.py`` (``conv2d_loihi_weights``), for Loihi 1.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from neurotool.arrays import Int64Array
from neurotool.chips.chip import SynapseMemory
from neurotool.ir.program import AllToAll, Convolution, Projection


class Storage(StrEnum):
    """How the synapses of a projection are listed on a core."""

    DENSE = "dense"  # one weight for every neuron of the core, zeros included
    SPARSE = "sparse"  # a weight and a target index for every non-zero weight
    SHARED = "shared"  # the same, and source neurons whose lists differ by a shift of the targets have one in common


def synapse_storage(
    lists: Int64Array, neurons: int, projection: Projection, memory: SynapseMemory
) -> tuple[Storage, int]:
    """Choose how a core stores a projection, and return that with its size in bits.

    A matrix is stored in the smaller of the forms without and with target indices. Listed synapses may join a pair of
    neurons twice, so they need indices. A convolution shares its lists. An entry has a weight, a delay where the
    projection has delays, and in the forms with indices a target index; one beyond the widest index that the memory
    declares is taken to have its own width.

    Args:
        lists: Entries in each list: the non-zero weights from one source neuron to this core. For a convolution, those
            of the distinct lists only (:meth:`neurotool.chips.needs.Needs.of`).
        neurons: Number of target neurons on this core.
        projection: Where the synapses come from.
        memory: The form of the memory.
    """
    weight = _code(projection.weight_bits, memory.weight_codes) + (
        memory.delay_bits if projection.delay_range[1] else 0
    )
    needed = max(neurons - 1, 1).bit_length()
    used = lists[lists > 0]
    indexed = int(_list_bits(used, weight + index_bits(neurons, memory), memory).sum())
    if isinstance(projection.connectivity, Convolution):
        return Storage.SHARED, indexed
    dense = int(used.size * _list_bits(np.array([neurons]), weight, memory)[0])
    has_index = needed <= max(memory.index_codes, default=0)
    if not isinstance(projection.connectivity, AllToAll) or (has_index and indexed < dense):
        return Storage.SPARSE, indexed
    return Storage.DENSE, dense


def _list_bits(entries: Int64Array, bits: int, memory: SynapseMemory) -> Int64Array:
    full, rest = np.divmod(entries, memory.block_synapses)
    return full * _block_bits(np.array(memory.block_synapses), bits, memory) + np.where(
        rest > 0, _block_bits(rest, bits, memory), 0
    )


def _block_bits(entries: Int64Array, bits: int, memory: SynapseMemory) -> Int64Array:
    words = -(-(entries * bits + memory.header_bits) // memory.word_bits)
    return np.asarray(words * memory.word_bits, np.int64)


def index_bits(neurons: int, memory: SynapseMemory) -> int:
    """Width of an index that tells so many target neurons of a core apart."""
    return _code(max(neurons - 1, 1).bit_length(), memory.index_codes)


def _code(bits: int, codes: tuple[int, ...]) -> int:
    """Narrowest width that holds so many bits; the bits themselves where none does."""
    return next((code for code in codes if code >= bits), bits)

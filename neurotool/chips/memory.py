"""How many bits of a core's memory a set of synapses takes."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import numpy.typing as npt

from neurotool.chips.chip import SynapseMemory

IntArray = npt.NDArray[np.int64]


class Storage(StrEnum):
    """How the synapses of one source neuron are listed on a core."""

    DENSE = "dense"  # one weight for every neuron of the core, zeros included
    SPARSE = "sparse"  # a weight and a target index for every non-zero weight


def synapse_storage(nonzero: IntArray, neurons: int, weight_bits: int, memory: SynapseMemory) -> tuple[Storage, int]:
    """Choose the smaller of the two forms and return it with its size in bits.

    A source neuron's list is cut into blocks of at most 64 entries; each block has a header of 10 bits and fills whole
    words of 64 bits: ``sum over blocks of 64 * ceil((entries * bits + 10) / 64)``. An entry has a weight, and in the
    sparse form a target index. Source: nengo-loihi ``block.py`` (``SynapseConfig.bits_per_axon``).

    Args:
        nonzero: Non-zero weights from each source neuron to this core, ``[source]``.
        neurons: Number of target neurons on this core.
        weight_bits: Width of a weight; rounded up to one the memory can hold.
        memory: The form of the memory.
    """
    weight = _code(weight_bits, memory.weight_codes) or weight_bits
    reaching = nonzero[nonzero > 0]
    dense = int(reaching.size * _list_bits(np.array([neurons]), weight, memory)[0])
    index = _code(max(neurons - 1, 1).bit_length(), memory.index_codes)
    if index is None:
        return Storage.DENSE, dense
    sparse = int(_list_bits(reaching, weight + index, memory).sum())
    return (Storage.SPARSE, sparse) if sparse < dense else (Storage.DENSE, dense)


def _list_bits(entries: IntArray, bits: int, memory: SynapseMemory) -> IntArray:
    full, rest = np.divmod(entries, memory.block_synapses)
    return full * _block_bits(np.array(memory.block_synapses), bits, memory) + np.where(
        rest > 0, _block_bits(rest, bits, memory), 0
    )


def _block_bits(entries: IntArray, bits: int, memory: SynapseMemory) -> IntArray:
    words = -(-(entries * bits + memory.header_bits) // memory.word_bits)
    return np.asarray(words * memory.word_bits, np.int64)


def _code(bits: int, codes: tuple[int, ...]) -> int | None:
    return next((code for code in codes if code >= bits), None)

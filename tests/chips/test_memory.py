"""Synaptic memory and the grid, against numbers worked out by hand."""

import numpy as np
import pytest

from neurotool.chips import load_chip
from neurotool.chips.memory import Storage, synapse_storage
from neurotool.chips.wiring import tiles
from neurotool.ir.program import Projection

MEMORY = load_chip("loihi1").memory


def projection(**changes) -> Projection:
    return Projection("w", "a", "b", np.zeros((1, 1), np.int64), **changes)


@pytest.mark.parametrize(
    ("nonzero", "neurons", "bits", "form", "size"),
    [
        # 10 weights of 8 bits and a header of 10: 90 bits are 2 words; three sources.
        ([10, 10, 10], 10, 8, Storage.DENSE, 3 * 128),
        # One weight of 10: 8 + 6 + 10 bits are one word instead of two.
        ([1, 1, 0], 10, 8, Storage.SPARSE, 2 * 64),
        # 64 entries are one block (522 bits, 9 words), the 65th opens another (1 word).
        ([65], 65, 8, Storage.DENSE, 10 * 64),
        # 7 bits are stored as 8.
        ([10, 10, 10], 10, 7, Storage.DENSE, 3 * 128),
        # 1000 neurons need 10 index bits: 3 * 18 + 10 bits are one word.
        ([3], 1000, 8, Storage.SPARSE, 64),
        ([0, 0], 10, 8, Storage.DENSE, 0),
    ],
)
def test_bits_by_hand(nonzero, neurons, bits, form, size):
    assert synapse_storage(np.array(nonzero), neurons, projection(weight_bits=bits), MEMORY) == (form, size)


def test_tiles_follow_the_serpentine():
    mesh = load_chip("loihi2").mesh
    row, column, chip = tiles([(0, core) for core in (0, 3, 4, 31, 32, 64)], mesh)
    # Tiles 0, 0, 1, 7 of the first row; tile 8 lies below tile 7; tile 16 starts the third row at the left.
    assert row.tolist() == [0, 0, 0, 0, 1, 2]
    assert column.tolist() == [0, 0, 1, 7, 7, 0]
    assert not chip.any()


def test_chips_lie_in_a_line_from_west_to_east():
    row, column, chip = tiles([(0, 31), (1, 0), (2, 33)], load_chip("loihi2").mesh)
    # The last tile of chip 0's first row borders on the first tile of chip 1.
    assert row.tolist() == [0, 0, 1]
    assert column.tolist() == [7, 8, 16 + 7]
    assert chip.tolist() == [0, 1, 2]

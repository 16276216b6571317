"""The core map shows every core in its place, and says when it leaves chips out."""

from __future__ import annotations

import numpy as np
import pytest

from neurotool.report.core_map import MOST_CHIPS, CoreMark, core_map


def marks(chips=1):
    """On each chip, core 1 of the first tile and core 2 of the tile below right of it."""
    places = [(0, 0, 1, "a", 0.5, 10.0), (1, 1, 2, "b", 0.25, 40.0)]
    return [CoreMark(chip, *place) for chip in range(chips) for place in places]


def images(figure):
    return [axes.images[0].get_array() for axes in figure.axes if axes.images and axes.get_title() != ""]


def test_every_core_lies_in_its_tile():
    population, memory, synops = images(core_map(marks(), 2, 2, 4))
    # A tile is two by two cores: core 1 is the right one of the upper row, core 2 the left one of the lower row.
    assert memory.shape == (4, 4)
    assert {(int(i), int(j)) for i, j in zip(*np.nonzero(np.isfinite(memory.filled(np.nan))), strict=True)} == {
        (0, 1),
        (3, 2),
    }
    assert (memory[0, 1], memory[3, 2]) == (0.5, 0.25)
    assert (synops[0, 1], synops[3, 2]) == (10.0, 40.0)
    assert population[0, 1] != population[3, 2]


def test_populations_have_a_legend_and_chips_a_label():
    figure = core_map(marks(2), 2, 2, 4, "here")
    (legend,) = [axes.get_legend() for axes in figure.axes if axes.get_legend()]
    assert [text.get_text() for text in legend.get_texts()] == ["a", "b"]
    assert [axes.get_ylabel() for axes in figure.axes if axes.get_ylabel()] == ["chip 0", "chip 1"]
    assert figure.get_suptitle() == "here"


def test_of_many_chips_the_first_are_drawn():
    figure = core_map(marks(MOST_CHIPS + 3), 2, 2, 4, "here")
    assert sum(bool(axes.get_ylabel()) for axes in figure.axes) == MOST_CHIPS
    assert "first 4 of 7 chips" in figure.get_suptitle()


def test_nothing_cannot_be_drawn():
    with pytest.raises(ValueError, match="at least one core"):
        core_map([], 2, 2, 4)

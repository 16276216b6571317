"""The drawing of cuts: every mark is there, named ones by name, and the best ones are joined."""

import pytest
from matplotlib.colors import to_hex

from neurotool.report.pareto import ParetoMark, pareto_figure
from neurotool.report.style import VERMILLION

MARKS = [
    ParetoMark(("all in torch",), 4e-3, 1e-3, 0.95, False),
    ParetoMark(("chosen",), 1e-3, 2e-3, 0.9, True),
    ParetoMark((), 2e-3, 1e-3, 0.95, True),
]


def test_marks_are_at_their_place_and_named():
    (axes, bar) = pareto_figure(MARKS, "cuts").axes
    step, *marks = axes.lines
    assert [tuple(line.get_xydata()[0]) for line in marks] == [(m.latency, m.energy) for m in MARKS]
    assert list(step.get_xdata()) == [1e-3, 2e-3], "what is beaten is not on the line"
    assert list(step.get_ydata()) == [2e-3, 1e-3]
    assert to_hex(marks[1].get_markeredgecolor()) == VERMILLION
    assert [text.get_text().split("\n")[0] for text in axes.texts] == ["all in torch", "chosen", "2 mJ, 1 ms"]
    assert bar.get_ylabel() == "accuracy of the integers"


def test_without_accuracies_there_is_no_scale():
    plain = [ParetoMark((), m.energy, m.latency, None, True) for m in MARKS]
    assert len(pareto_figure(plain).axes) == 1


def test_what_a_logarithm_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="above zero"):
        pareto_figure([ParetoMark((), 0.0, 1.0, None, True)])

"""The tornado holds the totals it was given."""

from __future__ import annotations

import pytest

from neurotool.report.energy_tornado import tornado


def test_tornado_bars_reach_from_the_nominal_total_to_each_end():
    figure = tornado(["a", "b"], at_low=[1e-6, 3e-6], at_high=[5e-6, 1.5e-6], nominal=2e-6)
    axes = figure.axes[0]
    ends = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes.patches]
    assert ends == [pytest.approx(pair) for pair in [(2, 1), (2, 3), (2, 5), (2, 1.5)]]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["a", "b"]
    assert {text.get_text() for text in axes.texts} == {"1 µJ", "5 µJ", "1.5 µJ", "3 µJ"}
    assert axes.get_xlabel() == "total energy per inference (µJ); line: all constants nominal, 2 µJ"


def test_a_constant_that_moves_one_way_has_one_label():
    axes = tornado(["a"], at_low=[2e-6], at_high=[3e-6], nominal=2e-6).axes[0]
    assert [text.get_text() for text in axes.texts] == ["3 µJ"]


def test_a_tornado_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one constant"):
        tornado([], [], [], 1.0)
    with pytest.raises(ValueError, match="every constant"):
        tornado(["a"], [1.0], [], 1.0)

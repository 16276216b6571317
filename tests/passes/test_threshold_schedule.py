"""A threshold that follows a table keeps its meaning from the float graph over a file to the integers."""

from __future__ import annotations

from dataclasses import replace

import nir
import numpy as np
import pytest
from float_graphs import K, graph, linear, node, sink, source

from neurotool.errors import UnsupportedError
from neurotool.ir.adapters import RunOptions, SourceOptions
from neurotool.ir.convention import CONVENTIONS
from neurotool.ir.graph import Graph
from neurotool.ir.program import InputPort
from neurotool.ir.threshold_schedule import threshold_schedule, with_threshold_schedule
from neurotool.passes.discretise import discretise
from neurotool.passes.quantise import quantise
from neurotool.plugins import CONVERTERS, TARGETS, load

PORT = {"x": InputPort("x", (2,))}
TABLE = [[0.9, 0.9], [2.9, 0.9], [0.9, 3.9]]


def made(schedule, convention="norse") -> Graph:
    """Every spike adds 1 to an integrator without leak whose last threshold is 1.9."""
    one = np.ones(2)
    op = nir.IF(
        r=1e3 * one, v_threshold=1.9 * one, v_reset=0 * one, metadata=with_threshold_schedule(np.array(schedule))
    )
    nodes = [source(), linear("a", np.eye(2)), node("if", op, (2,), K.SPIKES), sink("y", (2,))]
    float_graph = graph(nodes, [("x", "a"), ("a", "if"), ("if", "y")])
    return replace(float_graph, convention=CONVENTIONS[convention])


def test_float_reference_and_integers_follow_the_table():
    """First neuron: 1 > 0.9; 1 < 2.9, 2 > 0.9; 1 < 1.9, 2 > 1.9. Second: 1 > 0.9; 1 > 0.9; 1 < 3.9, 2 > 1.9."""
    discrete = discretise(made(TABLE))
    x = np.ones((6, 1, 2), bool)
    ranges = {"if": {"u": 1.0, "v": 4.0}}
    program = quantise(discrete, PORT, ranges).program
    assert program.populations["if"].model == "lif_schedule"
    integer = load(TARGETS, "loihi-reference").run_program(program, {"x": x}, RunOptions()).spikes["if"][:, 0]
    floating = load(TARGETS, "gpu").run_graph(discrete, {"x": x.astype(np.float32)}, RunOptions()).spikes["if"][:, 0]
    wanted = [[1, 1], [0, 1], [1, 0], [0, 1], [1, 0], [0, 1]]
    assert integer.astype(int).tolist() == wanted
    assert floating.astype(int).tolist() == wanted


def test_a_file_keeps_the_table(tmp_path):
    converter, path = load(CONVERTERS, "nir"), tmp_path / "net.nir"
    converter.write(made(TABLE), path)
    again = converter.load(str(path), SourceOptions()).graph
    np.testing.assert_array_equal(threshold_schedule(again.nodes["if"].op), TABLE)
    np.testing.assert_array_equal(discretise(again).nodes["if"].update.schedule, TABLE)
    np.testing.assert_array_equal(nir.read(path).nodes["if"].v_threshold, [1.9, 1.9])


def test_one_threshold_a_row_holds_for_all_neurons():
    assert discretise(made([[0.5], [0.7]])).nodes["if"].update.schedule.tolist() == [[0.5, 0.5], [0.7, 0.7]]


@pytest.mark.parametrize(
    ("schedule", "found"), [([[1.0, 2.0, 3.0]], "shape (1, 3)"), ([[1.0, np.nan]], "a value that is not finite")]
)
def test_a_wrong_table_is_refused(schedule, found):
    with pytest.raises(UnsupportedError) as caught:
        discretise(made(schedule))
    assert [(d.rule, d.node, d.found) for d in caught.value.diagnostics] == [("NT-DISC-004", "if", found)]


def test_a_table_that_the_neuron_cannot_hold_is_refused():
    ranges = {"if": {"u": 1.0, "v": 4.0}}
    for schedule, convention, found in (
        (np.ones((16, 2)), "norse", "16 rows"),
        (np.ones((2, 2)), "sinabs", "reset by subtraction"),
    ):
        with pytest.raises(UnsupportedError) as caught:
            quantise(discretise(made(schedule, convention)), PORT, ranges)
        assert [(d.rule, d.found) for d in caught.value.diagnostics] == [("NT-QUANT-013", found)]

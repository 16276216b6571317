"""The first split: capability, patterns, reasons, parts and boundaries."""

import networkx as nx
import nir
import numpy as np
import pytest
from float_graphs import K, chain, dense_op, graph, lif, linear, node, readout, sink, source
from hypothesis import given
from hypothesis import strategies as st

from neurotool.errors import UnsupportedError, UsageError
from neurotool.ir.partition import Side
from neurotool.ir.values import TimeScope
from neurotool.passes.partition import partition


def hybrid():
    return chain(
        source(), linear("fc1", np.eye(2)), lif("lif1", 2), linear("fc2", np.eye(2)), lif("lif2", 2),
        dense_op("mean", (2,), False, TimeScope.OVER_TIME), linear("head", np.eye(2), kind=K.FLOAT, timed=False),
        sink("y", (2,), timed=False),
    )  # fmt: skip


def test_synapses_and_neurons_go_to_the_chip_and_the_rest_to_torch():
    cut = partition(hybrid())
    assert {n: str(s) for n, s in cut.sides.items()} == {
        "fc1": "spiking", "lif1": "spiking", "fc2": "spiking", "lif2": "spiking", "mean": "dense", "head": "dense",
    }  # fmt: skip
    assert [(p.name, p.inputs, p.outputs) for p in cut.parts] == [
        ("spiking-0", ("x",), ("lif2",)),
        ("dense-0", ("lif2",), ("head",)),
    ]
    assert [(b.value, b.source, b.target, b.coding) for b in cut.boundaries] == [
        ("x", "", "spiking-0", "spikes"),
        ("lif2", "spiking-0", "dense-0", "raster"),
        ("head", "dense-0", "y", "tensor"),
    ]


def test_every_node_has_a_reason_and_dense_ones_name_their_rule():
    reasons = {r.node: (r.rule, r.text) for r in partition(hybrid()).reasons}
    assert reasons["mean"] == ("NT-PART-024", "torch.relu: its result is no spike")
    assert reasons["head"] == ("NT-PART-002", "its value has no time axis")
    assert reasons["lif1"] == ("", "CubaLIF neurons run on the chip")


def test_a_dense_pattern_moves_the_neurons_and_the_synapses_that_feed_only_them():
    cut = partition(hybrid(), {"lif2": Side.DENSE})
    assert cut.sides["fc2"] is Side.DENSE
    assert cut.sides["fc1"] is Side.SPIKING
    assert [p.name for p in cut.parts] == ["spiking-0", "dense-0"]
    assert cut.parts[1].nodes == ("fc2", "lif2", "mean", "head")


def test_a_pattern_that_matches_nothing_lists_the_names():
    with pytest.raises(UsageError, match="'lfi\\*' matches no node") as caught:
        partition(hybrid(), {"lfi*": Side.DENSE})
    assert "lif1" in caught.value.hint


@pytest.mark.parametrize("patterns", [("lif*", "lif1"), ("lif1", "lif1")])
def test_two_patterns_that_disagree_about_a_node_are_named(patterns):
    dense, spiking = patterns
    with pytest.raises(UsageError) as refused:
        partition(hybrid(), [(dense, Side.DENSE), (spiking, Side.SPIKING)])
    assert refused.value.message == f"--dense '{dense}' and --spiking '{spiking}' both name node lif1"
    assert partition(hybrid(), [("lif2", Side.DENSE), ("lif1", Side.SPIKING)]).sides["lif1"] is Side.SPIKING


def test_forcing_what_the_chip_cannot_run_lists_all_of_it():
    with pytest.raises(UnsupportedError) as caught:
        partition(hybrid(), {"mean": Side.SPIKING, "head": Side.SPIKING})
    assert [d.node for d in caught.value.diagnostics] == ["mean", "head"]


def test_a_readout_leaves_the_chip_as_membrane_potential():
    cut = partition(
        chain(source(), linear("fc", np.eye(2)), readout("li", 2), dense_op("d", (2,), True), sink("y", (2,)))
    )
    assert [b.coding for b in cut.boundaries] == ["spikes", "membrane", "tensor"]


def test_a_readout_that_feeds_neurons_is_kept_off_the_chip():
    cut = partition(chain(source(), linear("fc", np.eye(2)), readout("li", 2), linear("fc2", np.eye(2)), lif("l", 2)))
    assert {r.node: r.rule for r in cut.reasons}["li"] == "NT-PART-004"
    assert [b.coding for b in cut.boundaries if b.target.startswith("spiking")] == ["graded"]


def test_a_dense_layer_between_spiking_layers_gives_two_chip_parts():
    cut = partition(
        chain(source(), linear("a", np.eye(2)), lif("l1", 2), dense_op("relu", (2,), True), linear("b", np.eye(2)),
              lif("l2", 2), sink("y", (2,), K.SPIKES))
    )  # fmt: skip
    assert [p.name for p in cut.parts] == ["spiking-0", "dense-0", "spiking-1"]
    assert cut.boundaries[2].coding == "graded"


@given(links=st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=16), spiking=st.sets(st.integers(0, 7)))
def test_parts_never_wait_for_each_other(links, spiking):
    nodes = [source("x")] + [lif(str(i), 2) if i in spiking else dense_op(str(i), (2,), True) for i in range(8)]
    edges = sorted((str(a), str(b)) for a, b in links if a < b)
    heads = [("x", str(i)) for i in range(8) if not any(b == str(i) for _, b in edges)]
    model = graph(nodes, heads + edges)
    cut = partition(model)
    assert sorted(n for p in cut.parts for n in p.nodes) == sorted(cut.sides)
    made = {"x"}
    for part in cut.parts:
        assert set(part.inputs) <= made, "a part comes before a value that it needs"
        assert {cut.sides[n] for n in part.nodes} == {part.side}
        made |= set(part.outputs)
    assert nx.is_directed_acyclic_graph(model.networkx())


def test_flatten_between_neurons_and_synapses_stays_on_the_chip():
    flat = node("flat", nir.Flatten(input_type={"input": np.array([2])}, start_dim=0), (2,), K.SPIKES)
    cut = partition(chain(source(), linear("a", np.eye(2)), lif("l1", 2), flat, linear("b", np.eye(2)), lif("l2", 2)))
    assert cut.sides["flat"] is Side.SPIKING

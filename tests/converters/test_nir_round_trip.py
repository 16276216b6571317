"""What is written is read back, by us and by ``nir.read``."""

from __future__ import annotations

import dataclasses
import tracemalloc
from pathlib import Path

import h5py
import nir
import numpy as np
import pytest
from float_graphs import K, chain, dense_op, graph, linear, node, sink, source
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nir_graphs import assert_equal

from neurotool import __version__
from neurotool.converters.nir import CONVERTER, write
from neurotool.data import file_sha256
from neurotool.errors import UnsupportedError, UsageError
from neurotool.ir.adapters import Converter, SourceOptions
from neurotool.ir.convention import CONVENTIONS
from neurotool.passes.discretise import discretise

NEURONS = {
    nir.IF: ("r", "v_threshold", "v_reset"),
    nir.LIF: ("tau", "r", "v_leak", "v_threshold", "v_reset"),
    nir.CubaLIF: ("tau_syn", "tau_mem", "r", "v_leak", "v_threshold", "v_reset", "w_in"),
}
READOUTS = {nir.LI: ("tau", "r", "v_leak"), nir.CubaLI: ("tau_syn", "tau_mem", "r", "v_leak", "w_in")}


def read(path, **options):
    return CONVERTER.load(str(path), SourceOptions(**options)).graph


@st.composite
def populations(draw, kinds, shape, name):
    kind = draw(st.sampled_from(list(kinds)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    op = kind(**{field: rng.uniform(1e-3, 2, shape).astype(dtype) for field in kinds[kind]})
    return node(name, op, shape, K.SPIKES if kind in NEURONS else K.FLOAT)


@st.composite
def graphs(draw):
    """Input, perhaps a Flatten, then layers of synapse, perhaps Scale, and neurons, some with a second branch."""
    prefix = draw(st.sampled_from(["", "spiking.", "net.blocks.0.", "été "]))
    shape = draw(st.sampled_from([(3,), (1, 4), (2, 3), (2, 1, 2)]))
    nodes, links = [source(f"{prefix}x", shape)], []

    def add(made, *feeds):
        nodes.append(made)
        links.extend((f, made.name) for f in feeds)
        return made.name

    last = nodes[0].name
    if len(shape) > 1:
        start = draw(st.integers(0, len(shape) - 1))
        flat = (*shape[:start], int(np.prod(shape[start:])))
        op = nir.Flatten(input_type={"input": np.array(shape)}, start_dim=start, end_dim=-1)
        last = add(node(f"{prefix}flat", op, flat, K.SPIKES), last)
        if len(flat) > 1:
            last = add(draw(populations(NEURONS, flat, f"{prefix}early")), last)
            op = nir.Flatten(input_type={"input": np.array(flat)}, start_dim=0, end_dim=-1)
            last = add(node(f"{prefix}flatter", op, (int(np.prod(flat)),), K.SPIKES), last)
    width = nodes[-1].shape[0]
    for index in range(draw(st.integers(1, 3))):
        size = draw(st.integers(1, 4))
        rng = np.random.default_rng(draw(st.integers(0, 2**32)))
        bias = rng.normal(size=size) if draw(st.booleans()) else None
        branches = [add(linear(f"{prefix}{index}.w", rng.normal(size=(size, width)), bias), last)]
        if draw(st.booleans()):
            scale = nir.Scale(scale=rng.normal(size=size).astype(np.float32))
            branches = [add(node(f"{prefix}{index}.scale", scale, (size,), K.CURRENT), *branches)]
        if draw(st.booleans()):
            branches.append(add(linear(f"{prefix}{index}.skip", rng.normal(size=(size, width))), last))
        last = add(draw(populations(NEURONS, (size,), f"{prefix}{index}.n")), *branches)
        width = size
    if draw(st.booleans()):
        last = add(draw(populations(READOUTS, (width,), f"{prefix}read")), last)
    add(sink("y", (width,), nodes[-1].kind), last)
    made = graph(nodes, links)
    return dataclasses.replace(
        made, dt=draw(st.floats(1e-6, 1e-1)), convention=CONVENTIONS[draw(st.sampled_from(list(CONVENTIONS)))]
    )


@given(made=graphs())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_round_trip(made, tmp_path):
    path = tmp_path / "model.nir"
    CONVERTER.write(made, path)
    again = read(path)
    assert_equal(made, again)
    assert again.notes == ()
    assert list(again.nodes) == list(made.nodes)
    theirs = nir.read(path)  # with type check
    assert set(theirs.nodes) == set(made.nodes)
    assert set(theirs.edges) == {(e.source, e.target) for e in made.edges}


def small(**kwargs):
    one = np.ones(2)
    op = nir.LIF(tau=one, r=one, v_leak=one, v_threshold=one)
    return dataclasses.replace(
        chain(
            source(), linear("spiking.0", np.eye(2)), node("spiking.1", op, (2,), K.SPIKES), sink("y", (2,), K.SPIKES)
        ),
        **kwargs,
    )


def test_converter():
    assert isinstance(CONVERTER, Converter)
    assert CONVERTER.accepts("a/b.nir") and not CONVERTER.accepts("model:make") and not CONVERTER.accepts("x.h5")


def test_source_says_where_it_comes_from(tmp_path):
    path = tmp_path / "model.nir"
    CONVERTER.write(small(), path)
    found = CONVERTER.load(str(path), SourceOptions())
    assert found.spec == str(path) and found.run is None
    assert found.sha256 == file_sha256(path)
    assert found.graph.nodes["spiking.1"].origin == "spiking.1 (LIF in model.nir)"


def test_same_graph_same_bytes_and_nothing_else_is_left(tmp_path):
    for name in ("a.nir", "b.nir", "a.nir"):
        CONVERTER.write(small(), tmp_path / name)
    assert file_sha256(tmp_path / "a.nir") == file_sha256(tmp_path / "b.nir")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.nir", "b.nir"]


def test_metadata_is_in_a_group_of_its_own(tmp_path):
    CONVERTER.write(small(dt=2e-3), tmp_path / "a.nir")
    stored = nir.read(tmp_path / "a.nir").metadata["neurotool"]
    assert stored.pop("order").tolist() == [b"x", b"spiking.0", b"spiking.1", b"y"]
    assert stored == {
        "version": __version__,
        "dt": 2e-3,
        "convention": "norse",
        "input_kinds": {"x": "spikes"},
    }


@pytest.mark.parametrize("kind", list(K))
def test_kind_of_an_input_is_kept(tmp_path, kind):
    one = np.ones(2)
    lif = node("n", nir.LIF(tau=one, r=one, v_leak=one, v_threshold=one), (2,), K.SPIKES)
    CONVERTER.write(chain(source(kind=kind), lif, sink("y", (2,), K.SPIKES)), tmp_path / "a.nir")
    assert read(tmp_path / "a.nir").nodes["x"].kind is kind


def test_discretised_graphs_are_written_without_updates(tmp_path):
    made = discretise(small(dt=1e-2))
    CONVERTER.write(made, tmp_path / "a.nir")
    again = read(tmp_path / "a.nir")
    assert again.nodes["spiking.1"].update is None
    update = discretise(again).nodes["spiking.1"].update
    for name, value in vars(made.nodes["spiking.1"].update).items():
        np.testing.assert_array_equal(getattr(update, name), value)


def test_parameters_without_axes_are_written_with_them(tmp_path):
    lif = nir.LIF(*(np.float32(v) for v in (0.01, 1, 0, 1)))
    made = chain(source(), node("n", lif, (2,), K.SPIKES), sink("y", (2,), K.SPIKES))
    CONVERTER.write(made, tmp_path / "a.nir")
    assert nir.read(tmp_path / "a.nir").nodes["n"].tau.tolist() == [np.float32(0.01)] * 2


def test_everything_that_nir_cannot_hold_is_listed(tmp_path):
    one = np.ones(2)
    lif = node("a/b", nir.LIF(tau=one, r=one, v_leak=one, v_threshold=one), (2,), K.SPIKES)
    nodes = [source(), lif, dense_op("relu", (2,), True), dense_op("mean", (2,), True), sink("y", (2,))]
    made = graph(nodes, [("x", "a/b"), ("a/b", "relu"), ("relu", "mean"), ("mean", "y")])
    with pytest.raises(UnsupportedError) as caught:
        CONVERTER.write(made, tmp_path / "a.nir")
    assert [(d.rule, d.node) for d in caught.value.diagnostics] == [
        ("NT-NIR-008", "a/b"),
        ("NT-NIR-008", "relu"),
        ("NT-NIR-008", "mean"),
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError):
        CONVERTER.write(small(), tmp_path / "file" / "a.nir")
    (tmp_path / "a.nir").mkdir()
    with pytest.raises(UsageError):
        CONVERTER.write(small(), tmp_path / "a.nir")


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.nir"
    CONVERTER.write(small(), path)
    before = path.read_bytes()

    def fail(filename, *_):
        Path(filename).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(write, "write_root", fail)
    with pytest.raises(UsageError, match="No space left"):
        CONVERTER.write(small(dt=1.0), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.nir"]


def test_order_of_sums_is_kept(tmp_path):
    nodes = [source(), linear("b", np.eye(2)), linear("a", np.eye(2))]
    one = np.ones(2)
    nodes += [
        node("n", nir.LIF(tau=one, r=one, v_leak=one, v_threshold=one), (2,), K.SPIKES),
        sink("y", (2,), K.SPIKES),
    ]
    CONVERTER.write(graph(nodes, [("x", "b"), ("x", "a"), ("a", "n"), ("b", "n"), ("n", "y")]), tmp_path / "g.nir")
    assert [e.source for e in read(tmp_path / "g.nir").incoming("n")] == ["a", "b"]


@pytest.mark.parametrize(
    ("entry", "value"),
    [("dt", "fast"), ("dt", -1.0), ("dt", np.nan), ("convention", "mine"), ("convention", 3), ("order", [1, 2])],
)
def test_damaged_metadata(tmp_path, entry, value):
    path = tmp_path / "a.nir"
    CONVERTER.write(small(), path)
    with h5py.File(path, "a") as file:
        own = file["node/metadata/neurotool"]
        del own[entry]
        own[entry] = value
    with pytest.raises(UsageError, match=entry):
        read(path)


def test_neither_reading_nor_writing_copies_the_weights(tmp_path):
    weight = np.zeros((1500, 1500), np.float32)
    weight[0, 0] = 1.0
    one = np.ones(1500)
    lif = node("n", nir.LIF(tau=one, r=one, v_leak=one, v_threshold=one), (1500,), K.SPIKES)
    made = chain(source(shape=(1500,)), linear("w", weight), lif, sink("y", (1500,), K.SPIKES))
    tracemalloc.start()
    CONVERTER.write(made, tmp_path / "a.nir")
    written, _ = tracemalloc.get_traced_memory()[1], tracemalloc.reset_peak()
    graph = read(tmp_path / "a.nir")
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert written < 0.3 * weight.nbytes and found < 1.3 * weight.nbytes
    assert np.array_equal(graph.nodes["w"].op.weight, weight)

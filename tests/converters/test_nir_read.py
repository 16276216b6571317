"""What a file means: shapes, kinds, time step and convention, and what is noted where the file does not say."""

from __future__ import annotations

import sys
from subprocess import run

import nir
import numpy as np
import pytest
from nir_files import affine, chain_of, ends, fields, lif, save

from neurotool.converters.nir import CONVERTER
from neurotool.errors import UsageError
from neurotool.ir.adapters import SourceOptions
from neurotool.ir.convention import CONVENTIONS
from neurotool.ir.values import TimeScope, ValueKind

MS = 1e-3
META = {"neurotool": {"dt": MS, "convention": "norse"}}


def read(path, dt=MS, convention="norse", **options):
    return CONVERTER.load(str(path), SourceOptions(dt=dt, convention=convention, **options)).graph


def kinds(graph):
    return {name: node.kind.value for name, node in graph.nodes.items()}


def test_every_value_is_timed(tmp_path):
    path = save(tmp_path / "m.nir", ends() | {"n": lif()}, chain_of("x", "n", "y"))
    graph = read(path)
    assert list(graph.nodes) == ["x", "n", "y"]
    assert all(n.timed and n.scope is TimeScope.PER_STEP for n in graph.nodes.values())
    assert graph.nodes["n"].op.tau.tolist() == [0.01, 0.01] and graph.notes == ()


def test_files_of_nir_itself_are_read(tmp_path):
    one = np.ones(3, np.float32)
    lif_node = nir.LIF(tau=one, r=one, v_leak=one, v_threshold=one)
    graph = nir.NIRGraph.from_list(nir.Linear(weight=np.ones((3, 2), np.float32)), lif_node)
    nir.write(tmp_path / "m.nir", graph)
    assert kinds(read(tmp_path / "m.nir")) == {
        "input": "spikes",
        "linear": "current",
        "lif": "spikes",
        "output": "spikes",
    }


def test_scalar_parameters_are_spread_over_the_population(tmp_path):
    scalar = dict.fromkeys(("tau", "r", "v_leak", "v_threshold"), np.float32(0.5))
    nodes = ends((3,)) | {
        "w": affine(4, 3, bias=np.float64(0.25)),
        "a": fields("LIF", **scalar),
        "s": fields("Scale", scale=np.float64(2.0)),
        "b": lif(4, tau=np.float64(0.02)),
        "v": affine(3, 4),
        "c": fields("CubaLIF", **scalar | {"tau_syn": np.float32(0.1), "tau_mem": np.float32(0.1)}),
    }
    del nodes["c"]["tau"]
    graph = read(save(tmp_path / "m.nir", nodes, chain_of("x", "w", "a", "s", "b", "v", "c", "y")))
    assert {n: graph.nodes[n].shape for n in "wasbvcy"} == {
        "w": (4,), "a": (4,), "s": (4,), "b": (4,), "v": (3,), "c": (3,), "y": (3,),
    }  # fmt: skip
    assert graph.nodes["w"].op.bias.tolist() == [0.25] * 4
    a, c = graph.nodes["a"].op, graph.nodes["c"].op
    assert a.tau.shape == (4,) and a.tau.dtype == np.float32 and a.v_reset.tolist() == [0.0] * 4
    assert c.w_in.tolist() == [1.0] * 3
    assert graph.nodes["b"].op.tau.tolist() == [0.02] * 4


def test_multi_dimensional_populations_and_flatten(tmp_path):
    nodes = {
        "x": fields("Input", shape=np.array([2, 3])),
        "n": fields("IF", r=np.ones((2, 3)), v_threshold=np.ones((2, 3))),
        "f": fields("Flatten", start_dim=0, end_dim=-1),
        "w": affine(4, 6),
        "m": lif(4),
        "y": fields("Output", shape=np.array([4])),
    }
    graph = read(save(tmp_path / "m.nir", nodes, chain_of("x", "n", "f", "w", "m", "y")))
    assert graph.nodes["f"].shape == (6,) and graph.nodes["f"].kind is ValueKind.SPIKES
    assert graph.nodes["f"].op.input_type["input"].tolist() == [2, 3]


def test_batch_axis_of_the_sample_data_is_dropped_with_a_note(tmp_path):
    nodes = ends((1, 3)) | {"n": fields("LIF", **dict.fromkeys(("tau", "r", "v_leak", "v_threshold"), 1.0))}
    nodes |= {"w": affine(2, 3), "m": lif(2), "y": fields("Output", shape=np.array([1, 2]))}
    graph = read(save(tmp_path / "m.nir", nodes, chain_of("x", "n", "w", "m", "y")))
    assert [graph.nodes[n].shape for n in "xny"] == [(3,), (3,), (2,)]
    assert graph.nodes["x"].op.input_type["input"].tolist() == [3]
    assert len(graph.notes) == 2 and all("batch" in note and "m.nir" in note for note in graph.notes)


def test_a_channel_axis_of_size_one_is_kept(tmp_path):
    nodes = {
        "x": fields("Input", shape=np.array([1, 2, 2])),
        "f": fields("Flatten", start_dim=0, end_dim=-1, input_type=np.array([1, 2, 2])),
        "n": lif(4),
        "y": fields("Output", shape=np.array([4])),
    }
    graph = read(save(tmp_path / "m.nir", nodes, chain_of("x", "f", "n", "y")))
    assert graph.nodes["x"].shape == (1, 2, 2) and graph.notes == ()


def test_currents_are_what_ends_in_neurons_only(tmp_path):
    nodes = ends() | {
        "to_n": affine(),
        "scale": fields("Scale", scale=np.ones(2)),
        "n": lif(),
        "both": affine(),
        "m": lif(),
        "li": fields("LI", tau=np.ones(2), r=np.ones(2), v_leak=np.ones(2)),
        "out": affine(),
    }
    nodes["z"] = nodes["v"] = nodes["y"]
    edges = [*chain_of("x", "to_n", "scale", "n", "both", "m", "li", "out", "y"), ("both", "z"), ("m", "v")]
    assert kinds(read(save(tmp_path / "m.nir", nodes, edges))) == {
        "x": "spikes", "to_n": "current", "scale": "current", "n": "spikes", "both": "float", "m": "spikes",
        "li": "float", "out": "float", "y": "float", "z": "float", "v": "spikes",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("example", "kind"),
    [
        (None, "spikes"),
        (np.ones((4, 1, 2), bool), "spikes"),
        (np.full((4, 1, 2), 3, np.uint8), "spikes"),
        (np.array([[[0.0, 1.0]]]), "spikes"),
        (np.array([[[0.0, 0.5]]]), "float"),
    ],
)
def test_example_tells_whether_inputs_are_spikes(tmp_path, example, kind):
    path = save(tmp_path / "m.nir", ends() | {"w": affine(), "n": lif()}, chain_of("x", "w", "n", "y"))
    assert read(path, example=example).nodes["x"].kind == kind


def test_inputs_that_nothing_computes_with_are_floats(tmp_path):
    nodes = ends() | {"f": fields("Flatten", start_dim=0, end_dim=0)}
    assert set(kinds(read(save(tmp_path / "m.nir", nodes, chain_of("x", "f", "y")))).values()) == {"float"}


def test_long_chains(tmp_path):
    names = [f"w{i}" for i in range(1500)]
    nodes = ends() | {name: fields("Scale", scale=1.0) for name in names} | {"n": lif()}
    graph = read(save(tmp_path / "m.nir", nodes, chain_of("x", *names, "n", "y")))
    assert {graph.nodes[name].kind for name in names} == {ValueKind.CURRENT}


def test_several_edges_into_a_neuron_are_arguments_of_a_sum(tmp_path):
    nodes = ends() | {"a": affine(), "b": affine(), "n": lif()}
    edges = [("x", "a"), ("x", "b"), ("b", "n"), ("a", "n"), ("n", "y")]
    graph = read(save(tmp_path / "m.nir", nodes, edges))
    assert [(e.source, e.argument) for e in graph.incoming("n")] == [("b", 0), ("a", 1)]


def model(tmp_path, metadata=None):
    return save(tmp_path / "m.nir", ends() | {"n": lif()}, chain_of("x", "n", "y"), metadata)


def test_time_step_must_come_from_somewhere(tmp_path):
    with pytest.raises(UsageError) as caught:
        read(model(tmp_path), dt=None)
    assert caught.value.hint is not None and "--dt TIME" in caught.value.hint and "--convention" in caught.value.hint


def test_file_says_time_step_and_convention(tmp_path):
    graph = read(model(tmp_path, META), dt=None, convention=None)
    assert graph.dt == MS and graph.convention.name == "norse" and graph.notes == ()


def test_options_win_over_the_file(tmp_path):
    graph = read(model(tmp_path, META), dt=2e-3, convention="exponential-euler")
    assert graph.dt == 2e-3 and graph.convention.name == "exponential-euler"
    assert len(graph.notes) == 1 and "1 ms" in graph.notes[0] and "2 ms" in graph.notes[0]
    assert read(model(tmp_path, META), dt=MS).notes == ()


def test_default_convention_is_noted(tmp_path):
    graph = read(model(tmp_path), convention=None)
    assert graph.convention.name == "forward-euler"
    assert len(graph.notes) == 1 and "forward-euler" in graph.notes[0] and "does not say" in graph.notes[0]


def test_unknown_convention_lists_the_names(tmp_path):
    with pytest.raises(UsageError) as caught:
        read(model(tmp_path), convention="backward")
    assert all(name in caught.value.hint for name in CONVENTIONS)


def test_metadata_of_others_is_left_alone(tmp_path):
    with pytest.raises(UsageError, match="time step"):
        read(model(tmp_path, {"dt": 5.0, "author": "someone"}), dt=None)


def test_importing_the_converter_is_light():
    use = "from neurotool.converters.nir import CONVERTER; CONVERTER.accepts('a.nir')"
    code = f"import sys; {use}; print({{'h5py', 'nir'}} & {{*sys.modules}})"
    assert run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_a_convention_of_an_exporter_brings_the_step_that_it_writes_for(tmp_path):
    graph = read(model(tmp_path, None), dt=None, convention="snntorch-zero")
    assert graph.dt == 1e-4
    assert graph.notes == ("m.nir does not say how long a time step is; 100 µs was taken, as snntorch-zero writes it.",)
    assert read(model(tmp_path, None), dt=MS, convention="snntorch-zero").dt == MS

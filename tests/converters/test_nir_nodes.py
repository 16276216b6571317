"""Every node type of NIR: shapes, parameters and numbers as read, checked against torch where it has the same layer."""

from __future__ import annotations

import dataclasses

import nir
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nir_files import affine, chain_of, conv2d, ends, fields, lif, pool, save

from neurotool.converters.nir import CONVERTER
from neurotool.converters.nir.fields import FIELDS
from neurotool.converters.nir.support import PER_NEURON, TYPES
from neurotool.errors import UsageError
from neurotool.ir.adapters import SourceOptions
from neurotool.ir.graph import NEURON_TYPES, SPIKING_TYPES
from neurotool.ir.values import ValueKind

NAMES = {nir.Input: {"shape"}, nir.Output: {"shape"}}


def read(path):
    return CONVERTER.load(str(path), SourceOptions(dt=1e-3, convention="norse")).graph


def between(tmp_path, shape, *nodes, gives):
    """Read a chain of nodes between an Input and an Output; return the nodes as read."""
    named = {f"n{i}": node for i, node in enumerate(nodes)}
    whole = {"x": fields("Input", shape=np.array(shape)), **named, "y": fields("Output", shape=np.array(gives))}
    graph = read(save(tmp_path / "m.nir", whole, chain_of(*whole)))
    return [graph.nodes[name] for name in named]


def test_all_types_and_fields_of_nir_are_known():
    theirs = {name for name in nir.ir.__all__ if isinstance(getattr(nir, name, None), type)} - {"NIRNode", "NIRGraph"}
    assert set(TYPES) == theirs and set(FIELDS) == set(TYPES.values())
    for kind, known in FIELDS.items():
        own = {f.name: f for f in dataclasses.fields(kind) if f.name not in ("input_type", "output_type", "metadata")}
        names = NAMES.get(kind, {*own} | ({"input_type"} if kind is nir.Flatten else set()))
        assert {field.name for field in known} == names, kind
        for field in known:
            missing_is_fine = field.name in own and own[field.name].default is not dataclasses.MISSING
            assert not (missing_is_fine and field.required), (kind, field)
    assert set(SPIKING_TYPES) < set(NEURON_TYPES) < set(PER_NEURON)


@pytest.mark.parametrize("kind", [k for k in PER_NEURON if k is not nir.Delay], ids=lambda k: k.__name__)
@pytest.mark.parametrize("shape", [(3,), (2, 1, 2)])
@pytest.mark.parametrize("form", ["full", "scalar", "single"])
def test_parameters_per_neuron(tmp_path, kind, shape, form):
    size = {"full": shape, "scalar": (), "single": (1,)}[form]
    values = {f.name: np.full(size, 0.5 + i, np.float32) for i, f in enumerate(FIELDS[kind])}
    (node,) = between(tmp_path, shape, fields(kind.__name__, **values), gives=shape)
    assert isinstance(node.op, kind) and node.shape == shape
    for i, field in enumerate(FIELDS[kind]):
        found = getattr(node.op, field.name)
        assert found.shape == shape and found.dtype == np.float32 and (found == 0.5 + i).all()
    spikes = kind in SPIKING_TYPES
    assert node.kind is (ValueKind.SPIKES if spikes else ValueKind.FLOAT)


def test_single_values_are_noted_where_they_stand_for_many(tmp_path):
    nodes = ends((3,)) | {"n": lif(1), "m": lif(3)}
    graph = read(save(tmp_path / "m.nir", nodes, chain_of("x", "n", "m", "y")))
    assert graph.nodes["n"].op.tau.shape == (3,)
    assert len(graph.notes) == 1 and "n holds single values" in graph.notes[0] and "all 3 neurons" in graph.notes[0]
    mixed = ends((3,)) | {"n": lif(3, tau=np.ones(1), r=np.float64(2.0))}
    graph = read(save(tmp_path / "m.nir", mixed, chain_of("x", "n", "y")))
    assert graph.nodes["n"].op.tau.tolist() == [1.0] * 3 and graph.nodes["n"].op.r.tolist() == [2.0] * 3
    assert graph.notes == ()
    one = ends((1,)) | {"n": lif(1)}
    assert read(save(tmp_path / "m.nir", one, chain_of("x", "n", "y"))).notes == ()


def test_weights_are_kept_as_they_are(tmp_path):
    weight = np.arange(6, dtype=np.float16).reshape(3, 2)
    nodes = between(tmp_path, (2,), fields("Linear", weight=weight), affine(2, 3, bias=np.float32(0.5)), gives=(2,))
    assert nodes[0].op.weight.dtype == np.float16 and (nodes[0].op.weight == weight).all()
    assert nodes[1].op.bias.tolist() == [0.5, 0.5] and nodes[1].op.bias.dtype == np.float32


def test_a_stack_of_matrices_acts_on_the_last_axis(tmp_path):
    (node,) = between(tmp_path, (5, 3), fields("Linear", weight=np.ones((5, 2, 3))), gives=(5, 2))
    assert node.shape == (5, 2)
    with pytest.raises(UsageError):
        between(tmp_path, (5, 3), fields("Linear", weight=np.ones((2, 3))), gives=(5, 2))


@pytest.mark.parametrize("form", [int, np.array], ids=["scalars", "arrays"])
def test_conv1d(tmp_path, form):
    weight = np.arange(12.0).reshape(2, 3, 2)
    options = {"stride": 2, "padding": 1, "dilation": 3, "groups": 1}
    stored = {name: form(value) for name, value in options.items()}
    node = fields("Conv1d", weight=weight, bias=np.ones(2), **stored)
    (node,) = between(tmp_path, (3, 7), node, gives=(2, 3))  # (7 + 2 - 3 - 1) // 2 + 1
    assert node.shape == (2, 3)
    assert (node.op.stride, node.op.padding, node.op.dilation, node.op.groups) == (2, 1, 3, 1)
    assert node.op.input_shape == 7 and node.op.bias.tolist() == [1.0, 1.0]


def test_conv2d_without_bias_or_input_shape(tmp_path):
    node = conv2d(np.ones((2, 1, 5, 3), np.float32), stride=np.array([2, 1]), groups=2)
    del node["bias"]
    (node,) = between(tmp_path, (2, 10, 10), node, gives=(2, 3, 8))
    assert node.op.input_shape == (10, 10) and node.op.stride == (2, 1) and node.op.padding == (0, 0)
    assert node.op.bias.tolist() == [0.0, 0.0] and node.op.bias.dtype == np.float32


pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@given(
    kernel=pairs, stride=pairs, dilation=pairs, groups=st.integers(1, 2), sizes=st.tuples(*[st.integers(7, 9)] * 2),
    padding=st.one_of(pairs, st.sampled_from(["valid", "same"])), whole=st.booleans(),
)  # fmt: skip
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_convolutions_have_the_size_that_torch_gives_them(
    tmp_path, kernel, stride, dilation, groups, sizes, padding, whole
):
    if padding == "same":
        kernel, stride = tuple(2 * k - 1 for k in kernel), (1, 1)
    layer = torch.nn.Conv2d(2, 4, kernel, stride, padding, dilation, groups)
    made = layer(torch.zeros(1, 2, *sizes)) if _fits(kernel, dilation, padding, sizes) else None
    options = {"stride": np.array(stride), "dilation": np.array(dilation), "groups": groups}
    options["padding"] = padding if isinstance(padding, str) else np.array(padding)
    options |= {"input_shape": np.array(sizes)} if whole else {}
    node = conv2d(layer.weight.detach().numpy(), bias=layer.bias.detach().numpy(), **options)
    if made is not None:
        (read_node,) = between(tmp_path, (2, *sizes), node, gives=tuple(made.shape[1:]))
        assert read_node.shape == tuple(made.shape[1:])
        assert read_node.op.padding == padding


def _fits(kernel, dilation, padding, sizes):
    margins = (0, 0) if isinstance(padding, str) else padding
    return all(d * (k - 1) < n + 2 * p for k, d, n, p in zip(kernel, dilation, sizes, margins, strict=True))


@given(kernel=pairs, stride=pairs, sizes=st.tuples(st.integers(3, 8), st.integers(3, 8)), padded=st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pools_have_the_size_that_torch_gives_them(tmp_path, kernel, stride, sizes, padded):
    padding = tuple(k // 2 for k in kernel) if padded else (0, 0)
    made = torch.nn.AvgPool2d(kernel, stride, padding)(torch.zeros(1, 3, *sizes))
    stored = [np.array(v) for v in (kernel, stride, padding)]
    for kind in ("SumPool2d", "AvgPool2d"):
        (node,) = between(tmp_path, (3, *sizes), pool(kind, *stored), gives=tuple(made.shape[1:]))
        assert node.shape == tuple(made.shape[1:])
        assert [getattr(node.op, n).tolist() for n in ("kernel_size", "stride", "padding")] == [
            list(v) for v in (kernel, stride, padding)
        ]


def test_flatten_in_the_middle(tmp_path):
    nodes = [fields("Flatten", start_dim=1, end_dim=-2), fields("Flatten", start_dim=-2, end_dim=-1), fields("Flatten")]
    found = between(tmp_path, (2, 3, 4, 5), *nodes[:2], gives=(2, 60))
    assert [n.shape for n in found] == [(2, 12, 5), (2, 60)]
    (found,) = between(tmp_path, (2, 3, 4), nodes[2], gives=(2, 12))
    assert found.shape == (2, 12) and found.op.start_dim == 1  # what nir takes where the file does not say


def test_a_convolutional_network_with_a_batch_axis_in_its_ends(tmp_path):
    nodes = {
        "x": fields("Input", shape=np.array([1, 2, 6, 6])),
        "conv": conv2d(np.ones((4, 2, 3, 3))),
        "n": fields("IF", r=np.ones(1), v_threshold=np.ones(1)),
        "pool": pool("SumPool2d"),
        "flat": fields("Flatten", start_dim=0, end_dim=-1),
        "w": fields("Linear", weight=np.ones((3, 16))),
        "out": fields("LI", tau=np.ones(3), r=np.ones(3), v_leak=np.zeros(3)),
        "y": fields("Output", shape=np.array([1, 3])),
    }
    graph = read(save(tmp_path / "m.nir", nodes, chain_of(*nodes)))
    assert [graph.nodes[n].shape for n in nodes] == [
        (2, 6, 6), (4, 4, 4), (4, 4, 4), (4, 2, 2), (16,), (3,), (3,), (3,),
    ]  # fmt: skip
    assert [graph.nodes[n].kind.value for n in nodes] == [
        "spikes", "current", "spikes", "current", "current", "current", "float", "float",
    ]  # fmt: skip
    assert sum("batch" in note for note in graph.notes) == 2


def test_delays_keep_spikes_spikes_and_may_differ_between_neurons(tmp_path):
    steps = np.array([0.0, 3e-3, 2e-3], np.float32)
    nodes = [fields("Delay", delay=steps), fields("Delay", delay=np.array(1e-3)), affine(3, 3), lif(3)]
    first, second, *_ = between(tmp_path, (3,), *nodes, gives=(3,))
    assert first.kind is ValueKind.SPIKES and first.op.delay.dtype == np.float32
    assert np.array_equal(first.op.delay, steps) and second.op.delay.tolist() == [1e-3] * 3


def test_sums_into_any_node(tmp_path):
    nodes = ends() | {"a": affine(), "b": affine(), "f": fields("Flatten", start_dim=0, end_dim=-1), "w": affine()}
    nodes["n"] = lif()
    edges = [("x", "a"), ("x", "b"), ("a", "f"), ("b", "f"), ("f", "w"), ("x", "w"), ("w", "n"), ("n", "y"), ("x", "y")]
    graph = read(save(tmp_path / "m.nir", nodes, edges))
    assert [e.source for e in graph.incoming("f")] == ["a", "b"]
    assert [(e.source, e.argument) for e in graph.incoming("w")] == [("f", 0), ("x", 1)]
    assert {n: graph.nodes[n].kind.value for n in "abfwny"} == {
        "a": "current", "b": "current", "f": "current", "w": "current", "n": "spikes", "y": "float",
    }  # fmt: skip


def test_a_file_of_all_node_types_that_nir_itself_wrote(tmp_path):
    one, four = np.ones(4, np.float32), np.array([4])
    nodes = {
        "affine": nir.Affine(np.ones((4, 4), np.float32), one),
        "linear": nir.Linear(np.ones((4, 4))),
        "scale": nir.Scale(one),
        "delay": nir.Delay(one * 1e-3),
        "threshold": nir.Threshold(one),
        "if": nir.IF(one, one),
        "lif": nir.LIF(one, one, one, one),
        "cubalif": nir.CubaLIF(one, one, one, one, one),
        "inner": nir.NIRGraph(
            {"input": nir.Input(four), "i": nir.I(one), "li": nir.LI(one, one, one), "output": nir.Output(four)},
            [("input", "i"), ("i", "li"), ("li", "output")],
        ),
        "cubali": nir.CubaLI(one, one, one, one),
    }
    image = {
        "conv": nir.Conv2d((4, 4), np.ones((1, 1, 3, 3)), 1, 1, 1, 1, np.zeros(1)),
        "sum": nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])),
        "avg": nir.AvgPool2d(np.array([1, 1]), np.array([1, 1]), np.array([0, 0])),
        "half": nir.Flatten(np.array([1, 2, 2]), start_dim=1),
        "line": nir.Conv1d(4, np.ones((1, 1, 3)), 1, "same", 1, 1, np.zeros(1)),
        "flat": nir.Flatten(np.array([1, 4]), start_dim=0),
    }
    whole = {"x": nir.Input(np.array([1, 4, 4])), **image, **nodes, "y": nir.Output(four)}
    nir.write(tmp_path / "all.nir", nir.NIRGraph(whole, chain_of(*whole)))
    graph = read(tmp_path / "all.nir")
    assert set(graph.nodes) == {*whole, "inner.i", "inner.li"} - {"inner"}
    assert {type(n.op).__name__ for n in graph.nodes.values()} == set(TYPES)
    assert [graph.nodes[n].shape for n in image] == [(1, 4, 4), (1, 2, 2), (1, 2, 2), (1, 4), (1, 4), (4,)]

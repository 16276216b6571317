"""NetX files that are damaged, wrong, or beyond what has a meaning here: errors that name file, layer and field."""

from __future__ import annotations

import h5py
import net_files as net
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neurotool.converters.netx.options import LoadOptions
from neurotool.converters.netx.read import read_net
from neurotool.errors import NeurotoolError, UnsupportedError, UsageError

MISFIT, UNKNOWN = "NT-NETX-003", "NT-NETX-001"


def fails(path, kind=UsageError, options=None):
    with pytest.raises(kind) as caught:
        read_net(path, options)
    assert path.name in caught.value.message
    return caught.value


def findings(tmp_path, *layers, kind=UnsupportedError):
    error = fails(net.save(tmp_path / "m.net", *layers), kind)
    for finding in error.diagnostics:
        assert finding.message.startswith("m.net: layer ")
        assert finding.message.removeprefix("m.net: layer ").startswith(finding.node.removeprefix("layer"))
    return [(d.rule, d.node) for d in error.diagnostics], " | ".join(d.message for d in error.diagnostics)


def good():
    return net.source(2), net.dense([[2, 4]])


def test_missing_file_and_directory(tmp_path):
    assert "No such file" in fails(tmp_path / "none.net").message
    (tmp_path / "folder.net").mkdir()
    assert "directory" in fails(tmp_path / "folder.net").message


def test_a_git_lfs_pointer(tmp_path):
    path = tmp_path / "m.net"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n")
    error = fails(path)
    assert "Git LFS pointer" in error.message
    assert error.hint == "run: git lfs pull"


def test_other_files(tmp_path):
    path = tmp_path / "m.net"
    path.write_text("layers: none")
    assert "not an HDF5 file" in fails(path).message
    with h5py.File(path, "w") as file:
        file["x"] = np.ones(3)
    assert "no group 'layer'" in fails(path).message
    net.save(path)
    assert "no group 'layer'" in fails(path).message


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_truncated_file(tmp_path, share):
    path = net.save(tmp_path / "m.net", *good())
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert "damaged" in fails(path).message


def test_a_gap_in_the_numbers(tmp_path):
    path = net.save(tmp_path / "m.net", *good())
    with h5py.File(path, "a") as file:
        file.move("layer/1", "layer/3")
    assert "layer 1 is missing" in fails(path).message


@pytest.mark.parametrize("value", [0, -3, 2.5, "nine"])
def test_an_attribute_that_makes_no_sense(tmp_path, value):
    path = net.save(tmp_path / "m.net", *good(), attributes={"network.reset_interval": value})
    assert "attribute network.reset_interval" in fails(path).message


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.ones(2)])
def test_a_time_step_that_makes_no_sense(tmp_path, value):
    assert "simulation/Ts" in fails(net.save(tmp_path / "m.net", *good(), time_step=value)).message


def test_all_unknown_layers_at_once(tmp_path):
    kinds = ["pool", "convT", "unpool", "average", "concat", "attention"]
    layers = [net.source(2), *({"type": kind} for kind in kinds)]
    rules, text = findings(tmp_path, *layers)
    assert rules == [(UNKNOWN, f"layer{number + 1}") for number in range(len(kinds))]
    assert all(kind in text for kind in kinds)


def test_the_first_layers_of_a_file_that_ends_with_an_unknown_one(tmp_path):
    path = net.save(tmp_path / "m.net", *good(), {"type": "average"})
    fails(path, UnsupportedError)
    assert list(read_net(path, LoadOptions(num_layers=2)).populations) == ["layer1"]


@pytest.mark.parametrize(
    "field", ["shape", "weight", "neuron/type", "neuron/iDecay", "neuron/vDecay", "neuron/vThMant"]
)
def test_a_missing_field_of_a_dense_layer(tmp_path, field):
    rules, text = findings(tmp_path, net.source(2), net.dense([[2, 4]]) | {field: None}, kind=UsageError)
    assert rules == [(MISFIT, "layer1")]
    assert f"field {field} is missing" in text


@pytest.mark.parametrize("field", ["shape", "weight", "stride", "padding", "dilation", "groups"])
def test_a_missing_field_of_a_convolution(tmp_path, field):
    layer = net.conv((1, 2, 2), np.ones((1, 1, 2, 2))) | {field: None}
    rules, text = findings(tmp_path, net.source(1, 3, 3), layer, kind=UsageError)
    assert rules == [(MISFIT, "layer1")]
    assert f"field {field} is missing" in text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("shape", np.array([[1]])),
        ("shape", np.array([0])),
        ("shape", "four"),
        ("weight", np.ones((2, 2))),
        ("weight", np.ones((1, 3))),
        ("weight", np.array([[np.nan, 2]])),
        ("weight", "none"),
        ("bias", np.ones(2)),
        ("bias", np.array([np.inf])),
        ("delay", np.ones(3)),
        ("neuron/iDecay", np.ones(3)),
        ("neuron/vThMant", 2.5),
        ("neuron/type", 3),
    ],
)
def test_a_misshapen_field(tmp_path, field, value):
    rules, text = findings(tmp_path, net.source(2), net.dense([[2, 4]]) | {field: value}, kind=UsageError)
    assert rules == [(MISFIT, "layer1")]
    assert field in text


def test_mistakes_of_all_layers_and_parts_at_once(tmp_path):
    layers = [
        net.source(2) | net.cuba(vThMant=None),
        net.dense([[2, 4], [2, 4]], net.cuba(iDecay=None)) | {"weight": np.ones((2, 3))},
        net.dense([[2, 4]]) | {"shape": None},
    ]
    rules, text = findings(tmp_path, *layers, kind=UsageError)
    assert [node for _, node in rules] == ["layer0", "layer1", "layer2"]
    assert "neuron/vThMant" in text


def test_a_convolution_that_does_not_fit(tmp_path):
    layer = net.conv((1, 2, 2), np.ones((1, 1, 2, 2)))
    _, text = findings(tmp_path, net.source(1, 4, 4), layer, kind=UsageError)
    assert "gives [1, 3, 3]" in text
    _, text = findings(tmp_path, net.source(2, 3, 3), layer, kind=UsageError)
    assert "does not fit an input [2, 3, 3]" in text
    _, text = findings(tmp_path, layer, kind=UsageError)
    assert "field shape of an input layer is missing" in text
    _, text = findings(
        tmp_path, net.source(1, 3, 3), net.conv((1, 2, 2), np.ones((1, 1, 2, 2)), groups=0), kind=UsageError
    )
    assert "positive" in text


def test_a_dense_layer_after_a_convolution_needs_a_flatten_layer(tmp_path):
    layer = net.conv((2, 2, 2), np.ones((2, 1, 2, 2)))
    _, text = findings(tmp_path, net.source(1, 3, 3), layer, net.dense(np.ones((1, 8)) * 2), kind=UsageError)
    assert "no flatten layer" in text


def test_an_input_layer_stands_first(tmp_path):
    rules, text = findings(tmp_path, *good(), net.source(1), kind=UsageError)
    assert rules == [(MISFIT, "layer2")]
    assert "stands first" in text


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (net.dense([[2, 4]], net.cuba(type="ADRF")), "'ADRF'"),
        (net.dense([[2, 4]], net.resonator()), "take complex weights"),
        (net.complex_dense([[2, 4]], [[2, 4]], net.cuba()), "take real weights"),
        (net.complex_dense([[2, 4]], [[2, 4]], bias=np.ones(1)), "no bias"),
        (net.dense([[2, 4]], net.sdnn(sigma_output=True), bias=np.ones(1)), "no bias"),
        (net.dense([[2, 4]], {}, bias=np.ones(1)), "cannot have a bias"),
    ],
)
def test_neurons_and_synapses_that_do_not_go_together(tmp_path, layer, text):
    rules, found = findings(tmp_path, net.source(2), layer)
    assert rules == [("NT-NETX-002", "layer1")]
    assert text in found


def test_resonators_as_input_and_after_convolutions(tmp_path):
    rules, _ = findings(tmp_path, net.source(2) | net.resonator())
    assert rules == [("NT-NETX-002", "layer0")]
    layer = net.conv((1, 2, 2), np.ones((1, 1, 2, 2)), net.resonator())
    rules, _ = findings(tmp_path, net.source(1, 3, 3), layer)
    assert rules == [("NT-NETX-002", "layer1")]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"iDecay": 0}, "iDecay"),
        ({"iDecay": 4097}, "iDecay"),
        ({"vDecay": 4096}, "vDecay"),
        ({"vThMant": -1}, "vThMant"),
    ],
)
def test_parameters_without_a_register_value(tmp_path, changes, field):
    rules, text = findings(tmp_path, net.source(2), net.dense([[2, 4]], net.cuba(**changes)))
    assert rules == [("NT-NETX-004", "layer1")]
    assert f"neuron/{field} holds {changes[field]}" in text


def test_a_bias_without_a_register_value(tmp_path):
    rules, text = findings(tmp_path, net.source(2), net.dense([[2, 4]], bias=np.array([4096])))
    assert rules == [("NT-NETX-004", "layer1")]
    assert "-4096..4095" in text


@pytest.mark.parametrize("weight", [[[0.5, 2]], [[-2, 129]], [[256, 2]], [[-258, -2]]])
def test_weights_that_no_synapse_holds(tmp_path, weight):
    rules, text = findings(tmp_path, net.source(2), net.dense(weight))
    assert rules == [("NT-NETX-005", "layer1")]
    assert "field weight" in text or "of field weight" in text


def test_delays_that_have_no_place(tmp_path):
    layer = net.conv((1, 2, 2), np.ones((1, 1, 2, 2)), delay=np.ones(1))
    rules, _ = findings(tmp_path, net.source(1, 3, 3), layer)
    assert rules == [("NT-NETX-006", "layer1")]
    rules, _ = findings(tmp_path, net.source(2), net.dense([[2, 4]], delay=np.array([-1])))
    assert rules == [("NT-NETX-006", "layer1")]
    back = {"type": "dense_rec", "weight_rec": np.array([[2]]), "delay": np.array([[1, 2]])}
    rules, _ = findings(tmp_path, net.source(2), net.dense([[2, 4]]) | back)
    assert rules == [("NT-NETX-006", "layer1")]


def test_a_file_without_neurons(tmp_path):
    assert "no layer with neurons" in fails(net.save(tmp_path / "m.net", net.source(2), net.flatten())).message


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_no_field_with_any_content_gives_a_traceback(tmp_path, data):
    layers = [
        net.source(1, 3, 3, weight=np.array([1.0])) | net.cuba(),
        net.conv((2, 2, 2), np.ones((2, 1, 2, 2))),
        net.flatten(),
        net.dense(np.full((3, 8), 2), delay=np.ones(3), bias=np.ones(3)),
        net.complex_dense(np.full((2, 3), 2), np.full((2, 3), 4)),
    ]
    layer = data.draw(st.sampled_from(layers))
    field = data.draw(st.sampled_from(sorted(layer)))
    value = data.draw(st.sampled_from([None, -1, 0, 2.5, np.zeros((2, 2)), np.array([]), np.nan, 2**40, "text", True]))
    layer[field] = str(value) if field == "type" else value
    path = net.save(tmp_path / "m.net", *layers)
    try:
        assert read_net(path).populations
    except NeurotoolError as error:
        assert error.exit_code in (2, 3)
        assert "m.net" in error.message

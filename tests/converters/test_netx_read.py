"""NetX files to chip programs: every layer type, every neuron, with answers worked out by hand."""

from __future__ import annotations

import net_files as net
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from neurotool.converters.netx.neurons import rotation
from neurotool.converters.netx.options import LoadOptions
from neurotool.converters.netx.read import read_net
from neurotool.converters.netx.weights import mantissas, shift_of
from neurotool.ir.adapters import ProgramFormat, RunOptions
from neurotool.ir.program import Convolution, OutputKind, SignMode, Sparse
from neurotool.plugins import PROGRAM_FORMATS, TARGETS, load


def read(tmp_path, *layers, options=None, **more):
    return read_net(net.save(tmp_path / "n.net", *layers, **more), options)


def run(program, x, probes=()):
    """Run on one sample, ``[time, *shape]``."""
    return load(TARGETS, "loihi-reference").run_program(program, {"input": x[:, None]}, RunOptions(probes=probes))


def test_the_format_is_found_by_entry_point(tmp_path):
    form = load(PROGRAM_FORMATS, "netx")
    assert isinstance(form, ProgramFormat)
    path = net.save(tmp_path / f"n{form.suffix}", net.dense([[2, 4]]))
    assert list(form.read(path).populations) == ["layer0"]


def test_a_dense_layer_of_cuba_neurons(tmp_path):
    bias = np.array([3.0, -2.0])
    program = read(tmp_path, net.source(3), net.dense([[2, -4, 6], [8, 0, 2]], bias=bias), time_step=2)
    assert program.dt == 2e-3
    assert program.inputs["input"].shape == (3,)
    population = program.populations["layer1"]
    assert (population.model, population.shape, population.start) == ("lif", (2,), 1)
    found = {name: values.tolist() for name, values in population.parameters.items()}
    expected = {"du": [1023, 1023], "dv": [128, 128], "vth": [40, 40], "bias_mant": [3, -2], "bias_exp": [6, 6]}
    assert found == expected
    (projection,) = program.projections.values()
    assert np.array_equal(projection.weights >> -projection.weight_exp, [[2, -4, 6], [8, 0, 2]])
    assert program.outputs[0].population == "layer1"
    assert program.outputs[0].kind is OutputKind.SPIKES


@given(arrays.arrays(np.int64, (2, 3), elements=st.integers(-64, 63)), st.booleans())
def test_weights_keep_their_value_and_take_as_few_bits_as_they_can(weights, doubled):
    weights = weights * (1 + doubled)
    held = mantissas(weights, shift_of(weights))
    assert np.array_equal(held.mantissas, weights << -held.exponent)
    step = 1 << (8 - held.bits + (held.sign_mode is SignMode.MIXED))
    assert 1 <= held.bits <= 8
    assert not np.any(held.mantissas % step)
    assert np.any(held.mantissas % (2 * step)) or held.bits == 1


@pytest.mark.parametrize(
    ("weights", "shift", "bits", "mode"),
    [
        ([[-2, 0, 2]], 6, 2, SignMode.MIXED),  # ±128 and 0: sign and one bit
        ([[255, 1]], 0, 8, SignMode.EXCITATORY),
        ([[1, 3]], 6, 2, SignMode.EXCITATORY),
        ([[-128, 127]], 1, 8, SignMode.MIXED),
        ([[-3, -1]], 6, 2, SignMode.INHIBITORY),
        ([[0, -256]], 0, 1, SignMode.MIXED),
        ([[0, 0]], 0, 1, SignMode.EXCITATORY),
    ],
)
def test_exponent_and_width_of_weights(weights, shift, bits, mode):
    held = mantissas(np.array(weights), shift_of(np.array(weights)))
    assert (-held.exponent, held.bits, held.sign_mode) == (shift, bits, mode)


def test_a_convolution_keeps_the_order_of_channels_rows_and_columns(tmp_path):
    """One spike at channel 1, row 2, column 1 meets the kernel as torch's cross-correlation has it."""
    weight = np.arange(2 * 2 * 2 * 3).reshape(2, 2, 2, 3) - 10
    layer = net.conv((2, 3, 2), weight, net.cuba(iDecay=4096, vThMant=1000), bias=np.array([7, 0]))
    program = read(tmp_path, net.source(2, 4, 4), layer)
    projection = program.projections["layer1.weight"]
    assert projection.connectivity == Convolution()
    assert np.array_equal(projection.weights, weight)
    assert program.populations["layer1"].parameters["bias_mant"].tolist() == [7] * 6 + [0] * 6
    x = np.zeros((1, 2, 4, 4), np.bool_)
    x[0, 1, 2, 1] = True
    u = run(program, x, ("u",)).states["layer1"]["u"][0, 0] >> 6
    expected = np.zeros((2, 3, 2), int)
    for row in (1, 2):
        for column in (0, 1):
            expected[:, row, column] = weight[:, 1, 2 - row, 1 - column]
    assert np.array_equal(u, expected)


def test_geometry_is_rows_then_columns(tmp_path):
    pairs = {"stride": np.array([2, 1]), "padding": np.array([1, 0]), "dilation": np.array([1, 2])}
    layer = net.conv((2, 3, 1), np.ones((2, 1, 2, 2)), **pairs, groups=2)
    program = read(tmp_path, net.source(2, 4, 3), layer)
    connectivity = program.projections["layer1.weight"].connectivity
    assert connectivity == Convolution((2, 1), (1, 0), (1, 2), 2)


def test_flatten_goes_through_channels_then_rows_then_columns(tmp_path):
    weight = np.zeros((1, 12), int)
    weight[0, 7] = 2  # channel 1, row 0, column 1 of (2, 2, 3)
    program = read(tmp_path, net.source(2, 2, 3), net.flatten(), net.dense(weight, net.cuba(iDecay=4096)))
    x = np.zeros((1, 2, 2, 3), np.bool_)
    x[0, 1, 0, 1] = True
    assert run(program, x, ("u",)).states["layer2"]["u"].tolist() == [[[128]]]


def test_an_input_layer_is_driven_as_through_its_bias(tmp_path):
    """A frame b gives v[t] = decayed v[t-1] + (b << 6), whatever current decay the file names."""
    layer = net.source(1, 1, 2, weight=np.array([36.0]), bias=np.array([34.0]))
    program = read(tmp_path, layer | net.cuba(iDecay=7, vDecay=1024, vThMant=25))
    assert isinstance(program.projections["layer0.frame"].connectivity, Sparse)
    assert any("bias_mant, 36 * image + 34" in note for note in program.notes)
    trace = run(program, np.array([[[[10, -3]]], [[[12, -3]]], [[[30, 0]]]]), ("v",))
    # 640; 480 + 768; 936 + 1920 = 2856 > 25 << 6, so a spike; and -192; -144 - 192; -252.
    assert trace.states["layer0"]["v"][:, 0, 0, 0].tolist() == [[640, -192], [1248, -336], [0, -252]]
    assert trace.spikes["layer0"][:, 0, 0, 0].tolist() == [[False, False], [False, False], [True, False]]


def test_recurrent_layers_share_one_exponent(tmp_path):
    layer = net.dense([[2], [4]]) | {"type": "dense_rec", "weight_rec": np.array([[0, -64], [2, 0]])}
    program = read(tmp_path, net.source(1), layer)
    forward, back = program.projections["layer1.weight"], program.projections["layer1.weight_rec"]
    assert forward.weight_exp == back.weight_exp == -2
    assert (back.source, back.target) == ("layer1", "layer1")
    assert back.weights.tolist() == [[0, -256], [8, 0]]


@pytest.mark.parametrize(
    ("delay", "expected"),
    [
        (3, [[3, 3], [3, 3], [3, 3]]),
        (np.array([1.0, 0.0, 2.0]), [[1, 1], [0, 0], [2, 2]]),
        (np.array([4, 5]), [[4, 5], [4, 5], [4, 5]]),
        (np.array([[1, 2], [3, 4], [90, 6]]), [[1, 2], [3, 4], [62, 6]]),
    ],
)
def test_delays_for_all_for_each_neuron_input_or_synapse(tmp_path, delay, expected):
    program = read(tmp_path, net.source(2), net.dense(np.full((3, 2), 4), delay=delay))
    assert program.projections["layer1.weight"].delays.tolist() == expected
    assert any("clipped to 62" in note for note in program.notes) == bool(np.max(delay) > 62)


def test_no_delays_where_all_are_zero(tmp_path):
    program = read(tmp_path, net.dense([[2, 4]], delay=np.zeros(1)))
    assert program.projections["layer0.weight"].delays is None


def test_sigma_delta_neurons_begin_together(tmp_path):
    layers = [
        net.source(2) | net.sdnn(vThMant=3),
        net.dense([[2, 4], [6, -2]], net.sdnn(), bias=np.array([5, -6])),
        net.dense([[2, 2]], net.sdnn(sigma_output=True)),
    ]
    program = read(tmp_path, *layers, options=LoadOptions(spike_exp=4))
    assert [p.model for p in program.populations.values()] == ["delta", "sigma_delta", "sigma"]
    assert [p.start for p in program.populations.values()] == [1, 1, 1]
    assert program.projections["layer1.weight"].message_bits == 16
    found = {name: values.tolist() for name, values in program.populations["layer1"].parameters.items()}
    expected = {"vth": [4, 4], "bias": [5, -6], "relu": [1, 1], "cum_error": [0, 0]}
    assert found == expected | {"spike_exp": [4, 4], "state_exp": [6, 6]}


def test_resonators_hear_complex_weights(tmp_path):
    real, imag = np.array([[2, -4]]), np.array([[6, 8]])
    program = read(tmp_path, net.source(2), net.complex_dense(real, imag))
    assert program.populations["layer1"].model == "rf"
    ports = {p.port: p.weights >> -p.weight_exp for p in program.projections.values()}
    assert np.array_equal(ports["a_real"], real)
    assert np.array_equal(ports["a_imag"], imag)
    iz = read(tmp_path, net.complex_dense(real, imag, net.resonator(type="RF_IZHIKEVICH")) | {"type": "dense_comp"})
    assert iz.populations["layer0"].model == "rf_iz"
    assert any("cannot build it" in note for note in iz.notes)


def test_a_rotation_loses_at_most_the_unit_that_lava_dl_loses():
    angle = np.linspace(-3, 3, 601)
    sine, cosine = np.rint(3891 * np.sin(angle)).astype(int), np.rint(3891 * np.cos(angle)).astype(int)
    found = rotation(sine, cosine)
    for whole, kept in zip((sine, cosine), found, strict=True):
        assert np.all((kept == whole) | (kept == whole - np.sign(whole)))
    assert np.array_equal(rotation(np.array([0]), np.array([-4000]))[1], [-4000])


def test_parameters_of_each_channel_or_neuron(tmp_path):
    per_neuron = np.arange(1, 13).reshape(3, 2, 2)  # (columns, rows, channels), as Lava has it
    layer = net.conv((2, 2, 3), np.ones((2, 2, 1, 1)), net.cuba(vDecay=np.array([5, 9]), iDecay=per_neuron))
    found = read(tmp_path, net.source(2, 2, 3), layer).populations["layer1"].parameters
    assert found["dv"].tolist() == [5] * 6 + [9] * 6
    assert np.array_equal(found["du"].reshape(2, 2, 3), per_neuron.transpose() - 1)


def test_a_layer_without_neurons_integrates(tmp_path):
    layer = {k: v for k, v in net.dense([[64, -32]]).items() if not k.startswith("neuron")}
    program = read(tmp_path, net.source(2), layer)
    assert program.outputs[0].kind is OutputKind.MEMBRANE
    trace = run(program, np.array([[True, False], [True, True], [False, True]]))
    # 64 << 6 is 1.0 of SLAYER.
    assert trace.outputs["layer1"].reshape(-1).tolist() == [1.0, 1.5, 1.0]


def test_a_threshold_out_of_reach_makes_a_read_out(tmp_path):
    program = read(tmp_path, net.dense([[2]], net.cuba(vThMant=(1 << 18) - 1)))
    assert program.outputs[0].kind is OutputKind.MEMBRANE
    assert program.populations["layer0"].parameters["vth"].tolist() == [131071]


def test_resets_come_in_the_same_row_of_every_layer(tmp_path):
    options = LoadOptions(reset_interval=5, reset_offset=7)
    program = read(tmp_path, net.source(1), net.dense([[2]]), net.dense([[2]]), options=options)
    for number, population in enumerate(program.populations.values()):
        assert (population.model, population.start) == ("lif_reset", number + 1)
        assert population.parameters["reset_interval"].tolist() == [5]
        assert population.parameters["reset_offset"].tolist() == [2]


def test_layers_that_begin_together_are_reset_one_after_the_other(tmp_path):
    options = LoadOptions(reset_interval=5, together=True)
    program = read(tmp_path, net.source(1) | net.cuba(), net.dense([[2]]), options=options)
    assert [p.start for p in program.populations.values()] == [1, 1]
    assert [p.parameters["reset_offset"].tolist() for p in program.populations.values()] == [[0], [1]]


def test_part_of_a_file(tmp_path):
    layers = [
        net.source(2, 3, 3),
        net.conv((2, 2, 2), np.ones((2, 2, 2, 2)) * 3),
        net.flatten(),
        net.dense(np.ones((1, 8))),
    ]
    first = read(tmp_path, *layers, options=LoadOptions(num_layers=3))
    assert list(first.populations) == ["layer1"]
    rest = read(tmp_path, *layers, options=LoadOptions(skip_layers=2))
    assert list(rest.populations) == ["layer3"]
    assert rest.inputs["input"].shape == (2, 2, 2)


def test_an_input_that_the_file_does_not_describe(tmp_path):
    assert read(tmp_path, net.dense([[2, 4, 6]])).inputs["input"].shape == (3,)
    layer = net.conv((1, 2, 2), np.ones((1, 1, 2, 2)))
    program = read(tmp_path, layer, options=LoadOptions(input_shape=(1, 3, 3), input_message_bits=8))
    assert program.inputs["input"].message_bits == program.projections["layer0.weight"].message_bits == 8


def test_what_lava_dl_does_otherwise_stands_in_the_notes(tmp_path):
    neuron = net.cuba(refDelay=3, gradedSpike=True, weight_exp=2)
    notes = read(tmp_path, net.source(1), net.dense([[-4]], neuron, bias=np.array([1.5]))).notes
    for text in (
        "refDelay is 3",
        "gradedSpike is True",
        "weight_exp is 2",
        "1 of 1 values of bias",
        "-4 as its smallest",
    ):
        assert any(text in note for note in notes), text
    assert all(note.endswith(".") for note in notes)

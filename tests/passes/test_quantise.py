"""Quantisation: integers that Lava holds, scales that keep states in range, and the meaning of the float graph."""

import numpy as np
import pytest
from float_graphs import chain, lif, linear, readout, sink, source
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from neurotool.errors import UnsupportedError
from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import InputPort, OutputKind, SignMode
from neurotool.neurons import LIF, NEVER_FIRES
from neurotool.passes.quantise import quantise
from neurotool.passes.quantise.choice import STATE_LIMIT
from neurotool.passes.quantise.integers import bias as split_bias
from neurotool.plugins import TARGETS, load
from neurotool.synapses import hardware_weights

PORT = {"x": InputPort("x", (2,))}


def run(program, spikes, probes=()):
    return load(TARGETS, "loihi").run_program(program, {"x": spikes}, RunOptions(probes=probes, strict=True))


def one_layer(weight, bias=None, **neuron):
    weight = np.array(weight, np.float32)
    return chain(
        source(shape=(weight.shape[1],)), linear("fc", weight, bias), lif("lif", len(weight), **neuron),
        sink("y", (len(weight),)),
    )  # fmt: skip


def test_a_layer_worked_out_by_hand():
    # Gain kv * r = 0.5, so effective weights are 0.5 and -0.25. The largest reaches mantissa 254 at lambda = 254 / 0.5
    # * 2^e. The worst case is a rise to threshold + 0.5 = 1.5: 64 * lambda * 1.5 <= 8388544 holds up to e = 7.
    made = quantise(one_layer([[1.0, -0.5]], kv=0.5), PORT)
    weights, population = made.program.projections["fc"], made.program.populations["lif"]
    assert weights.weights.tolist() == [[254, -128]]  # -127 rounds to an even number
    assert weights.weight_exp == 7
    activation = 254 * 2**7 / 0.5
    assert population.scale == 64 * activation
    assert {k: v.tolist() for k, v in population.parameters.items()} == {
        "du": [4095], "dv": [2048], "vth": [round(activation)], "bias_mant": [0], "bias_exp": [0],
    }  # fmt: skip
    assert population.start == 1
    assert made.records[0].basis == "proven"


def test_unfiltered_bias_goes_to_the_membrane_and_filtered_bias_to_an_axon():
    direct = quantise(one_layer([[1.0, 1.0]], [0.5], kv=0.5), PORT).program
    assert list(direct.populations) == ["lif"]
    p = direct.populations["lif"]
    held = p.parameters["bias_mant"] * 2.0 ** p.parameters["bias_exp"] / p.scale
    assert held == pytest.approx([0.25], rel=2e-4)
    filtered = quantise(one_layer([[1.0, 1.0]], [0.5], ku=0.2, kv=0.5), PORT).program
    assert list(filtered.populations) == ["lif.bias", "lif"]
    assert filtered.populations["lif.bias"].start == 0
    assert filtered.projections["lif.bias_weights"].weights.shape == (1, 1)


def test_a_bias_axon_fires_in_every_step():
    program = quantise(one_layer([[1.0, 1.0]], [0.5], ku=0.2), PORT).program
    assert run(program, np.zeros((7, 2, 2), bool)).spikes["lif.bias"].all()


def test_an_excitatory_matrix_keeps_its_eighth_bit():
    made = quantise(one_layer([[1.0, 0.25]]), PORT).program.projections["fc"]
    assert (made.sign_mode, made.weights.tolist()) == (SignMode.EXCITATORY, [[255, 64]])


def test_a_readout_never_fires_and_its_output_is_in_float_units():
    model = chain(source(), linear("fc", [[1.0, -1.0]]), readout("li", 1, kv=0.5), sink("y", (1,)))
    program = quantise(model, PORT).program
    assert program.outputs[0].kind is OutputKind.MEMBRANE
    assert program.populations["li"].parameters["vth"].tolist() == [NEVER_FIRES]
    spikes = np.zeros((3, 1, 2), bool)
    spikes[:2, 0, 0] = True
    trace = run(program, spikes)
    np.testing.assert_allclose(trace.outputs["li"].reshape(-1), [0.5, 0.75, 0.375], rtol=1e-4)
    assert not trace.spikes["li"].any()


def test_a_graded_input_scales_its_weights():
    port = {"x": InputPort("x", (2,), message_bits=8, scale=0.25)}
    made = quantise(one_layer([[1.0, 1.0]], kv=0.5), port).program
    projection = made.projections["fc"]
    assert projection.message_bits == 8
    meant = projection.weights * 2.0**projection.weight_exp * 64 / made.populations["lif"].scale
    np.testing.assert_allclose(meant, [[0.125, 0.125]], rtol=1e-3)


def test_the_weight_of_a_graded_input_keeps_fractions_though_a_neuron_hears_one_synapse_only():
    port = {"x": InputPort("x", (2,), message_bits=13, scale=1 / 4095)}
    made = quantise(one_layer([[0.7, 0.0], [0.0, 0.3]], kv=0.5), port)
    projection = made.program.projections["fc"]
    # One unit of the payload is 0.7/4095 of the threshold: at exponent 0 the weight would have about four bits.
    assert projection.weight_exp < 0
    assert np.abs(projection.weights).max() > 64
    (rounding,) = (r for r in made.records[0].roundings if r.parameter == "weights of fc")
    assert rounding.error / rounding.span < 1 / 100


def test_all_refusals_come_at_once():
    model = chain(
        source(), linear("a", np.eye(2)), lif("l1", 2, threshold=0.0), linear("b", np.eye(2)),
        lif("l2", 2, initial=0.5), linear("c", np.eye(2)), readout("li", 2, leaky=False), sink("y", (2,)),
    )  # fmt: skip
    with pytest.raises(UnsupportedError) as caught:
        quantise(model, PORT)
    assert [(d.rule, d.node) for d in caught.value.diagnostics] == [
        ("NT-QUANT-001", "l1"), ("NT-QUANT-003", "l2"), ("NT-QUANT-004", "li"),
    ]  # fmt: skip


def test_an_integrator_is_not_proven_but_calibrated():
    made = quantise(one_layer([[1.0, -1.0]], leaky=False, r=1.0), PORT, {"lif": {"u": 1.0, "v": 3.0}})
    assert made.records[0].basis == "calibrated"
    assert [d.rule for d in made.diagnostics] == ["NT-QUANT-005"]
    assert made.program.populations["lif"].scale * 3.0 * 1.25 <= STATE_LIMIT  # |v| with its headroom
    assert made.program.populations["lif"].scale * 1.0 * 2.0 <= STATE_LIMIT  # |u|


@given(values=st.lists(st.floats(-524160.0, 524160.0), min_size=1, max_size=6))
def test_split_biases_fit_their_registers_and_round_to_the_nearest(values):
    wanted = np.array(values)
    mantissa, exponent = split_bias(wanted)
    assert np.abs(mantissa).max() <= 4095
    assert (exponent >= 0).all() and (exponent <= 7).all()
    assert (np.abs(mantissa * 2.0**exponent - wanted) <= 2.0**exponent / 2 + 0.5).all()


@st.composite
def layers(draw):
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    n = draw(st.integers(1, 12))
    weight = rng.normal(size=(n, 6)) * 10.0 ** draw(st.integers(-3, 3))
    if draw(st.booleans()):
        weight = np.abs(weight)
    bias = rng.normal(size=n) * np.abs(weight).max() * 0.2 if draw(st.booleans()) else None
    neuron = {
        "ku": draw(st.sampled_from([1.0, 0.5, 0.1])),
        "kv": draw(st.floats(0.01, 1.0)),
        "threshold": float(np.abs(weight).max() * draw(st.floats(0.1, 2.0))) + 0.1 * np.abs(weight).max(),
        "reset": draw(st.sampled_from([0.0, -0.2])) * float(np.abs(weight).max()),
    }
    return one_layer(weight, bias, **neuron), rng


@settings(deadline=None, max_examples=60)
@given(layers(), st.integers(2, 8))
def test_integers_are_legal_proven_ranges_hold_and_roundings_are_what_the_records_say(made, bits):
    model, rng = made
    result = quantise(model, {"x": InputPort("x", (6,))}, weight_bits=bits)
    projection = result.program.projections["fc"]
    assert hardware_weights(projection).tolist() == projection.weights.tolist(), "Lava would change the weights"
    for parameter in LIF.parameters:
        values = result.program.populations["lif"].parameters[parameter.name]
        assert parameter.low <= values.min() and values.max() <= parameter.high
    record = result.records[0]
    assert record.basis == "proven" and 0.0 < record.peak <= 1.0
    # Strict mode raises if any state leaves 24 bits: the proof must hold for full and for random input.
    run(result.program, np.ones((30, 1, 6), bool))
    run(result.program, rng.random((30, 3, 6)) < 0.5)


@settings(deadline=None, max_examples=40)
@given(layers())
def test_integer_states_follow_the_float_update(made):
    model, rng = made
    program = quantise(model, {"x": InputPort("x", (6,))}).program
    spikes = rng.random((12, 4, 6)) < 0.5
    trace = run(program, spikes, probes=("v",))
    update = model.nodes["lif"].update
    op = model.nodes["fc"].op
    u = v = np.zeros((4, update.shape[0]))
    v = v + update.initial
    for t in range(12):
        x = spikes[t] @ op.weight.T.astype(float) + getattr(op, "bias", 0.0)
        u = (1 - update.current_decay) * u + x
        v = v + update.membrane_decay * ((update.leak - v) + u)
        held = trace.states["lif"]["v"][t] / program.populations["lif"].scale + update.reset
        scale = np.abs(op.weight).max() * 6 / update.current_decay.min()
        quiet = ~trace.spikes["lif"][t] & (v <= update.threshold)
        # Until the first spike the two differ by weight rounding (1/254 per weight), decays and truncation only.
        np.testing.assert_allclose(held[quiet], v[quiet], atol=0.03 * scale)
        if trace.spikes["lif"][t].any() or (v > update.threshold).any():
            break


def test_rounding_up_does_not_carry_a_readout_over_the_threshold():
    """4000 weights just above the middle between two mantissas all round up, by a tenth of the whole sum."""
    weight = np.full((1, 4000), 0.51 / 255)
    weight[0, 0] = 1.0
    model = chain(source(shape=(4000,)), linear("fc", weight), readout("li", 1, kv=0.1, ku=0.2), sink("y", (1,)))
    made = quantise(model, {"x": InputPort("x", (4000,))})
    trace = run(made.program, np.ones((150, 1, 4000), bool), probes=("v",))
    assert not trace.spikes["li"].any()
    assert made.records[0].basis == "proven"
    assert 0.5 < trace.states["li"]["v"].max() / STATE_LIMIT <= made.records[0].peak <= 1.0


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10_000), kv=st.floats(0.005, 1.0), ku=st.floats(0.02, 1.0), bits=st.integers(2, 8),
    payload_bits=st.sampled_from([0, 4, 8]), leak=st.sampled_from([0.0, 0.3]),
)  # fmt: skip
def test_no_input_drives_a_readout_out_of_its_proven_range(seed, kv, ku, bits, payload_bits, leak):
    rng = np.random.default_rng(seed)
    weight = rng.normal(size=(3, 40)) ** 3
    model = chain(
        source(shape=(40,)), linear("fc", weight, rng.normal(size=3)), readout("li", 3, kv=kv, ku=ku, leak=leak),
        sink("y", (3,)),
    )  # fmt: skip
    port = InputPort("x", (40,), payload_bits, 0.1 if payload_bits else 1.0)
    try:
        program = quantise(model, {"x": port}, weight_bits=bits).program
    except UnsupportedError:
        reject()  # a leak this slow has no scale at all
    # One sample per neuron and direction, each pushing that neuron as hard as the port allows, for ever.
    held = program.projections["fc"].weights
    push = np.concatenate([held, -held])
    steady = np.sign(push) * (port.peak - 1) if payload_bits else push > 0
    x = np.repeat(steady[None].astype(np.int32 if payload_bits else bool), 400, axis=0)
    trace = run(program, x)  # strict: raises if a state leaves 24 bits
    assert not trace.spikes["li"].any()


def test_one_bit_for_both_signs_is_refused():
    with pytest.raises(UnsupportedError) as caught:
        quantise(one_layer([[1.0, -1.0]]), PORT, weight_bits=1)
    assert [d.rule for d in caught.value.diagnostics] == ["NT-QUANT-010"]
    quantise(one_layer([[1.0, 0.5]]), PORT, weight_bits=1)

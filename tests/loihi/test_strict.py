"""Strict mode refuses what Lava simulates and a chip could not hold; without it the run follows Lava."""

import numpy as np
import pytest

from neurotool.errors import NegativeAnswerError, UnsupportedError
from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import ChipProgram, Convolution, InputPort, Population, Projection
from neurotool.plugins import TARGETS, load

LIF = {"du": 4095, "dv": 0, "vth": 131071, "bias_mant": 0, "bias_exp": 0}


def program(port: InputPort, shape, weights, **kwargs) -> ChipProgram:
    n = int(np.prod(shape))
    target = Population("p", "lif", shape, {k: np.full(n, v, np.int64) for k, v in LIF.items()}, 1, scale=64.0)
    projection = Projection("w", "x", "p", np.array(weights, np.int64), message_bits=port.message_bits, **kwargs)
    return ChipProgram(1e-3, {"x": port}, {"p": target}, {"w": projection}, ())


def run(made: ChipProgram, x, *, strict: bool):
    raster = np.asarray(x).reshape(len(x), 1, *made.inputs["x"].shape)
    return load(TARGETS, "loihi-reference").run_program(made, {"x": raster}, RunOptions(probes=("u",), strict=strict))


def refusals(made: ChipProgram, x) -> list[tuple[str, str, str]]:
    run(made, x, strict=False)
    with pytest.raises((UnsupportedError, NegativeAnswerError)) as error:
        run(made, x, strict=True)
    return [(d.rule, d.found, d.limit) for d in error.value.diagnostics]


IMAGE = InputPort("x", (1, 1, 3))


def test_a_convolution_holds_only_what_a_chip_does():
    odd = program(IMAGE, (1, 1, 2), [[[[1, 2]]]], connectivity=Convolution())
    assert refusals(odd, [[1, 0, 0]]) == [("NT-PROG-006", "1", "multiples of 2 in -256..254")]
    scaled = program(IMAGE, (1, 1, 2), [[[[4, 2]]]], connectivity=Convolution(), weight_exp=3)
    assert refusals(scaled, [[1, 0, 0]]) == [("NT-PROG-007", "3", "0")]
    # Without strict mode the exponent is ignored, as Lava does: 4 << 6 and not 4 << 9.
    assert run(scaled, [[1, 0, 0]], strict=False).states["p"]["u"].ravel().tolist() == [256, 0]


def test_the_longest_delay_of_a_chip():
    for delay, found in ((62, []), (63, [("NT-PROG-008", "63", "0..62")])):
        made = program(InputPort("x", (1,)), (1,), [[2]], delays=np.array([[delay]]))
        assert (refusals(made, [[1]]) if found else run(made, [[1]], strict=True) and []) == found


def test_payloads_wider_than_their_messages_and_sums_that_wrap():
    port = InputPort("x", (1, 1, 2), message_bits=24)
    made = program(port, (1, 1, 1), [[[[256 - 2, 256 - 2]]]], connectivity=Convolution())
    wide = 33026
    assert refusals(made, [[wide, wide]]) == [("NT-PROG-010", str(508 * wide), str((1 << 23) - 1))]
    # 508 * 33026 = 2^24 - 8 wraps at 24 bits to -8, which the neuron shifts by six bits.
    assert run(made, [[wide, wide]], strict=False).states["p"]["u"].ravel().tolist() == [-8 << 6]


def test_payloads_of_populations_are_checked_against_the_projection_that_carries_them():
    vector = Population("g", "graded_vec", (1,), {"vth": np.zeros(1, np.int64)}, 1, scale=1.0)
    lif = Population("p", "lif", (1,), {k: np.full(1, v, np.int64) for k, v in LIF.items()}, 2, scale=64.0)
    made = ChipProgram(
        1e-3,
        {"x": InputPort("x", (1,), message_bits=8)},
        {"g": vector, "p": lif},
        {
            "in": Projection("in", "x", "g", np.array([[2]]), message_bits=8),
            "out": Projection("out", "g", "p", np.array([[2]]), message_bits=8),
        },
        (),
    )
    assert refusals(made, [[100]]) == [("NT-PROG-009", "200", "128")]
    run(made, [[64]], strict=True)


@pytest.mark.parametrize(
    ("model", "parameters", "port", "payload", "said"),
    [
        ("prod_neuron", {"vth": 0, "exp": 9}, "a1", 1 << 22, "a1 = 8388608 does not fit 24 bits (limit ±8388607)"),
        ("prod_neuron", {"vth": 0, "exp": 9}, "both", 1 << 15, "a1 * a2 = 4294967296 does not fit 32 bits"),
        ("inv_sqrt", {}, "a", -2, "a = -4 does not fit 24 bits (limit 0..8388607)"),
    ],
)
@pytest.mark.parametrize("target", ["loihi", "loihi-reference", "loihi-torch"])
def test_what_does_not_fit_is_named_with_its_width(target, model, parameters, port, payload, said):
    ports = ("a1", "a2") if port == "both" else (port,)
    made = ChipProgram(
        1e-3,
        {"x": InputPort("x", (1,), message_bits=24)},
        {"p": Population("p", model, (1,), {k: np.array([v]) for k, v in parameters.items()}, 1, scale=1.0)},
        {p: Projection(p, "x", "p", np.array([[2]]), message_bits=24, port=p) for p in ports},
        (),
    )
    x = {"x": np.array([0, 1, payload]).reshape(3, 1, 1)}
    with pytest.raises(NegativeAnswerError) as error:
        load(TARGETS, target).run_program(made, x, RunOptions(strict=True))
    assert f"population 'p', neuron 0, sample 0, step 2: {said}" in error.value.message

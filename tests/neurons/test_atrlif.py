"""The adaptive neuron: numbers worked out by hand from Lava's definition."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from neuron_runs import run

from neurotool.neurons import ATRLIF, LIF, NEVER_FIRES, RangeError

SILENT = {"bias_mant": 0, "bias_exp": 0}
PLAIN = SILENT | {"delta_i": 4095, "delta_v": 0, "delta_theta": 0, "delta_r": 0, "theta_0": 2, "theta_step": 0}


def test_a_spike_raises_threshold_and_refractory_state_and_leaves_the_potential():
    # Half of i, v and theta's excess is lost in a step, a quarter of r. theta_0 is 1 << 6 = 64, theta_step 128.
    # row 0: i = 2 * 64 = 128 = v; 128 - 0 >= 64 spikes; r = 2 * 64, theta = 64 + 128.
    # row 1: i = 64 + 256; v = 64 + 320; theta = 128/2 + 64 = 128, r = 96; 288 >= 128; r = 96 + 256, theta = 128 + 128.
    # row 2: i = 160; v = 192 + 160; theta = 192/2 + 64 = 160; r = 352 * 3/4 = 264; 88 < 160.
    # row 3: i = 80; v = 176 + 80; theta = 96/2 + 64; r = 198; 58 < 112.
    halves = SILENT | {"delta_i": 2047, "delta_v": 2048, "delta_theta": 2048, "delta_r": 1024}
    sent, states = run(ATRLIF, halves | {"theta_0": 1, "theta_step": 2}, [2, 4, 0, 0])
    assert sent == [1, 1, 0, 0]
    assert states == {
        "i": [128, 320, 160, 80],
        "v": [128, 384, 352, 256],
        "theta": [192, 256, 160, 112],
        "r": [128, 352, 264, 198],
    }


def test_the_threshold_counts_as_reached_when_equal():
    assert run(ATRLIF, PLAIN, [2])[0] == [1]  # 2 * 64 = 128 = 2 << 6
    assert run(ATRLIF, PLAIN | {"bias_mant": -1}, [2])[0] == [0]


def test_the_threshold_begins_at_rest():
    _, states = run(ATRLIF, PLAIN | {"delta_theta": 4096}, [0])
    assert states["theta"] == [128]


def test_a_threshold_below_rest_is_rounded_towards_rest():
    # The excess -5 becomes -2.5, rounded to -2.
    _, states = run(ATRLIF, PLAIN | {"delta_theta": 2048}, [0], state={"theta": 123})
    assert states["theta"] == [126]


def test_the_largest_current_decay_turns_a_4096th_around():
    # 4096 * (4096 - 4097) / 4096 = -1; one less than the largest decay leaves nothing.
    assert run(ATRLIF, PLAIN | {"delta_i": 4096}, [64, 0])[1]["i"] == [4096, -1]
    assert run(ATRLIF, PLAIN | {"delta_i": 4095}, [64, 0])[1]["i"] == [4096, 0]


@settings(deadline=None)
@given(
    du=st.integers(0, 4095),
    dv=st.integers(0, 4095),
    mant=st.integers(-4096, 4095),
    exp=st.integers(0, 7),
    arriving=st.lists(st.integers(-(1 << 31), (1 << 31) - 1) | st.integers(-9999, 9999), min_size=1, max_size=9),
)
def test_current_and_potential_are_those_of_a_lif_that_does_not_reset(du, dv, mant, exp, arriving):
    bias = {"bias_mant": mant, "bias_exp": exp}
    _, states = run(ATRLIF, PLAIN | bias | {"delta_i": du, "delta_v": dv}, arriving)
    u = v = 0
    for row, a in enumerate(arriving):
        # From a potential that LIF itself reset, the next step would differ; so each step begins with ours.
        sent, lif = run(LIF, bias | {"du": du, "dv": dv, "vth": NEVER_FIRES}, [a], state={"u": u, "v": v})
        u, v = states["i"][row], states["v"][row]
        assert lif["u"] == [u]
        assert sent == [1] or lif["v"] == [v]


@settings(deadline=None)
@given(st.data())
def test_threshold_and_refractory_state_never_fall_below_rest(data):
    parameters = {p.name: data.draw(st.integers(p.low, p.high)) for p in ATRLIF.parameters}
    arriving = data.draw(st.lists(st.integers(-3000, 3000), min_size=1, max_size=12))
    _, states = run(ATRLIF, parameters, arriving)
    assert min(states["theta"]) >= parameters["theta_0"] << 6
    assert min(states["r"]) >= 0


@pytest.mark.parametrize(
    ("name", "parameters", "arriving"),
    [
        ("i = 8388608", {}, [1 << 17]),
        ("v = 8388608", {"theta_0": NEVER_FIRES}, [1 << 16, 1 << 16]),
        ("theta = 8388672", {"theta_step": NEVER_FIRES}, [2]),  # 128 + 131071 * 64
        ("r = 8388608", {"theta_0": 1 << 16}, [1 << 16]),  # v = theta = 2^22, and r = 2 theta
    ],
)
def test_strict_mode_refuses_states_beyond_24_bits(name, parameters, arriving):
    run(ATRLIF, PLAIN | parameters, arriving)
    with pytest.raises(RangeError, match=name):
        run(ATRLIF, PLAIN | parameters, arriving, strict=True)

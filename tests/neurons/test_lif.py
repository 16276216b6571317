"""The readable LIF step against numbers worked out by hand from Lava's definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurotool.neurons import LIF, RangeError
from neurotool.neurons.lif import wrap_current

M = 1 << 23


def params(**values: int) -> dict[str, np.ndarray]:
    defaults = {"du": 4095, "dv": 0, "vth": 10, "bias_mant": 0, "bias_exp": 0}
    return {k: np.array([v], np.int64) for k, v in (defaults | values).items()}


def state(u: int = 0, v: int = 0) -> dict[str, np.ndarray]:
    return {"u": np.array([[u]], np.int64), "v": np.array([[v]], np.int64)}


def step(p: dict[str, np.ndarray], s: dict[str, np.ndarray], a: int = 0, strict: bool = False):
    new, spikes = LIF.step(p, s, {"a": np.array([[a]], np.int64)}, row=0, strict=strict)
    return int(new["u"][0, 0]), int(new["v"][0, 0]), bool(spikes[0, 0])


def test_activation_is_aligned_by_six_bits_and_integrates():
    assert step(params(), state(v=100), a=3) == (192, 292, False)


def test_threshold_is_strict_and_resets_the_membrane_only():
    assert step(params(), state(v=0), a=10) == (640, 640, False)
    assert step(params(), state(v=1), a=10) == (640, 0, True)


def test_zero_current_decay_still_loses_one_part_in_4096_and_rounds_towards_zero():
    assert step(params(du=0), state(u=4096))[0] == 4095
    assert step(params(du=0), state(u=4095))[0] == 4094
    assert step(params(du=0), state(u=1))[0] == 0
    assert step(params(du=0), state(u=-4096))[0] == -4095
    assert step(params(du=0), state(u=-1))[0] == 0


def test_membrane_decay_rounds_towards_zero_and_zero_decay_is_exact():
    assert step(params(dv=1), state(v=-5))[1] == -4
    assert step(params(dv=0), state(v=-5))[1] == -5


def test_bias_is_mantissa_times_power_of_two():
    assert step(params(bias_mant=-3, bias_exp=5), state())[1] == -96


def test_current_wraps_once_and_the_edge_goes_to_plus_two_to_the_23():
    assert wrap_current(np.array([M, M + 1, -M, -M - 1, 3 * M])).tolist() == [M, -M + 1, M, M - 1, M]


def test_shifted_activation_wraps_at_32_bits():
    assert step(params(), state(), a=1 << 25)[0] == -(1 << 31) + (1 << 24)


def test_membrane_saturates():
    assert step(params(vth=131071), state(v=-M + 10), a=-100)[1] == -(M - 1)


def test_strict_mode_names_the_value_that_does_not_fit():
    with pytest.raises(RangeError, match="u = 8388608 exceeds") as caught:
        step(params(), state(), a=1 << 17, strict=True)
    assert (caught.value.variable, caught.value.index) == ("u", (0, 0))
    with pytest.raises(RangeError, match="v = "):
        step(params(vth=131071), state(v=M - 10), a=100, strict=True)


@given(
    u=st.integers(-(M - 1), M - 1),
    v=st.integers(-(M - 1), M - 1),
    a=st.integers(-(1 << 16), 1 << 16),
    du=st.integers(0, 4095),
    dv=st.integers(0, 4095),
    vth=st.integers(0, 131071),
    mant=st.integers(-4096, 4095),
    exp=st.integers(0, 7),
)
def test_states_stay_in_24_bits_and_a_spike_leaves_zero(u, v, a, du, dv, vth, mant, exp):
    new_u, new_v, spike = step(params(du=du, dv=dv, vth=vth, bias_mant=mant, bias_exp=exp), state(u, v), a)
    assert -M < new_u <= M
    assert -M < new_v < M
    assert new_v == 0 if spike else new_v <= vth << 6

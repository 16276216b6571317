"""Dense synapses against numbers worked out by hand from Lava's definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurotool.ir.program import Projection, SignMode
from neurotool.ir.registers import weight_range, weight_step
from neurotool.synapses import hardware_weights
from neurotool.synapses.dense import accumulate
from neurotool.synapses.precision import shifted


def projection(weights, exp=0, bits=8, mode=SignMode.MIXED, message_bits=0) -> Projection:
    return Projection("w", "a", "b", np.array(weights, np.int64), exp, bits, mode, message_bits)


def deliver(p: Projection, messages) -> np.ndarray:
    return shifted(accumulate(hardware_weights(p), messages, graded=p.message_bits > 0), p)


def test_mixed_weights_lose_their_lowest_bit_downwards():
    held = hardware_weights(projection([[1, -1, 127, -129, 300, -300]]))
    assert held.tolist() == [[0, -2, 126, -130, 254, -256]]


def test_one_sided_weights_keep_all_bits_and_clip_the_other_sign():
    assert hardware_weights(projection([[1, 255, 300, -4]], mode=SignMode.EXCITATORY)).tolist() == [[1, 255, 255, 0]]
    assert hardware_weights(projection([[-1, -255, 4]], mode=SignMode.INHIBITORY)).tolist() == [[-1, -255, 0]]


def test_fewer_bits_round_mixed_down_and_one_sided_towards_zero():
    assert hardware_weights(projection([[33, -33]], bits=4)).tolist() == [[32, -64]]
    assert hardware_weights(projection([[17]], bits=4, mode=SignMode.EXCITATORY)).tolist() == [[16]]
    assert hardware_weights(projection([[-17]], bits=4, mode=SignMode.INHIBITORY)).tolist() == [[-16]]


def test_negative_exponents_floor_the_sum():
    p = projection([[-10, 0], [4, 6]], exp=-2)
    assert deliver(p, np.array([[True, True]])).tolist() == [[-3, 2]]


def test_binary_synapses_ignore_the_payload_and_graded_ones_weigh_it():
    spikes = np.array([[3, -2]])
    binary, graded = projection([[10, 20]]), projection([[10, 20]], message_bits=8)
    assert deliver(binary, spikes).tolist() == [[30]]
    assert deliver(graded, spikes).tolist() == [[-10]]


def test_graded_sums_wrap_at_32_bits():
    p = projection([[254]], message_bits=24, exp=7)
    assert deliver(p, np.array([[1 << 23]])).item() == -(1 << 31)  # 254 * 2^30 modulo 2^32


@pytest.mark.parametrize("mode", list(SignMode))
@given(bits=st.integers(1, 8), data=st.data())
def test_multiples_of_the_step_within_range_are_held_exactly(mode, bits, data):
    low, high = weight_range(bits, mode)
    step = weight_step(bits, mode)
    values = data.draw(st.lists(st.integers(low // step, high // step), min_size=1, max_size=8))
    weights = np.array([values]) * step
    held = hardware_weights(projection(weights, bits=bits, mode=mode))
    assert held.tolist() == weights.tolist()

"""Synapses of the fast path: the arithmetic they choose, sums at the edges, what they count, and what is kept."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
import random_programs
from fast_runs import Ways, assert_equal, fast, many, reference
from hypothesis import given
from hypothesis import strategies as st

from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import ChipProgram, Convolution, InputPort, Population, Projection
from neurotool.synapses import hardware_weights
from neurotool.synapses.expand import expand
from neurotool.targets.loihi.fast import simulate_fast
from neurotool.targets.loihi.synapses import Arithmetic, dense, prepared
from neurotool.targets.loihi.synapses.protocol import Summing
from neurotool.targets.loihi.workers import Workers

NARROW = {"du": 4095, "dv": 4095, "vth": 131071, "bias_mant": 0, "bias_exp": 0}
BINARY, GRADED, DELAYED = Summing(0, False, False), Summing(0, True, True), Summing(0, True, False)


def one_way(port: InputPort, target: tuple[int, ...], projection: Projection) -> ChipProgram:
    """From x to p and nowhere else."""
    size = int(np.prod(target))
    population = Population("p", "lif", target, {k: np.full(size, v) for k, v in NARROW.items()}, 1, 1.0)
    return ChipProgram(1e-3, {"x": port}, {"p": population}, {projection.name: projection}, ())


@pytest.mark.parametrize(
    ("bound", "peak", "rate", "summing", "expected"),
    [
        ((1 << 24) - 1, 1, 0.99, BINARY, Arithmetic.FLOAT32),
        (1 << 24, 1, 0.99, BINARY, Arithmetic.FLOAT64),
        (1 << 24, 1, 0.01, BINARY, Arithmetic.EVENTS),
        ((1 << 53) - 1, 2, 0.99, GRADED, Arithmetic.FLOAT64),
        (1 << 53, 2, 0.99, GRADED, Arithmetic.EVENTS),
        (1 << 40, (1 << 23) - 1, 0.99, DELAYED, Arithmetic.FLOAT64),
        (1 << 40, 1 << 23, 0.99, DELAYED, Arithmetic.EVENTS),
        (1 << 40, 1 << 23, 0.99, GRADED, Arithmetic.FLOAT64),
    ],
)
def test_floats_are_used_only_where_they_hold_every_sum(bound, peak, rate, summing, expected):
    assert dense.choose(bound, peak, rate, summing) is expected


@pytest.mark.parametrize("crossover", [-1.0, 2.0])
@pytest.mark.parametrize("value", [-256, 255])
def test_the_smallest_and_largest_weights_of_many_sources_add_without_overflow(value, crossover):
    program = one_way(InputPort("x", (2000,)), (3,), Projection("w", "x", "p", np.full((3, 2000), value)))
    inputs = {"x": np.ones((2, 1, 2000), bool)}
    options = RunOptions(probes=("u",))
    assert_equal(fast(program, inputs, options, Ways(crossover)), reference(program, inputs, options))


@pytest.mark.parametrize("delays", [None, np.zeros((1, 2), np.int64)])
@pytest.mark.parametrize("dense_share", [0.0, 2.0])
def test_payloads_of_32_bits_wrap_where_those_of_lava_do(delays, dense_share):
    port, payload = InputPort("x", (2,), 32), (1 << 31) - 1
    projection = Projection("w", "x", "p", np.array([[2, 2]]), -1, message_bits=32, delays=delays)
    program = one_way(port, (1,), projection)
    inputs = {"x": np.full((1, 1, 2), payload)}
    options = RunOptions(probes=("u",))
    # 2 (2^31 - 1) wraps to -2 and two of them make -4; without delays all is summed first and wraps to the same.
    expected = reference(program, inputs, options)
    assert expected.states["p"]["u"].item() == -2 << 6
    assert_equal(fast(program, inputs, options, Ways(2.0, dense_share=dense_share)), expected)


@pytest.mark.parametrize("crossover", [-1.0, 2.0])
def test_sums_of_a_convolution_wrap_at_24_bits(crossover):
    kernel = np.full((1, 2, 1, 1), 32767)
    projection = Projection("w", "x", "p", kernel, message_bits=10, connectivity=Convolution())
    adder = Population("p", "sigma", (1, 1, 1), {}, 1, 1.0)
    program = ChipProgram(1e-3, {"x": InputPort("x", (2, 1, 1), 10)}, {"p": adder}, {"w": projection}, ())
    found = fast(program, {"x": np.full((1, 1, 2), 129)}, RunOptions(), Ways(crossover))
    assert found.spikes["p"].item() == 2 * 129 * 32767 - (1 << 24)


@many
@given(st.data())
def test_an_operation_is_a_weight_other_than_zero_that_an_event_meets(data):
    program = data.draw(random_programs.programs(["lif"]))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    for name, projection in program.projections.items():
        held = replace(projection, weights=hardware_weights(projection))
        found = expand(program, held)
        heard = rng.random((3, program.size_of(projection.source))) < 0.3
        with Workers() as workers:
            for delay, synapses in prepared(program)[name].items():
                sources = found.sources[found.delays == delay]
                activation = np.zeros((3, program.size_of(projection.target)), np.int32)
                assert synapses.deliver(heard, activation, workers).operations == heard[:, sources].sum()


def test_synapses_are_prepared_once_and_forgotten_with_the_program():
    program = one_way(InputPort("x", (2,)), (1,), Projection("w", "x", "p", np.array([[2, 4]])))
    simulate_fast(program, {"x": np.ones((1, 1, 2), bool)}, RunOptions())
    assert prepared(program) is prepared(program)
    there = weakref.ref(prepared(program)["w"][0])
    del program
    gc.collect()
    assert there() is None

"""Loops: which populations step together, how many rows at once, and that the compiled form equals the reference."""

from __future__ import annotations

import numpy as np
import pytest
import random_programs
from fast_runs import assert_equal, fast, many, reference, ways
from hypothesis import given
from hypothesis import strategies as st

from neurotool.errors import NegativeAnswerError
from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import ChipProgram, InputPort, Population, Projection
from neurotool.targets.loihi.components import components
from neurotool.targets.loihi.fast import simulate_fast

RELAY = {"du": 4095, "dv": 0, "vth": 1, "bias_mant": 0, "bias_exp": 0}


def population(name: str, n: int, start: int, **values: int) -> Population:
    parameters = {k: np.full(n, v, np.int64) for k, v in (RELAY | values).items()}
    return Population(name, "lif", (n,), parameters, start, scale=1.0)


def synapses(source: str, target: str, weights: object, **kwargs: object) -> Projection:
    return Projection(f"{source}{target}", source, target, np.array(weights, np.int64), **kwargs)


def program(populations: list[Population], projections: list[Projection]) -> ChipProgram:
    named = {p.name: p for p in populations}
    return ChipProgram(1e-3, {"x": InputPort("x", (1,))}, named, {p.name: p for p in projections}, ())


def ring(delay: int = 0) -> ChipProgram:
    """x -> a -> b -> c -> a, where the way back takes three rows, and some more if it is delayed."""
    return program(
        [population(name, 1, i + 1) for i, name in enumerate("abc")],
        [
            synapses("x", "a", [[2]]),
            synapses("a", "b", [[2]]),
            synapses("b", "c", [[2]]),
            synapses("c", "a", [[2]], delays=np.full((1, 1), delay)),
        ],
    )


@pytest.mark.parametrize("delay", [0, 5])
def test_a_loop_takes_as_many_rows_at_once_as_its_way_back_is_long(delay):
    (found,) = components(ring(delay))
    assert found == (("a", "b", "c"), 3 + delay)
    x = {"x": np.zeros((20, 1, 1), bool)}
    x["x"][0] = True
    recording, facts = simulate_fast(ring(delay), x, RunOptions())
    rows = [row for row in range(20) if row % (3 + delay) == 0]
    for name in "abc":
        assert np.flatnonzero(recording.spikes[name]).tolist() == rows
    assert f"b, c: scan, {3 + delay} steps at a time in a loop" in facts["path"]


def test_populations_are_ordered_and_only_loops_step_together():
    made = program(
        [population(name, 1, 1) for name in "dcba"],
        [synapses(a, b, [[2]]) for a, b in ("xa", "ab", "bc", "cb", "cd", "dd")],
    )
    assert list(components(made)) == [(("a",), 0), (("c", "b"), 1), (("d",), 1)]


@st.composite
def recurrent(draw: st.DrawFn, *, calm: bool) -> ChipProgram:
    """A program whose populations share one model that sends spikes, all of them in loops with themselves."""
    made = draw(random_programs.programs([draw(st.sampled_from(["lif", "lif_reset"]))], calm=calm))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    back = {
        f"{name}_back": draw(random_programs.projections(rng, p, p, f"{name}_back", calm=calm))
        for name, p in made.populations.items()
    }
    return ChipProgram(made.dt, made.inputs, made.populations, {**made.projections, **back}, ())


@many
@given(st.data(), ways(compiled_loops=True))
def test_a_compiled_loop_is_the_reference(data, way):
    program = data.draw(recurrent(calm=False))
    inputs = data.draw(random_programs.inputs(program))
    options = RunOptions(probes=data.draw(st.sampled_from([(), ("u", "v")])))
    assert_equal(fast(program, inputs, options, way), reference(program, inputs, options))


@many
@given(st.data(), ways(compiled_loops=True), st.booleans())
def test_a_compiled_loop_refuses_what_the_reference_refuses(data, way, calm):
    program = data.draw(recurrent(calm=calm))
    inputs = data.draw(random_programs.inputs(program))
    options = RunOptions(strict=True)
    try:
        expected = reference(program, inputs, options)
    except NegativeAnswerError as error:
        with pytest.raises(NegativeAnswerError) as caught:
            fast(program, inputs, options, way)
        assert caught.value.message == error.message
    else:
        assert_equal(fast(program, inputs, options, way), expected)


@many
@given(st.data(), ways(compiled_loops=True))
def test_a_compiled_loop_goes_on_where_it_stopped(data, way):
    program = data.draw(recurrent(calm=False))
    inputs = data.draw(random_programs.inputs(program))
    cut = data.draw(st.integers(0, len(next(iter(inputs.values())))))
    options = RunOptions()
    begun = fast(program, {name: x[:cut] for name, x in inputs.items()}, options, way)
    ended = fast(program, {name: x[cut:] for name, x in inputs.items()}, options, way, begun.state)
    whole = reference(program, inputs, options)
    whole.spikes = {name: sent[cut:] for name, sent in whole.spikes.items()}
    assert_equal(ended, whole)

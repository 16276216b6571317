"""The fast path gives the integers of the reference, for whatever program, arithmetic, window and number of threads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pytest
import random_programs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neurotool.errors import NegativeAnswerError
from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import ChipProgram
from neurotool.ir.state import RunState
from neurotool.neurons import MODELS
from neurotool.targets.loihi import layers, workers
from neurotool.targets.loihi.engine import Recording, simulate
from neurotool.targets.loihi.fast import simulate_fast
from neurotool.targets.loihi.synapses import convolution, dense, prepare, sparse

many = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
STATES = tuple({state for model in MODELS.values() for state in model.states})


class Ways(NamedTuple):
    """Choices that must not matter.

    Attributes:
        crossover: Activity above which products are preferred to events.
        dense_share: Share of weights other than zero above which a matrix is preferred to a list.
        worth: Work that pays for a thread.
        compiled: Whether neurons are compiled.
        chunk: Rows at once.
    """

    crossover: float
    dense_share: float
    worth: int
    compiled: bool
    chunk: int | None


ways = st.builds(
    Ways,
    crossover=st.sampled_from([-1.0, 0.2, 2.0]),
    dense_share=st.sampled_from([0.0, 0.3, 2.0]),
    worth=st.sampled_from([1, 1 << 15]),
    compiled=st.sampled_from([True, True, False]),
    chunk=st.one_of(st.none(), st.integers(1, 16)),
)


def fast(
    program: ChipProgram,
    inputs: Mapping[str, np.ndarray],
    options: RunOptions,
    way: Ways,
    state: RunState | None = None,
) -> Recording:
    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((dense, "SPIKE_CROSSOVER"), (dense, "MESSAGE_CROSSOVER"), (sparse, "CROSSOVER")):
            patch.setattr(module, name, way.crossover)
        patch.setattr(convolution, "CROSSOVER", way.crossover)
        patch.setattr(dense, "BLOCK_BYTES", 256)
        patch.setattr(convolution, "PATCH_BYTES", 256)
        patch.setattr(prepare, "BLOCK", 64)
        patch.setattr(prepare, "DENSE_SHARE", way.dense_share)
        patch.setattr(workers, "WORTH_A_THREAD", way.worth)
        if not way.compiled:
            patch.setattr(layers, "SCANS", {})
        prepare.forget()
        return simulate_fast(program, inputs, options, chunk=way.chunk, state=state)[0]


def assert_equal(found: Recording, expected: Recording) -> None:
    assert found.states.keys() == expected.states.keys()
    for name, spikes in expected.spikes.items():
        assert found.spikes[name].dtype == spikes.dtype
        np.testing.assert_array_equal(found.spikes[name], spikes, err_msg=name)
        assert found.states[name].keys() == expected.states[name].keys()
        for variable, values in expected.states[name].items():
            np.testing.assert_array_equal(found.states[name][variable], values, err_msg=f"{name} {variable}")
    assert found.state.rows == expected.state.rows
    for name, states in expected.state.states.items():
        for variable, values in states.items():
            np.testing.assert_array_equal(found.state.states[name][variable], values, err_msg=f"{name} {variable}")
    for name, sent in expected.state.sent.items():
        np.testing.assert_array_equal(found.state.sent[name], sent, err_msg=name)


@many
@given(st.data(), ways, st.sampled_from([(), ("u",), ("v",), STATES]))
def test_every_spike_and_state_is_that_of_the_reference(data, way, probes):
    program = data.draw(random_programs.programs())
    inputs = data.draw(random_programs.inputs(program))
    options = RunOptions(probes=probes)
    with np.errstate(over="ignore"):
        expected = simulate(program, inputs, options)
    assert_equal(fast(program, inputs, options, way), expected)


@many
@given(st.data(), ways, st.booleans())
def test_strict_mode_refuses_what_the_reference_refuses_and_nothing_else(data, way, calm):
    program = data.draw(random_programs.programs(calm=calm))
    inputs = data.draw(random_programs.inputs(program))
    options = RunOptions(probes=("u", "v"), strict=True)
    try:
        with np.errstate(over="ignore"):
            expected = simulate(program, inputs, options)
    except NegativeAnswerError as error:
        with pytest.raises(NegativeAnswerError) as caught:
            fast(program, inputs, options, way)
        assert (caught.value.message, caught.value.hint) == (error.message, error.hint)
    else:
        assert_equal(fast(program, inputs, options, way), expected)


@many
@given(st.data(), ways)
def test_a_run_cut_in_two_equals_the_whole_run(data, way):
    program = data.draw(random_programs.programs())
    inputs = data.draw(random_programs.inputs(program))
    rows = len(next(iter(inputs.values())))
    cut = data.draw(st.integers(0, rows))
    options = RunOptions(probes=STATES)
    with np.errstate(over="ignore"):
        whole = simulate(program, inputs, options)
    first, second = ({name: x[part] for name, x in inputs.items()} for part in (slice(cut), slice(cut, None)))
    for run in (lambda *args: fast(*args[:3], way, *args[3:]), simulate):
        with np.errstate(over="ignore"):
            begun = run(program, first, options)
            ended = run(program, second, options, begun.state)
        joined = Recording(
            {name: np.concatenate([begun.spikes[name], sent]) for name, sent in ended.spikes.items()},
            {
                name: {k: np.concatenate([begun.states[name][k], values]) for k, values in states.items()}
                for name, states in ended.states.items()
            },
            ended.state,
        )
        assert_equal(joined, whole)

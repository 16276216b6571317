"""The fast path gives the integers of the reference, for whatever program, arithmetic, window and number of threads."""

from __future__ import annotations

import numpy as np
import random_programs
from fast_runs import STATES, assert_equal, assert_refuses_alike, fast, many, reference, ways
from hypothesis import given
from hypothesis import strategies as st

from neurotool.ir.adapters import RunOptions
from neurotool.targets.loihi.engine import Recording


@many
@given(st.data(), ways(), st.sampled_from([(), ("u",), ("v",), STATES]))
def test_everything_sent_and_every_state_is_that_of_the_reference(data, way, probes):
    program = data.draw(random_programs.programs())
    inputs = data.draw(random_programs.inputs(program))
    options = RunOptions(probes=probes)
    assert_equal(fast(program, inputs, options, way), reference(program, inputs, options))


@many
@given(st.data(), ways(), st.booleans())
def test_strict_mode_refuses_what_the_reference_refuses_and_nothing_else(data, way, calm):
    program = data.draw(random_programs.programs(calm=calm))
    inputs = data.draw(random_programs.inputs(program))
    options = RunOptions(probes=STATES, strict=True)
    assert_refuses_alike(lambda: fast(program, inputs, options, way), program, inputs, options)


@many
@given(st.data(), ways(), st.booleans())
def test_a_run_cut_in_two_equals_the_whole_run(data, way, readable):
    program = data.draw(random_programs.programs())
    inputs = data.draw(random_programs.inputs(program))
    cut = data.draw(st.integers(0, len(next(iter(inputs.values())))))
    first, second = ({name: x[part] for name, x in inputs.items()} for part in (slice(cut), slice(cut, None)))
    options = RunOptions(probes=STATES)
    if readable:
        begun = reference(program, first, options)
        ended = reference(program, second, options, begun.state)
    else:
        begun = fast(program, first, options, way)
        ended = fast(program, second, options, way, begun.state)
    assert_equal(joined(begun, ended), reference(program, inputs, options))


def joined(begun: Recording, ended: Recording) -> Recording:
    return Recording(
        {name: np.concatenate([begun.spikes[name], sent]) for name, sent in ended.spikes.items()},
        {
            name: {k: np.concatenate([begun.states[name][k], values]) for k, values in states.items()}
            for name, states in ended.states.items()
        },
        ended.state,
    )

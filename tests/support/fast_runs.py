"""Runs of the fast path with choices that must not matter, and what it means for two recordings to be equal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from neurotool.errors import NegativeAnswerError
from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import ChipProgram
from neurotool.ir.state import RunState
from neurotool.ir.trace import Raster
from neurotool.neurons import MODELS
from neurotool.targets.loihi import layers, loops, workers
from neurotool.targets.loihi.engine import Recording, simulate
from neurotool.targets.loihi.fast import simulate_fast
from neurotool.targets.loihi.synapses import convolution, dense, prepare, sparse

STATES = tuple(dict.fromkeys(state for model in MODELS.values() for state in model.states))
many = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Ways(NamedTuple):
    """Choices that must not matter.

    Attributes:
        crossover: Activity above which products are preferred to events.
        window: Active sources in a line of a window from which on convolutions are added by target.
        dense_share: Share of weights other than zero above which a matrix is preferred to a list.
        worth: Work that pays for a thread.
        compiled: Whether neurons are compiled.
        loops: Whether loops are.
        chunk: Rows at once.
    """

    crossover: float = 0.2
    window: float = 1.5
    dense_share: float = 0.04
    worth: int = 1
    compiled: bool = True
    loops: bool = False
    chunk: int | None = None


def ways(*, compiled_loops: bool = False) -> st.SearchStrategy[Ways]:
    return st.builds(
        Ways,
        crossover=st.sampled_from([-1.0, 0.2, 2.0]),
        window=st.sampled_from([0.0, 1.5, np.inf]),
        dense_share=st.sampled_from([0.0, 0.3, 2.0]),
        worth=st.sampled_from([1, 1 << 15]),
        compiled=st.just(True) if compiled_loops else st.sampled_from([True, True, False]),
        loops=st.just(compiled_loops),
        chunk=st.one_of(st.none(), st.integers(1, 16)),
    )


def reference(
    program: ChipProgram, inputs: Mapping[str, np.ndarray], options: RunOptions, state: RunState | None = None
) -> Recording:
    with np.errstate(over="ignore"):  # messages of 62 bits wrap
        return simulate(program, inputs, options, state)


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
        patch.setattr(convolution, "WINDOW_CROSSOVER", way.crossover)
        patch.setattr(convolution, "WINDOW_ENTRIES", way.window)
        patch.setattr(dense, "BLOCK_BYTES", 256)
        patch.setattr(convolution, "PATCH_BYTES", 256)
        patch.setattr(prepare, "BLOCK", 64)
        patch.setattr(prepare, "DENSE_SHARE", way.dense_share)
        patch.setattr(workers, "WORTH_A_THREAD", way.worth)
        patch.setattr(loops, "WORTH_COMPILING", 0 if way.loops else 1 << 30)
        if not way.compiled:
            patch.setattr(layers, "SCANS", {})
        prepare.forget()
        return simulate_fast(program, inputs, options, chunk=way.chunk, state=state)[0]


def assert_equal(found: Recording, expected: Recording) -> None:
    """Compare everything that was sent, every recorded state, and where the run stands."""
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


def assert_refuses_alike(
    run: Callable[[], Recording], program: ChipProgram, inputs: Mapping[str, Raster], options: RunOptions
) -> None:
    """In strict mode a run must be refused with the words of the reference, or equal it."""
    try:
        expected = reference(program, inputs, options)
    except NegativeAnswerError as error:
        with pytest.raises(NegativeAnswerError) as caught:
            run()
        assert (caught.value.message, caught.value.hint) == (error.message, error.hint)
    else:
        assert_equal(run(), expected)

"""What the fast path reports, refuses and leaves behind, and into what windows it cuts a run."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from neurotool.errors import NegativeAnswerError
from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import ChipProgram, InputPort, Population, Projection
from neurotool.plugins import TARGETS, load
from neurotool.targets.loihi import jit, layers
from neurotool.targets.loihi.components import components
from neurotool.targets.loihi.engine import simulate
from neurotool.targets.loihi.fast import simulate_fast, window_length
from neurotool.targets.loihi.workers import Workers

RELAY = {"du": 4095, "dv": 0, "vth": 1, "bias_mant": 0, "bias_exp": 0}


def population(name: str, n: int, start: int, **values: int) -> Population:
    parameters = {k: np.full(n, v, np.int64) for k, v in (RELAY | values).items()}
    return Population(name, "lif", (n,), parameters, start, scale=1.0)


def synapses(name: str, source: str, target: str, weights: list[list[int]], **kwargs: int) -> Projection:
    return Projection(name, source, target, np.array(weights, np.int64), **kwargs)


def program(populations: list[Population], projections: list[Projection], bits: int = 0) -> ChipProgram:
    port = InputPort("x", (1,), bits)
    named = {p.name: p for p in populations}
    return ChipProgram(1e-3, {"x": port}, named, {p.name: p for p in projections}, ())


def test_of_two_that_leave_the_range_in_a_row_the_one_that_steps_first_is_named():
    # b steps first, as its spikes reach a in the same row; both saturate in the same step.
    made = program(
        [population("a", 1, 2, vth=131071), population("b", 1, 1, vth=131071)],
        [
            synapses("xa", "x", "a", [[254]], weight_exp=7, delays=np.ones((1, 1), np.int64)),
            synapses("xb", "x", "b", [[254]], weight_exp=7),
            synapses("ba", "b", "a", [[2]]),
        ],
    )
    x = {"x": np.ones((20, 1, 1), bool)}
    options = RunOptions(strict=True)
    with pytest.raises(NegativeAnswerError) as expected:
        simulate(made, x, options)
    with pytest.raises(NegativeAnswerError, match="population 'b'") as caught:
        simulate_fast(made, x, options)
    assert caught.value.message == expected.value.message


def looped() -> ChipProgram:
    return program(
        [population("a", 1, 1), population("b", 1, 2), population("c", 1, 3)],
        [
            synapses("xa", "x", "a", [[2]]),
            synapses("ab", "a", "b", [[2]]),
            synapses("bb", "b", "b", [[-2]]),
            synapses("bc", "b", "c", [[2]]),
        ],
    )


@pytest.mark.parametrize(("steps", "together"), [(10, "step by step in a loop"), (100, "compiled loop")])
def test_the_trace_says_which_way_each_population_took_and_how_fast(steps, together):
    x = np.zeros((steps, 1, 1), bool)
    x[0] = True
    facts = load(TARGETS, "loihi").run_program(looped(), {"x": x}, RunOptions()).facts
    assert facts["mode"] == "lava"
    rate = f"event-driven ({100 / steps:.3g} % active)"
    assert f"a, c: scan, {rate}" in facts["path"]
    assert f"b: scan, {together}, {rate}, event-driven" in facts["path"]
    # The spike of row 0 is heard in row 1, and nothing from before the sample began: one row fewer.
    assert f"({100 / (steps - 1):.3g} % active)" in facts["path"]
    assert float(facts["neuron-steps per second"]) > 0
    assert float(facts["synaptic operations per second"]) > 0


def test_a_dense_input_takes_a_float_product_and_a_wide_payload_takes_integers():
    made = program([population("a", 1, 1)], [synapses("xa", "x", "a", [[100]], message_bits=32)], bits=32)
    for payload, way in ((1 << 10, "float32"), (1 << 20, "float64"), (1 << 60, "event-driven")):
        _, facts = simulate_fast(made, {"x": np.full((5, 1, 1), payload)}, RunOptions())
        assert f"scan, {way}" in facts["path"]


def test_a_model_without_a_compiled_form_takes_the_reference_and_says_so(monkeypatch):
    monkeypatch.setattr(layers, "SCANS", {})
    made = program([population("a", 1, 1)], [synapses("xa", "x", "a", [[2]])])
    recording, facts = simulate_fast(made, {"x": np.ones((4, 2, 1), bool)}, RunOptions())
    assert recording.spikes["a"].all()
    assert facts["path"] == "a: reference steps, as no compiled form of lif exists, float32 product (100 % active)"


def test_long_and_wide_runs_are_cut_into_windows_of_bounded_memory():
    made = program([population("a", 4096, 1)], [])
    found = list(components(made))
    assert window_length(made, found, 1, 10**6, watched=False) * 4096 * 4 == 1 << 23
    assert window_length(made, found, 10**6, 10**6, watched=False) == 1
    assert window_length(made, found, 1, 100, watched=True) == 5


def test_progress_ends_at_the_total_and_an_interruption_leaves_no_thread():
    made = program([population("a", 600, 1)], [synapses("xa", "x", "a", [[2]] * 600)])
    x = {"x": np.ones((1000, 2, 1), bool)}
    seen: list[tuple[int, int]] = []
    simulate_fast(made, x, RunOptions(progress=lambda done, total: seen.append((done, total))))
    assert seen == [(done, 1000) for done in range(50, 1001, 50)]

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate_fast(made, x, RunOptions(progress=interrupt))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("loihi")]


def test_an_interruption_within_a_thread_ends_all_of_them():
    def interrupt(first: int, last: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Workers() as workers:
        workers.run(interrupt, [(0, 1), (1, 2)])
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("loihi")]


def test_blas_has_one_thread_during_a_run_and_as_many_as_before_afterwards():
    def threads() -> list[int]:
        return [library["num_threads"] for library in threadpool_info() if "numpy" in library["filepath"]]

    before = threads()
    if not before:
        pytest.skip("this numpy brings no BLAS of its own")
    first, second = Workers(), Workers()
    with first:
        second.__enter__()
        assert set(threads()) == {1}
    assert set(threads()) == {1}, "another run still goes on"
    second.__exit__(None, None, None)
    assert threads() == before


def test_without_a_writable_place_loops_are_compiled_but_not_kept(monkeypatch):
    monkeypatch.setattr("numba.core.caching.CacheImpl._locator_classes", [])

    def double(value: int) -> int:
        return 2 * value

    assert jit.compiled(double)(4) == 8

"""The compiled neuron at the edges of its states, and what the fast path reports, refuses and leaves behind."""

from __future__ import annotations

import itertools
import threading

import numpy as np
import pytest

from neurotool.errors import NegativeAnswerError
from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import ChipProgram, InputPort, Population, Projection
from neurotool.neurons import LIF, RangeError
from neurotool.plugins import TARGETS, load
from neurotool.targets.loihi import jit, layers
from neurotool.targets.loihi.engine import simulate
from neurotool.targets.loihi.fast import chunk_length, components, simulate_fast
from neurotool.targets.loihi.scans.lif import LifScan
from neurotool.targets.loihi.workers import Workers

TOP = (1 << 23) - 1
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


def edge_states(far: int) -> np.ndarray:
    """States around 0, the wrap of the current and the saturation; with ``far`` also what a single wrap leaves."""
    near = [s * (x + d) for s in (-1, 1) for x in (0, 4096, 1 << 22, 1 << 23) for d in (-1, 0, 1)]
    return np.array(sorted({*near, far, -far}), np.int64)


@pytest.mark.parametrize("decays", [(0, 0), (4095, 4095), (1, 4094), (2047, 2049)])
@pytest.mark.parametrize("vth", [0, 1, 131071])
def test_one_step_from_every_edge_is_that_of_the_reference(decays, vth):
    u = edge_states((1 << 31) - (1 << 24))
    v = edge_states(TOP).clip(-TOP, TOP)
    arriving = [s * (x + d) for s in (-1, 1) for x in (0, 1 << 17, 1 << 18, 1 << 25) for d in (-1, 0, 1)]
    biases = [(0, 0), (-1, 0), (1, 0), (-4096, 7), (4095, 7)]
    cells = np.array([(*c[:3], *c[3]) for c in itertools.product(u, v, arriving, biases)], np.int64).T
    parameters = {"du": decays[0], "dv": decays[1], "vth": vth}
    arrays = {k: np.full(cells.shape[1], x, np.int64) for k, x in parameters.items()}
    arrays |= {"bias_mant": cells[3], "bias_exp": cells[4]}
    made = Population("p", "lif", (cells.shape[1],), arrays, 0, 1.0)
    state, spikes = LIF.step(arrays, {"u": cells[0][None], "v": cells[1][None]}, {"a": cells[2][None]}, row=0)
    scan = LifScan(made, 1)
    for name, values in zip("uv", cells[:2], strict=True):
        scan.state[name][:] = values
    found = np.empty((1, 1, cells.shape[1]), bool)
    with Workers() as workers:
        scan.run({"a": cells[2][None, None].astype(np.int32)}, 0, found, {}, workers)
    np.testing.assert_array_equal(found[0], spikes)
    np.testing.assert_array_equal(scan.state["u"], state["u"])
    np.testing.assert_array_equal(scan.state["v"], state["v"])


@pytest.mark.parametrize("start", [0, 1, -1, TOP, -TOP])
@pytest.mark.parametrize("bias", [-1, 0, 1])
def test_the_range_check_draws_the_line_where_the_reference_does(start, bias):
    made = population("p", 1, 0, du=0, vth=131071, bias_mant=bias)
    with Workers() as workers:
        for arriving in [s * (x + d) for s in (-1, 1) for x in (0, 1 << 17, 1 << 18, 1 << 25) for d in (-1, 0)]:
            state = {name: np.full((1, 1), start, np.int64) for name in "uv"}
            scan = LifScan(made, 1)
            for values in scan.state.values():
                values[:] = start
            heard = {"a": np.full((1, 1, 1), arriving, np.int32)}
            wide = scan.run(heard, 0, np.empty((1, 1, 1), bool), {}, workers) == 0
            try:
                LIF.step(made.parameters, state, {"a": np.full((1, 1), arriving, np.int64)}, row=0, strict=True)
            except RangeError:
                assert wide
            else:
                assert not wide


def test_the_first_population_of_the_program_is_named_when_two_leave_the_range_together():
    # b is computed first, as its spikes feed a; both saturate in the same step.
    made = program(
        [population("a", 1, 1, vth=131071), population("b", 1, 1, vth=131071)],
        [
            synapses("xa", "x", "a", [[254]], weight_exp=7),
            synapses("xb", "x", "b", [[254]], weight_exp=7),
            synapses("ba", "b", "a", [[2]]),
        ],
    )
    x = {"x": np.ones((20, 1, 1), bool)}
    options = RunOptions(strict=True)
    with pytest.raises(NegativeAnswerError) as reference:
        simulate(made, x, options)
    with pytest.raises(NegativeAnswerError, match="population 'a'") as caught:
        simulate_fast(made, x, options)
    assert caught.value.message == reference.value.message


def test_the_trace_says_which_way_each_population_took_and_how_fast():
    made = program(
        [population("a", 1, 1), population("b", 1, 2), population("c", 1, 3)],
        [
            synapses("xa", "x", "a", [[2]]),
            synapses("ab", "a", "b", [[2]]),
            synapses("bb", "b", "b", [[0]]),
            synapses("bc", "b", "c", [[2]]),
        ],
    )
    x = np.zeros((10, 1, 1), bool)
    x[0] = True
    facts = load(TARGETS, "loihi").run_program(made, {"x": x}, RunOptions()).facts
    assert facts["mode"] == "lava"
    assert "a, c: scan, event-driven (10 % active)" in facts["path"]
    assert "b: scan, step by step in a loop, event-driven (10 % active)" in facts["path"]
    assert float(facts["neuron-steps per second"]) > 0
    assert float(facts["synaptic operations per second"]) > 0


def test_a_dense_input_takes_a_float_product_and_a_wide_payload_takes_integers():
    made = program([population("a", 1, 1)], [synapses("xa", "x", "a", [[100]], message_bits=32)], bits=32)
    for payload, way in ((1 << 10, "float32"), (1 << 20, "float64"), (1 << 60, "event-driven")):
        _, facts = simulate_fast(made, {"x": np.full((5, 1, 1), payload)}, RunOptions())
        assert f"scan, {way}" in facts["path"]


def test_a_model_without_a_compiled_form_takes_the_reference_and_says_so(monkeypatch):
    monkeypatch.delitem(layers.SCANS, "lif")
    made = program([population("a", 1, 1)], [synapses("xa", "x", "a", [[2]])])
    recording, facts = simulate_fast(made, {"x": np.ones((4, 2, 1), bool)}, RunOptions())
    assert recording.spikes["a"].all()
    assert facts["path"] == "a: reference steps, as no compiled form of lif exists"


def test_populations_are_ordered_and_only_loops_step_together():
    made = program(
        [population(name, 1, 1) for name in "dcba"],
        [
            synapses(f"{a}{b}", a, b, [[2]])
            for a, b in [("x", "a"), ("a", "b"), ("b", "c"), ("c", "b"), ("c", "d"), ("d", "d")]
        ],
    )
    assert list(components(made)) == [(("a",), False), (("c", "b"), True), (("d",), True)]


def test_long_and_wide_runs_are_cut_into_chunks_of_bounded_memory():
    made = program([population("a", 4096, 1)], [])
    assert chunk_length(made, 1, 10**6, watched=False) * 4096 * 4 == 1 << 21
    assert chunk_length(made, 10**6, 10**6, watched=False) == 1
    assert chunk_length(made, 1, 100, watched=True) == 5


def test_progress_ends_at_the_total_and_an_interruption_leaves_no_thread():
    made = program([population("a", 600, 1)], [synapses("xa", "x", "a", [[2]] * 600)])
    x = {"x": np.ones((1000, 2, 1), bool)}
    seen: list[tuple[int, int]] = []
    simulate_fast(made, x, RunOptions(progress=lambda done, total: seen.append((done, total))))
    assert seen[-1] == (1001, 1001)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate_fast(made, x, RunOptions(progress=interrupt))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("loihi")]


def test_without_a_writable_place_loops_are_compiled_but_not_kept(monkeypatch):
    monkeypatch.setattr("numba.core.caching.CacheImpl._locator_classes", [])

    def double(value: int) -> int:
        return 2 * value

    assert jit.compiled(double)(4) == 8

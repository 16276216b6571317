"""Compiled neurons give the integers of the readable steps, for every model, from every state, in every block."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurotool.ir.program import Population
from neurotool.neurons import MODELS, NeuronModel, RangeError
from neurotool.targets.loihi import workers
from neurotool.targets.loihi.scans import SCANS, Scan
from neurotool.targets.loihi.scans.loop import LANES
from neurotool.targets.loihi.workers import Workers

Arrays = dict[str, npt.NDArray[np.generic]]

INT32 = np.iinfo(np.int32)
EDGES = [s * ((1 << k) + d) for k in (0, 12, 16, 17, 18, 22, 23, 24, 25, 30) for d in (-1, 0, 1) for s in (-1, 1)]
many = settings(max_examples=60, deadline=None)


def of_any_size(rng: np.random.Generator, low: int, high: int, shape: int | tuple[int, ...]) -> np.ndarray:
    """Integers in ``low..high``: of any number of bits, every fifth at either end."""
    bits = rng.integers(0, 32, shape)
    values = rng.integers(-(1 << 31), 1 << 31, shape) >> bits
    kind = rng.random(shape)
    return np.where(kind < 0.1, low, np.where(kind < 0.2, high, values)).clip(low, high).astype(np.int64)


def a_population(model: NeuronModel, rng: np.random.Generator, size: int) -> Population:
    """Parameters over their whole ranges, or small ones, whose states stay within the chip for longer."""
    small = rng.random() < 0.5
    parameters = {}
    for p in model.parameters:
        reach = (max(p.low, min(0, p.high), -2000), min(p.high, max(0, p.low) + 2000)) if small else (p.low, p.high)
        values = of_any_size(rng, *reach, size)
        parameters[p.name] = np.full(size, values[0]) if p.uniform else values
    return Population("p", model.name, (size,), parameters, 1, scale=1.0)


def activations(model: NeuronModel, rng: np.random.Generator, shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    """What arrives at each input: up to some number of bits, so that some runs are calm and others wrap."""
    top = 1 << int(rng.choice([4, 10, 15, 18, 22, 31]))
    inputs = {name: of_any_size(rng, -top, top - 1, shape) for name in model.inputs}
    edges = rng.random(shape) < rng.choice([0, 0, 0.05])
    return {name: np.where(edges, rng.choice(EDGES, shape), values) for name, values in inputs.items()}


def resting(model: NeuronModel, population: Population, batch: int) -> Arrays:
    return {k: np.tile(v, (batch, 1)) for k, v in model.initial(population.parameters, population.size).items()}


def readable(population: Population, state: Arrays, inputs: Arrays, row: int) -> tuple[Arrays, np.ndarray, Arrays, int]:
    """Run the reference: last state, what was sent, all states, and the first step that strict mode refuses."""
    model = MODELS[population.model]
    sent, history, refused = [], [], None
    steps = len(next(iter(inputs.values())))
    for t in range(steps):
        now = {name: values[t] for name, values in inputs.items()}
        if refused is None:
            try:
                model.step(population.parameters, state, now, row=row + t, strict=True)
            except RangeError:
                refused = t
        state, messages = model.step(population.parameters, state, now, row=row + t)
        sent.append(messages)
        history.append(state)
    records = {name: np.stack([s[name] for s in history]) for name in model.states}
    return state, np.stack(sent), records, steps if refused is None else refused


def scanned(
    scan: Scan, population: Population, inputs: Arrays, row: int, probes: tuple[str, ...], threads: Workers
) -> tuple[np.ndarray, Arrays, int]:
    """Run the compiled neuron: what was sent, the recorded states, and the first step that strict mode refuses."""
    heard = {name: values.astype(np.int32) for name, values in inputs.items()}
    shape = next(iter(heard.values())).shape
    sent = np.full(shape, 77, np.int32 if MODELS[population.model].graded else np.bool_)
    records = {name: np.full(shape, 77, np.int32) for name in probes}
    refused = scan.run(heard, row, sent, records, threads)
    return sent, records, refused


def assert_equal(found: Arrays, expected: Arrays, names: tuple[str, ...]) -> None:
    for name in names:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


@pytest.fixture(scope="module")
def threads():
    with Workers() as started:
        yield started


def test_every_model_has_a_scan():
    assert SCANS.keys() == MODELS.keys()


@pytest.mark.parametrize("name", MODELS)
@many
@given(data=st.data())
def test_states_messages_and_refusals_are_those_of_the_readable_step(name, threads, data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    steps, batch, size = (data.draw(st.integers(1, most)) for most in (16, 3, 7))
    probes = tuple(data.draw(st.sets(st.sampled_from(MODELS[name].states)))) if MODELS[name].states else ()
    cut = data.draw(st.integers(0, steps - 1))
    row = data.draw(st.integers(0, 40))
    model, population = MODELS[name], a_population(MODELS[name], rng, size)
    inputs = activations(model, rng, (steps, batch, size))

    state = resting(model, population, batch)
    scan = SCANS[name](population, batch)
    assert_equal(scan.state, state, model.states)
    for first, last in ((0, cut), (cut, steps)) if cut else ((0, steps),):
        part = {k: v[first:last] for k, v in inputs.items()}
        state, sent, history, refused = readable(population, state, part, row + first)
        found, records, found_refused = scanned(scan, population, part, row + first, probes, threads)
        np.testing.assert_array_equal(found, sent)
        assert_equal(records, history, probes)
        assert_equal(scan.state, state, model.states)
        assert found_refused == refused
        assert found.dtype == (np.int32 if model.graded else np.bool_)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(("batch", "size"), [(1, LANES + 3), (3, LANES - 200), (70, 11)])
def test_blocks_samples_and_threads_do_not_matter(name, count, batch, size, monkeypatch):
    monkeypatch.setattr(workers, "WORTH_A_THREAD", 1)
    monkeypatch.setattr(workers, "usable_cores", lambda: count)
    rng = np.random.default_rng([batch, size])
    model, population = MODELS[name], a_population(MODELS[name], rng, size)
    inputs = activations(model, rng, (12, batch, size))
    state, sent, history, refused = readable(population, resting(model, population, batch), inputs, 5)
    scan = SCANS[name](population, batch)
    with Workers() as started:
        assert started.count == count
        found, records, found_refused = scanned(scan, population, inputs, 5, model.states, started)
    np.testing.assert_array_equal(found, sent)
    assert_equal(records, history, model.states)
    assert_equal(scan.state, state, model.states)
    assert found_refused == refused


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if model.states])
def test_a_saved_state_continues_where_it_was_saved(name, threads):
    rng = np.random.default_rng(4)
    model, population = MODELS[name], a_population(MODELS[name], rng, 9)
    inputs = activations(model, rng, (20, 2, 9))
    whole, saving, resumed = (SCANS[name](population, 2) for _ in range(3))
    expected, _, _ = scanned(whole, population, inputs, 0, (), threads)
    scanned(saving, population, {k: v[:11] for k, v in inputs.items()}, 0, (), threads)
    for variable, values in saving.state.items():
        resumed.state[variable][:] = values
    found, _, _ = scanned(resumed, population, {k: v[11:] for k, v in inputs.items()}, 11, (), threads)
    np.testing.assert_array_equal(found, expected[11:])
    assert_equal(resumed.state, whole.state, model.states)


def test_a_known_lif_neuron(threads):
    parameters = {"du": 4095, "dv": 0, "vth": 2, "bias_mant": 0, "bias_exp": 0}
    population = Population("p", "lif", (1,), {k: np.array([v]) for k, v in parameters.items()}, 1, scale=1.0)
    scan = SCANS["lif"](population, 1)
    sent, records, refused = scanned(
        scan, population, {"a": np.array([1, 1, 1, 4, 1 << 17]).reshape(5, 1, 1)}, 0, ("v",), threads
    )
    # 64 per unit that arrives, against 128: two do not exceed it, three do; 2^17 << 6 is one more than fits 24 bits.
    assert sent.ravel().tolist() == [False, False, True, True, True]
    assert records["v"].ravel().tolist() == [64, 128, 0, 0, 0]
    assert refused == 4


def test_a_change_whose_magnitude_32_bits_cannot_hold_is_sent_and_keeps_the_error(threads):
    parameters = {"vth": 1 << 20, "cum_error": 1, "spike_exp": 4, "state_exp": 4}
    population = Population("p", "delta", (1,), {k: np.array([v]) for k, v in parameters.items()}, 1, scale=1.0)
    scan = SCANS["delta"](population, 1)
    inputs = {"a": np.array([1, -(1 << 23)]).reshape(2, 1, 1)}
    sent, records, refused = scanned(scan, population, inputs, 0, ("residue", "error"), threads)
    # 1 << 8 stays below the threshold of 2^28. The second change is -2^31, whose magnitude is -2^31, which is not > 0.
    assert sent.ravel().tolist() == [0, -(1 << 27)]
    assert records["residue"].ravel().tolist() == [256, 0]
    assert records["error"].ravel().tolist() == [256, 256 - (1 << 31)]
    assert refused == 0, "the threshold itself exceeds 24 bits"


def test_the_engine_is_found_without_loading_the_compiler():
    code = "import sys, neurotool.targets.loihi; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""The torch engine gives the integers of the readable engine, on a GPU if there is one and on the CPU otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import random_programs
import torch
from fast_runs import STATES, assert_equal, assert_refuses_alike, reference
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neurotool.errors import BackendFailedError
from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import (
    ChipProgram,
    Convolution,
    InputPort,
    OutputKind,
    OutputPort,
    Population,
    Projection,
    Sparse,
)
from neurotool.neurons import MODELS
from neurotool.plugins import TARGETS, load
from neurotool.targets.loihi.engine import Recording
from neurotool.targets.loihi.torch import simulate
from neurotool.targets.loihi.torch.simulate import simulate_torch, window_length
from neurotool.targets.torch_device import choose_device

few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
chunks = st.one_of(st.none(), st.integers(1, 16))
RELAY = {"du": 4095, "dv": 0, "vth": 1, "bias_mant": 0, "bias_exp": 0}


@pytest.fixture(autouse=True, scope="module")
def apart_from_numpy() -> Iterator[None]:
    """Let numpy read no tensor unasked, on the CPU either: it could not on a GPU."""

    def refuse(tensor: torch.Tensor, *arguments: object) -> None:
        raise TypeError("numpy was given a tensor")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.Tensor, "__array__", refuse)
        yield


@few
@given(st.data(), chunks, st.sampled_from([(), ("u",), STATES]))
def test_everything_sent_and_every_state_is_that_of_the_reference(data, chunk, probes):
    program = data.draw(random_programs.programs())
    inputs = data.draw(random_programs.inputs(program))
    options = RunOptions(probes=probes)
    assert_equal(simulate_torch(program, inputs, options, chunk)[0], reference(program, inputs, options))


@few
@given(st.data(), chunks, st.booleans())
def test_strict_mode_refuses_what_the_reference_refuses_and_nothing_else(data, chunk, calm):
    program = data.draw(random_programs.programs(calm=calm))
    inputs = data.draw(random_programs.inputs(program))
    options = RunOptions(probes=STATES, strict=True)
    assert_refuses_alike(lambda: simulate_torch(program, inputs, options, chunk)[0], program, inputs, options)


@few
@given(st.data(), chunks, st.tuples(st.booleans(), st.booleans()))
def test_a_run_cut_in_two_equals_the_whole_run_whichever_engine_begins(data, chunk, readable):
    program = data.draw(random_programs.programs())
    inputs = data.draw(random_programs.inputs(program))
    cut = data.draw(st.integers(0, len(next(iter(inputs.values())))))
    options = RunOptions(probes=STATES)

    def run(part: slice, state=None, *, by_reference: bool) -> Recording:
        shown = {name: x[part] for name, x in inputs.items()}
        if by_reference:
            return reference(program, shown, options, state)
        return simulate_torch(program, shown, options, chunk, state)[0]

    begun = run(slice(cut), by_reference=readable[0])
    ended = run(slice(cut, None), begun.state, by_reference=readable[1])
    whole = reference(program, inputs, options)
    assert_equal(ended, Recording(_after(whole.spikes, cut), _states_after(whole.states, cut), whole.state))


def _after(rasters, cut):
    return {name: raster[cut:] for name, raster in rasters.items()}


def _states_after(states, cut):
    return {name: _after(rasters, cut) for name, rasters in states.items()}


def population(name: str, shape: tuple[int, ...], start: int, model: str = "lif", **values: int) -> Population:
    given_values = RELAY | values if model == "lif" else values
    parameters = {k: np.full(int(np.prod(shape)), v, np.int64) for k, v in given_values.items()}
    return Population(name, model, shape, parameters, start, scale=1.0)


def program(port: InputPort, populations: list[Population], projections: list[Projection]) -> ChipProgram:
    named = {p.name: p for p in populations}
    outputs = (OutputPort(populations[-1].name, OutputKind.SPIKES),)
    return ChipProgram(1e-3, {"x": port}, named, {p.name: p for p in projections}, outputs)


def test_an_answer_worked_out_by_hand():
    # Row 0 brings 2 - 3 * 4 = -10 and row 2, one step later over the delayed synapse, 3 * 4 = 12 at each target.
    weights, delays = np.array([[2, -4], [4, 4]]), np.array([[0, 0], [0, 1]])
    made = program(
        InputPort("x", (2,), 8),
        [population("sums", (2,), 1, "sigma")],
        [Projection("w", "x", "sums", weights, message_bits=8, delays=delays)],
    )
    x = {"x": np.array([[1, 3], [0, 0], [0, 0]], np.int8)[:, None]}
    trace = load(TARGETS, "loihi-torch").run_program(made, x, RunOptions(probes=("sigma",)))
    assert trace.outputs["sums"][:, 0].tolist() == [[-10, 4], [-10, 16], [-10, 16]]
    np.testing.assert_array_equal(trace.states["sums"]["sigma"], trace.spikes["sums"])


def test_sums_of_a_matrix_with_delays_wrap_later_than_others():
    # Four products of -3 * 2^29 add up to -12 * 2^29, which is -2^31 in 32 bits and half of it after the shift.
    # With delays, even of no step, they are halved first: -6 * 2^29, which is 2^30 in 32 bits.
    x = {"x": np.full((1, 1, 4), 3 << 21)}
    answers = []
    for delays in (None, np.zeros((1, 4), np.int64)):
        made = program(
            InputPort("x", (4,), 24),
            [population("sums", (1,), 1, "sigma")],
            [Projection("w", "x", "sums", np.full((1, 4), -256), -1, message_bits=24, delays=delays)],
        )
        found = simulate_torch(made, x, RunOptions())[0]
        assert_equal(found, reference(made, x, RunOptions()))
        answers.append(found.spikes["sums"].item())
    assert answers == [-(1 << 30), 1 << 30]


def test_what_arrives_over_several_projections_wraps_together():
    # Each projection brings 2^30. Two of them make 2^31, which is negative in 32 bits and does not pass.
    made = program(
        InputPort("x", (1,), 24),
        [population("once", (1,), 1, "graded_relu_vec", vth=0), population("twice", (1,), 1, "graded_relu_vec", vth=0)],
        [
            Projection(name, "x", target, np.array([[-256]]), message_bits=24)
            for name, target in (("a", "once"), ("b", "twice"), ("c", "twice"))
        ],
    )
    found = simulate_torch(made, {"x": np.full((1, 1, 1), -(1 << 22))}, RunOptions())[0]
    assert found.spikes["once"].item() == 1 << 30
    assert found.spikes["twice"].item() == 0


def test_a_run_that_goes_on_counts_rows_from_the_start_of_the_sample():
    model = {**RELAY, "vth": 1000, "bias_mant": 1, "reset_interval": 5, "reset_offset": 2}
    made = program(InputPort("x", (1,)), [population("a", (1,), 1, "lif_reset", **model)], [])
    options = RunOptions(probes=("v",))
    begun = simulate_torch(made, {"x": np.zeros((4, 1, 1), bool)}, options)[0]
    ended = simulate_torch(made, {"x": np.zeros((5, 1, 1), bool)}, options, state=begun.state)[0]
    v = [*begun.states["a"]["v"].ravel(), *ended.states["a"]["v"].ravel()]
    assert v == [1, 2, 1, 2, 3, 4, 5, 1, 2]


def test_payloads_of_the_run_before_are_heard_by_one_that_is_shown_spikes():
    made = program(
        InputPort("x", (1,), 8),
        [population("sums", (1,), 1, "sigma")],
        [Projection("w", "x", "sums", np.array([[2]]), message_bits=8, delays=np.array([[2]]))],
    )
    begun = simulate_torch(made, {"x": np.array([5, -3]).reshape(2, 1, 1)}, RunOptions())[0]
    ended = simulate_torch(made, {"x": np.ones((3, 1, 1), bool)}, RunOptions(), state=begun.state)[0]
    assert ended.spikes["sums"].ravel().tolist() == [10, 4, 6]


def test_the_trace_says_where_it_ran_and_which_way_each_population_took():
    listed = Sparse(np.array([0]), np.array([1]))
    made = program(
        InputPort("x", (1, 1, 4), 0),
        [population("a", (1, 1, 3), 1), population("b", (20,), 2), population("c", (20,), 3)],
        [
            Projection("xa", "x", "a", np.full((1, 1, 1, 2), 1 << 23), connectivity=Convolution()),
            Projection("ab", "a", "b", np.array([2]), connectivity=listed),
            Projection("bb", "b", "b", np.full((20, 20), 2), delays=np.full((20, 20), 3)),
            Projection("bc", "b", "c", np.full((20, 20), 2)),
        ],
    )
    x = {"x": np.random.default_rng(0).random((50, 2, 1, 1, 4)) < 0.5}
    facts = load(TARGETS, "loihi-torch").run_program(made, x, RunOptions()).facts
    assert facts["mode"] == "lava"
    assert facts["device"].startswith(f"torch {torch.__version__} on {choose_device()}")
    how = facts["path"].split(": ")[1].split(", ")[0]
    assert how in ("readable steps", "Triton kernel")
    assert facts["path"] == (
        f"a: {how}, float64 product; b: {how}, 4 steps at a time in a loop, float32 product; c: {how}, float32 product"
    )
    assert float(facts["neuron-steps per second"]) > 0


def test_the_target_gives_the_trace_of_the_compiled_engine():
    made = program(
        InputPort("x", (6,)),
        [population("a", (4,), 1, vth=20), population("b", (3,), 2, vth=10)],
        [
            Projection("xa", "x", "a", np.arange(-12, 36, 2).reshape(4, 6)),
            Projection("aa", "a", "a", np.full((4, 4), -4)),
            Projection("ab", "a", "b", np.arange(12).reshape(3, 4) * 2),
        ],
    )
    x = {"x": np.random.default_rng(1).random((30, 3, 6)) < 0.4}
    options = RunOptions(probes=("u", "v"))
    found, expected = (load(TARGETS, name).run_program(made, x, options) for name in ("loihi-torch", "loihi"))
    assert expected.spikes["b"].any()
    for name in expected.spikes:
        np.testing.assert_array_equal(found.spikes[name], expected.spikes[name])
    for name, states in expected.states.items():
        assert all(np.array_equal(found.states[name][k], values) for k, values in states.items())
    np.testing.assert_array_equal(found.outputs["b"], expected.outputs["b"])
    assert (found.target, found.latency, found.steps) == ("loihi-torch", expected.latency, 30)


def test_windows_bound_the_memory_and_let_progress_be_seen(monkeypatch):
    made = program(InputPort("x", (1,)), [population("a", (4096,), 1), population("b", (8,), 1)], [])
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    assert window_length(made, 1, 10**6, cpu, watched=False) * 4096 * 8 == 1 << 22
    assert window_length(made, 1, 10**6, gpu, watched=False) * 4096 * 8 == 1 << 28
    assert window_length(made, 10**7, 10**6, gpu, watched=False) == 1
    assert window_length(made, 1, 100, cpu, watched=True) == 5
    seen: list[tuple[int, int]] = []
    options = RunOptions(progress=lambda done, total: seen.append((done, total)))
    monkeypatch.setitem(simulate.WORKSPACE_BYTES, choose_device().type, 4096 * 8 * 3)
    simulate_torch(made, {"x": np.ones((10, 1, 1), bool)}, options)
    assert seen == [(done, 10) for done in range(1, 11)]


def test_a_device_without_enough_memory_is_no_internal_error(monkeypatch):
    def exhausted(*arguments: object) -> None:
        raise torch.OutOfMemoryError("tried to allocate 90 GiB")

    made = program(InputPort("x", (1,)), [population("a", (1,), 1)], [])
    monkeypatch.setattr(simulate, "simulate_torch", exhausted)
    with pytest.raises(BackendFailedError, match="90 GiB") as caught:
        load(TARGETS, "loihi-torch").run_program(made, {"x": np.ones((1, 1, 1), bool)}, RunOptions())
    assert "fewer samples" in (caught.value.hint or "")


def test_what_is_available_names_the_device():
    found = load(TARGETS, "loihi-torch").available()
    assert found.ok
    assert found.detail.startswith(f"integer engine, torch {torch.__version__} on {choose_device()}")


@pytest.mark.parametrize("model", sorted(MODELS))
def test_no_model_is_left_out(model):
    rng = np.random.default_rng(0)
    of = random_programs.neurons(rng, "p", model, (40,), 1, calm=False)
    sums = [
        Projection(f"w{port}", "x", "p", rng.integers(-256, 256, (40, 9)), 5, message_bits=16, port=port)
        for port in MODELS[model].inputs
    ]
    made = ChipProgram(1e-3, {"x": InputPort("x", (9,), 16)}, {"p": of}, {p.name: p for p in sums}, ())
    x = {"x": rng.integers(-(1 << 15), 1 << 15, (25, 3, 9))}
    options = RunOptions(probes=STATES)
    found, expected = simulate_torch(made, x, options)[0], reference(made, x, options)
    assert_equal(found, expected)
    assert expected.spikes["p"].any()

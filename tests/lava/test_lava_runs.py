"""Programs on the real Lava, with answers worked out by hand."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import numpy as np
import pytest

from neurotool.errors import BackendFailedError, UnsupportedError, UsageError
from neurotool.ir.adapters import ProgramTarget, RunOptions
from neurotool.ir.program import ChipProgram, InputPort, OutputKind, OutputPort, Population, Projection
from neurotool.plugins import load
from neurotool.targets.lava import lower, target

lava = load("neurotool.targets", "lava")
STATES = RunOptions(probes=("u", "v"))


def lif(name: str, size: int, start: int = 1, shape: tuple[int, ...] | None = None, **parameters) -> Population:
    """A population whose parameters are given as numbers or arrays; the defaults make an integrator."""
    values = {"du": 4095, "dv": 0, "vth": 5, "bias_mant": 0, "bias_exp": 0} | parameters
    arrays = {key: np.broadcast_to(np.asarray(value, np.int64), (size,)).copy() for key, value in values.items()}
    return Population(name, "lif", shape or (size,), arrays, start, scale=64.0)


def program(
    inputs: Mapping[str, InputPort], populations: list[Population], projections: list[Projection], *outputs: OutputPort
) -> ChipProgram:
    return ChipProgram(
        1e-3,
        inputs,
        {p.name: p for p in populations},
        {p.name: p for p in projections},
        outputs or (OutputPort(populations[-1].name, OutputKind.SPIKES),),
    )


def one_neuron(**parameters) -> ChipProgram:
    """One input, one neuron, weight 2: a spike adds 2 << 6 = 128 to u."""
    weights = np.array([[2]])
    return program({"x": InputPort("x", (1,))}, [lif("n", 1, **parameters)], [Projection("w", "x", "n", weights)])


def spikes(*steps: int, total: int) -> np.ndarray:
    """Spikes ``[time, 1, 1]`` at the given steps."""
    raster = np.zeros((total, 1, 1), bool)
    raster[list(steps)] = True
    return raster


def test_target_keeps_its_contract_and_does_not_import_lava():
    assert isinstance(lava, ProgramTarget)
    assert lava.available().ok
    assert lava.available().detail == "lava-nc 0.10.0"
    assert "lava" not in sys.modules


@pytest.mark.lava
def test_one_neuron_by_hand():
    # Current halves every step (2048/4096) and gains 128 per spike; threshold 5 << 6 = 320, strictly above.
    seen = []
    options = RunOptions(probes=("u", "v"), progress=lambda done, total: seen.append((done, total)))
    trace = lava.run_program(one_neuron(du=2047), {"x": spikes(0, 1, 2, 3, 4, total=7)}, options)
    assert trace.states["n"]["u"].ravel().tolist() == [128, 192, 224, 240, 248, 124, 62]
    assert trace.states["n"]["v"].ravel().tolist() == [128, 320, 0, 240, 0, 124, 186]
    assert trace.spikes["n"].ravel().tolist() == [0, 0, 1, 0, 1, 0, 0]
    assert trace.spikes["n"].dtype == np.bool_
    assert trace.outputs["n"] is trace.spikes["n"]
    assert trace.latency == {"n": 1}
    assert (trace.target, trace.steps, trace.batch) == ("lava", 7, 1)
    assert trace.facts["lava"] == "0.10.0"
    assert trace.facts["steps"] == "8"
    assert seen[-1] == (8, 8)
    assert "lava" not in sys.modules


@pytest.mark.lava
def test_samples_are_independent_and_layers_aligned():
    # Each neuron fires on the step after it has seen two more spikes (128 + 128 + 128 > 320), so three per spike.
    chain = program(
        {"x": InputPort("x", (1,))},
        [lif("a", 1, start=1, vth=1), lif("b", 2, start=2, vth=1, bias_mant=[0, 64])],
        [Projection("xa", "x", "a", np.array([[2]])), Projection("ab", "a", "b", np.array([[2], [0]]))],
        OutputPort("b", OutputKind.MEMBRANE),
    )
    x = np.zeros((4, 3, 1), np.uint8)
    x[1, 0], x[3, 1] = 1, 1
    trace = lava.run_program(chain, {"x": x}, STATES)
    # 128 > 64: a fires in the row of its input spike, and b with it, in every sample by itself.
    assert np.array_equal(trace.spikes["a"], x.astype(bool))
    assert np.array_equal(trace.spikes["b"][:, :, 0], x[:, :, 0].astype(bool))
    # The bias of 64 begins at b's own start: 64 does not exceed 64, 128 does, then v is 0 and it begins again.
    assert trace.states["b"]["v"][:, :, 1].tolist() == [[64] * 3, [0] * 3, [64] * 3, [0] * 3]
    assert trace.outputs["b"].dtype == np.float64
    assert trace.outputs["b"][:, 0, 1].tolist() == [1.0, 0.0, 1.0, 0.0]
    assert set(trace.outputs) == {"b"}


@pytest.mark.lava
def test_bias_axon_graded_input_shapes_and_unconnected_parts(monkeypatch):
    # `one` fires in every step from its own start 0 and reaches `n` with its first step.
    parts = program(
        {"x": InputPort("x", (2, 1), message_bits=8), "unused": InputPort("unused", (1,))},
        [lif("one", 1, start=0, vth=0, bias_mant=1), lif("n", 2, shape=(1, 2), vth=131071), lif("alone", 1)],
        [
            Projection("graded", "x", "n", np.array([[2, 0], [0, -4]]), message_bits=8),
            Projection("bias", "one", "n", np.array([[6], [0]]), weight_exp=-1),
        ],
    )
    x = np.array([[[3, -5], [1, 0]], [[0, 0], [-2, 7]]]).reshape(2, 2, 2, 1)
    monkeypatch.setattr(lower, "RUN_BYTES", 1)
    trace = lava.run_program(parts, {"x": x, "unused": np.zeros((2, 2, 1), bool)}, STATES)
    assert trace.spikes["one"].all()
    # u = (weight * payload + 3) << 6 with no memory, v sums it.
    assert trace.states["n"]["u"].tolist() == [[[[576, 1280]], [[320, 0]]], [[[192, 0]], [[-64, -1792]]]]
    assert trace.states["n"]["v"][1].tolist() == [[[768, 1280]], [[256, -1792]]]
    assert not trace.spikes["alone"].any()
    assert np.array_equal(trace.spikes["x"], x)
    assert trace.facts["runs"] == "4"  # two parts, and samples one by one because of the tiny limit


@pytest.mark.lava
def test_samples_shorter_than_the_way_through_the_network():
    # One step per sample: three samples are in the network at once, one in each layer.
    chain = program(
        {"x": InputPort("x", (1,))},
        [lif(name, 1, start=start, vth=1) for start, name in enumerate("abc", start=1)],
        [Projection(f"{s}{t}", s, t, np.array([[2]])) for s, t in ("xa", "ab", "bc")],
    )
    x = np.array([[[1], [0], [1], [1], [0]]], np.uint8)
    trace = lava.run_program(chain, {"x": x}, RunOptions())
    assert [np.array_equal(trace.spikes[name], x) for name in "abc"] == [True] * 3


def test_everything_lava_cannot_run_is_refused_at_once():
    one = np.array([[2]])
    bad = program(
        {"x": InputPort("x", (1,))},
        [
            lif("a", 1, bias_mant=40000),
            lif("b", 1, start=2),
            Population("d", "adaptive", (1,), {}, 1, 1.0),
            Population("r", "ternary_lif", (2,), lif("", 2, vth_hi=[1, 2], vth_lo=0).parameters, 1, 1.0),
        ],
        [
            Projection("xa", "x", "a", one),
            Projection("ab", "a", "b", one, port="a_real"),
            Projection("xd", "x", "d", one),
        ],
    )
    with pytest.raises(UnsupportedError) as caught:
        lava.run_program(bad, {"x": spikes(total=1)}, RunOptions())
    found = sorted((d.rule, d.node, d.found) for d in caught.value.diagnostics)
    assert found == [
        ("NT-PROG-001", "d", "adaptive"),
        ("NT-PROG-003", "a", "40000..40000"),
        ("NT-PROG-004", "r", "1..2"),
        ("NT-PROG-005", "ab", "a_real"),
    ]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "takes the inputs"),
        ({"x": np.zeros((2, 1, 1)), "y": np.zeros((2, 1, 1))}, "takes the inputs"),
        ({"x": np.zeros((2, 1, 2), bool)}, "expected"),
        ({"x": np.zeros((0, 1, 1), bool)}, "is empty"),
        ({"x": np.zeros((2, 1, 1))}, "float64"),
        ({"x": np.full((2, 1, 1), 2)}, r"holds 2\.\.2"),
    ],
)
def test_bad_input(inputs, message):
    with pytest.raises(UsageError, match=message):
        lava.run_program(one_neuron(), inputs, RunOptions())


def test_bad_options():
    with pytest.raises(UsageError, match="simulation") as caught:
        lava.run_program(one_neuron(), {"x": spikes(total=1)}, RunOptions(strict=True))
    assert "loihi" in str(caught.value.hint)
    with pytest.raises(UsageError, match="from reset"):
        lava.run_program(one_neuron(), {"x": spikes(total=1)}, RunOptions(keep_state=True))
    with pytest.raises(UsageError, match="unknown probe w"):
        lava.run_program(one_neuron(), {"x": spikes(total=1)}, RunOptions(probes=("w",)))


def test_no_time_at_all():
    with pytest.raises(BackendFailedError, match=r"within the time limit \(it had done 0 of 2 steps\)") as caught:
        lava.run_program(one_neuron(), {"x": spikes(total=1)}, RunOptions(timeout=0.0))
    assert "--timeout" in str(caught.value.hint)


def test_time_that_runs_out_between_two_jobs(monkeypatch):
    clock = [100.0]
    jobs = []

    def run_job(job, *, deadline, on_step):
        jobs.append((job.steps, deadline))
        clock[0] += 3.0
        return [{"spikes": np.zeros((job.steps, layer.size), bool)} for layer in job.layers], {}

    monkeypatch.setattr(lower, "RUN_BYTES", 1)  # each sample is a job of its own
    monkeypatch.setattr(target, "run_job", run_job)
    monkeypatch.setattr(target.time, "monotonic", lambda: clock[0])
    raster = np.zeros((1, 4, 1), bool)
    with pytest.raises(BackendFailedError, match=r"within the time limit \(it had done 4 of 8 steps\)"):
        lava.run_program(one_neuron(), {"x": raster}, RunOptions(timeout=5.0))
    assert jobs == [(2, 105.0), (2, 105.0)]

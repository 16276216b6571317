"""Chip programs that stand alone: run, inspect and export of NetX files, and states that are saved and gone on from."""

from __future__ import annotations

import net_files
import numpy as np
import pytest

from neurotool.ir.trace_file import load_trace

RNG = np.random.default_rng(8)
WEIGHTS = 2 * RNG.integers(-60, 61, (6, 8))
SECOND = 2 * RNG.integers(-60, 61, (3, 6))


@pytest.fixture
def net(tmp_path):
    return net_files.save(
        tmp_path / "small.net", net_files.source(8), net_files.dense(WEIGHTS), net_files.dense(SECOND)
    )


@pytest.fixture
def data(tmp_path):
    np.savez(tmp_path / "data.npz", x=RNG.random((40, 2, 8)) < 0.4)
    return tmp_path / "data.npz"


def test_the_recording_of_a_run_is_written(neurotool, net, data, tmp_path):
    done = neurotool("run", net, "--input", data, "--probe", "u,v", "-o", tmp_path / "trace.h5", "--json")
    assert done.code == 0, done.err
    trace = load_trace(tmp_path / "trace.h5")
    assert trace.spikes["layer2"].shape == (40, 2, 3)
    assert set(trace.states["layer1"]) == {"u", "v"}
    counted = done.json["data"]["activity"]["program"]["layer1"]["spikes_per_sample"]
    assert counted == np.count_nonzero(trace.spikes["layer1"]) / 2 > 0
    assert neurotool("run", net, "--input", data, "-o", tmp_path / "trace.npz", "--probe", "v").code == 0
    with np.load(tmp_path / "trace.npz") as arrays:
        np.testing.assert_array_equal(arrays["layer1.v"], trace.states["layer1"]["v"])
        np.testing.assert_array_equal(arrays["layer2"], trace.spikes["layer2"])


def test_steps_cut_the_input_or_go_on_in_silence(neurotool, net, data):
    for steps in (10, 60):
        done = neurotool("run", net, "--input", data, "--steps", steps, "--json")
        assert done.json["data"]["steps"] == steps


def test_a_run_goes_on_where_another_stopped(neurotool, net, data, tmp_path):
    with np.load(data) as arrays:
        x = arrays["x"]
    for name, part in {"first": x[:17], "second": x[17:]}.items():
        np.savez(tmp_path / f"{name}.npz", x=part)
    state = tmp_path / "state.h5"
    run = ("--probe", "v", "-o")
    assert neurotool("run", net, "--input", data, *run, tmp_path / "whole.h5").code == 0
    first = neurotool("run", net, "--input", tmp_path / "first.npz", "--save-state", state, *run, tmp_path / "1.h5")
    assert first.code == 0, first.err
    second = neurotool("run", net, "--input", tmp_path / "second.npz", "--resume", state, *run, tmp_path / "2.h5")
    assert second.code == 0, second.err
    whole, halves = load_trace(tmp_path / "whole.h5"), [load_trace(tmp_path / f"{n}.h5") for n in (1, 2)]
    for name in ("layer1", "layer2"):
        np.testing.assert_array_equal(np.concatenate([h.spikes[name] for h in halves]), whole.spikes[name])
        v = np.concatenate([h.states[name]["v"] for h in halves])
        np.testing.assert_array_equal(v, whole.states[name]["v"])
    wrong = neurotool("run", net, "--input", data, "--resume", data)
    assert (wrong.code, "is damaged or not an HDF5 file" in wrong.err) == (2, True)
    kept = neurotool("run", net, "--input", data, "--save-state", state)
    assert (kept.code, "exists" in kept.err) == (2, True)
    fewer = neurotool("run", net, "--input", data, "--resume", state, "--limit", 1)
    assert (fewer.code, "sent/input has shape (1, 2, 8), this run needs (1, 1, 8)" in fewer.err) == (2, False)
    assert "this run needs" in fewer.err


def test_inspect_lists_populations_and_synapses(neurotool, net):
    program = neurotool("inspect", net, "--json").json["data"]["programs"]["program"]
    assert [(p["name"], p["start"]) for p in program["populations"]] == [("layer1", 1), ("layer2", 2)]
    assert [p["connectivity"] for p in program["projections"]] == ["all_to_all", "all_to_all"]
    text = neurotool("inspect", net)
    assert text.code == 0
    assert "layer2" in text.out


def test_export_gives_back_a_file_that_runs_the_same(neurotool, net, data, tmp_path):
    assert neurotool("export", net, "--format", "netx", "-o", tmp_path / "out").code == 0
    again = tmp_path / "out" / "program" / "network.net"
    a, b = (neurotool("run", path, "--input", data, "--json").json["data"]["activity"] for path in (net, again))
    assert a == b
    unknown = neurotool("export", net, "--format", "onnx", "-o", tmp_path / "no")
    assert (unknown.code, "lava-script, netx" in unknown.err) == (2, True)
    assert not (tmp_path / "no").exists()


def test_wrong_data_says_what_the_input_takes(neurotool, net, tmp_path):
    np.savez(tmp_path / "wide.npz", x=np.zeros((4, 1, 9), bool))
    done = neurotool("run", net, "--input", tmp_path / "wide.npz")
    assert done.code == 2
    assert "samples have shape [9], input 'input' takes [8]" in done.err


@pytest.mark.lava
def test_a_run_on_lava_can_be_given_a_time_limit(neurotool, net, data):
    done = neurotool("run", net, "--input", data, "--target", "lava", "--timeout", "1ms")
    assert done.code == 4
    assert "within the time limit" in done.err
    assert "--timeout" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--target", "lava", "--timeout", "30"), "--timeout: '30' has no unit"),
        (("--timeout", "30min"), "--timeout has no meaning for --target loihi"),
    ],
)
def test_a_time_limit_that_means_nothing_is_refused(neurotool, net, data, arguments, said):
    done = neurotool("run", net, "--input", data, *arguments)
    assert (done.code, said in done.err) == (2, True)

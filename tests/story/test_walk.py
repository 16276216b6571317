"""The walk through the README: every command on the trained digits network, with the real Lava."""

from __future__ import annotations

import numpy as np
import pytest

from neurotool.ir.bundle import Bundle
from neurotool.ir.program_file import load_program
from neurotool.ir.trace_file import load_trace


def test_partition_shows_every_node_with_its_reason(neurotool, told):
    done = neurotool("--json", "partition", "examples.quickstart:model", "--calib", told.train, "--encode", "latency",
                     "--steps", "20")  # fmt: skip
    sides = {n["node"]: (n["side"], n["rule"]) for n in done.json["data"]["nodes"]}
    assert done.code == 0
    assert sides["spiking.1"] == ("spiking", "")
    assert sides["head.0"] == ("dense", "NT-PART-002")
    assert [p["name"] for p in done.json["data"]["parts"]] == ["spiking-0", "dense-0"]


def test_run_gives_the_float_accuracy_and_keeps_the_run(neurotool, told):
    integer = neurotool("--json", "run", told.bundle, "--input", told.test)
    floating = neurotool("--json", "run", told.bundle, "--input", told.test, "--target", "gpu")
    assert (integer.code, floating.code) == (0, 0)
    assert floating.json["data"]["accuracy"] >= 0.96
    assert abs(integer.json["data"]["accuracy"] - floating.json["data"]["accuracy"]) <= 0.01
    runs = [run.record.id for run in Bundle.open(told.bundle).runs() if run.record.kind == "run"]
    trace = load_trace(told.bundle / "runs" / runs[0] / "spiking-0.trace.h5")
    assert trace.spikes["spiking.1"].shape == (20, 360, 128)
    assert trace.latency == {"spiking.1.bias": 0, "spiking.1": 1, "spiking.3.bias": 1, "spiking.3": 2}


def test_run_writes_outputs_and_traces_where_told(neurotool, told, tmp_path):
    out = tmp_path / "out.npz"
    assert neurotool("run", told.bundle, "--input", told.test, "--limit", 7, "-o", out).code == 0
    with np.load(out) as written:
        assert written["output"].shape == (7, 10)


@pytest.mark.lava
def test_verify_proves_that_lava_and_the_engine_agree(neurotool, told):
    done = neurotool("--json", "verify", told.bundle, "--input", told.test, "--limit", "lava=12")
    assert done.code == 0, done.err
    certificate = done.json["data"]
    pairs = {(p["a"], p["b"]): p for p in certificate["pairs"]}
    assert certificate["passed"]
    assert pairs["source", "float"]["differing"] == 0
    exact = pairs["loihi", "lava"]
    assert (exact["differing"], exact["samples"]) == (0, 12)
    assert all(n == 0 for states in exact["states"].values() for n in states.values())
    assert exact["slots"] == 12 * 20 * (64 + 1 + 128 + 1 + 64)
    assert certificate["owners"] == {"lif": "lava"}


def test_verify_ends_with_one_when_a_layer_is_wrong(neurotool, copy, told, monkeypatch):
    from dataclasses import replace

    from neurotool.pipeline.runs import model as opened

    def scaled(path):
        program = load_program(path)
        population = program.populations["spiking.3"]
        parameters = {**population.parameters, "vth": population.parameters["vth"] // 4}
        return replace(
            program, populations={**program.populations, "spiking.3": replace(population, parameters=parameters)}
        )

    monkeypatch.setattr(opened, "load_program", scaled)
    done = neurotool("verify", copy(), "--input", told.test, "--against", "float,loihi")
    assert done.code == 1
    assert "spiking.3" in done.out


def test_energy_has_terms_bands_and_sources(neurotool, told):
    done = neurotool("--json", "estimate-energy", told.bundle, "--input", told.test)
    assert done.code == 0
    report = done.json["data"]["report"] if "report" in done.json["data"] else done.json["data"]
    total = report["energy_J"]["total"]
    assert 0 < total["low"] < total["nominal"] < total["high"]
    measured = {"class": "measured trace", "evidence": "measured trace (loihi)", "samples": 360}
    assert report["activity"] == measured
    lines = [line for part in report["parts"] for row in part["rows"] for line in row["arithmetic"]]
    assert lines and all(line["citation"] and line["unit"] for line in lines)
    assert report["whole_model_dense"]["where"] == "cpu-generic"


def test_loihi1_can_be_asked_for(neurotool, told):
    done = neurotool("--json", "estimate-energy", told.bundle, "--input", told.test, "--chip", "loihi1", "--limit", 20)
    assert done.code == 0
    assert "loihi1" in done.out


def test_inspect_lists_files_resources_and_runs(neurotool, told):
    done = neurotool("inspect", told.bundle)
    assert done.code == 0
    for word in ("spiking-0", "synaptic memory per core", "spiking.3.bias", "latency, 20 steps"):
        assert word in done.out


def test_a_part_written_as_nir_converts_again_to_the_same_spikes(neurotool, told, tmp_path):
    bundle = Bundle.open(told.bundle)
    nir_file = bundle.file("spiking-0.nir")
    again = tmp_path / "again"
    coding = ("--calib", told.train, "--encode", "latency", "--steps", "20")
    assert neurotool("convert", nir_file, *coding, "-o", again).code == 0
    a = load_program(bundle.file("spiking-0.program"))
    b = load_program(Bundle.open(again).file("spiking-0.program"))
    for name, projection in a.projections.items():
        np.testing.assert_array_equal(projection.weights, b.projections[name].weights)
        assert projection.weight_exp == b.projections[name].weight_exp
    for name, population in a.populations.items():
        for key, values in population.parameters.items():
            np.testing.assert_array_equal(values, b.populations[name].parameters[key])


def test_strict_runs_hold_on_the_calibrated_data(neurotool, told):
    assert neurotool("run", told.bundle, "--input", told.train, "--strict").code == 0


def test_weights_of_four_bits_are_coarser(neurotool, told, tmp_path):
    coding = ("--calib", told.train, "--encode", "latency", "--steps", "20")
    out = tmp_path / "four"
    assert neurotool("convert", "examples.quickstart:model", *coding, "--weight-bits", 4, "-o", out).code == 0
    program = load_program(Bundle.open(out).file("spiking-0.program"))
    assert np.unique(program.projections["spiking.0"].weights).size <= 16


def test_a_node_can_be_kept_off_the_chip(neurotool, told, tmp_path):
    coding = ("--calib", told.train, "--encode", "latency", "--steps", "20")
    out = tmp_path / "split"
    command = ("convert", "examples.quickstart:model", *coding, "--dense", "spiking.3", "-o", out)
    assert neurotool(*command).code == 0
    manifest = Bundle.open(out).manifest
    assert {p.name: p.nodes for p in manifest.parts}["spiking-0"] == ("spiking.0", "spiking.1")
    done = neurotool("--json", "run", out, "--input", told.test)
    assert done.json["data"]["accuracy"] >= 0.95


def test_export_writes_a_script_and_overwrites_nothing(neurotool, told, tmp_path):
    out = tmp_path / "script"
    done = neurotool("--json", "export", told.bundle, "-o", out)
    assert (done.code, done.json["data"]["tested_on_silicon"]) == (0, False)
    written = ["lava_repairs.py", "network.json", "network.npz", "run_on_lava.py"]
    assert sorted(p.name for p in (out / "spiking-0").iterdir()) == written
    again = neurotool("export", told.bundle, "-o", out)
    assert (again.code, "exists already" in again.err) == (2, True)
    assert neurotool("export", told.bundle, "-o", tmp_path / "x", "--format", "pdf").code == 2

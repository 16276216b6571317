"""What a user does wrong has its exit code, one clear message, no traceback, and leaves nothing behind."""

from __future__ import annotations

import hashlib
import json
import pickle
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import nir
import numpy as np
import pytest

import neurotool as package
from neurotool.ir.manifest import content_digest

CODING = ("--encode", "latency", "--steps", "20")


def refused(done, code, *words):
    assert done.code == code, done.err
    assert "Traceback" not in done.err + done.out
    for word in words:
        assert word in done.err.replace("\n", " "), done.err


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def test_a_missing_file(neurotool, told, out):
    refused(neurotool("convert", "missing.nir", "--dt", "1ms", "-o", out), 2, "missing.nir")
    refused(neurotool("run", told.bundle, "--input", "missing.npz"), 2, "missing.npz")
    refused(neurotool("run", "missing", "--input", told.test), 2, "missing")
    assert not out.exists()


def test_a_text_file_named_nir(neurotool, tmp_path, out):
    (tmp_path / "text.nir").write_text("hello")
    refused(neurotool("convert", tmp_path / "text.nir", "--dt", "1ms", "-o", out), 2, "text.nir", "not an HDF5 file")
    assert not out.exists()


def test_a_truncated_nir_file(neurotool, tmp_path, out):
    whole = tmp_path / "whole.nir"
    nir.write(whole, nir.NIRGraph.from_list(nir.Linear(np.ones((2, 3)))))
    (tmp_path / "cut.nir").write_bytes(whole.read_bytes()[:700])
    refused(neurotool("convert", tmp_path / "cut.nir", "--dt", "1ms", "-o", out), 2, "cut.nir", "damaged")
    assert not out.exists()


def test_what_has_no_meaning_in_a_nir_file_is_listed_together(neurotool, tmp_path, out):
    graph = nir.NIRGraph(
        {
            "input": nir.Input(np.array([1, 4, 4])),
            "conv": nir.Conv2d((4, 4), np.ones((2, 1, 2, 2)), 1, "same", 1, 1, np.zeros(2)),
            "wait": nir.Delay(np.full((2, 4, 4), 1.5e-3)),
            "output": nir.Output(np.array([2, 4, 4])),
        },
        [("input", "conv"), ("conv", "wait"), ("wait", "output")],
    )
    nir.write(tmp_path / "conv.nir", graph)
    done = neurotool("convert", tmp_path / "conv.nir", "--dt", "1ms", "-o", out)
    refused(done, 3, "conv", "NT-NIR-011", "wait", "1.5 steps", "NT-NIR-009")
    assert not out.exists()


def test_a_bare_number_for_dt(neurotool, out):
    refused(neurotool("convert", "x.nir", "--dt", "0.001", "-o", out), 2, "has no unit", "0.001ms")


def test_an_output_folder_that_exists(neurotool, told, tmp_path):
    before = sorted(p.name for p in told.bundle.iterdir())
    refused(
        neurotool("convert", "neurotool.examples.quickstart:model", "--calib", told.train, *CODING, "-o", told.bundle),
        2, "exists already", "--force",
    )  # fmt: skip
    assert sorted(p.name for p in told.bundle.iterdir()) == before
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("precious")
    command = (
        "convert",
        "neurotool.examples.quickstart:model",
        "--calib",
        told.train,
        *CODING,
        "-o",
        tmp_path / "mine",
    )
    refused(neurotool(*command, "--force"), 2, "not a whole bundle")
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "precious"


class Attack:
    """Unpickling an instance creates a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


def test_a_doctored_pt2_does_not_run_its_code(neurotool, copy, told, tmp_path):
    """Somebody edits the dense part and mends the manifest as well, so that every digest is right."""
    bundle, marker = copy(), tmp_path / "ran"
    manifest = json.loads((bundle / "manifest.json").read_text())
    entry = manifest["files"]["dense-0.pt2"]
    path = bundle / entry["path"]
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    root = next(iter(members)).split("/")[0]
    members[f"{root}/data/sample_inputs/model.pt"] = pickle.dumps(Attack(marker))
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    entry |= {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "bytes": path.stat().st_size}
    manifest["sha256"] = content_digest(manifest)
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    refused(neurotool("run", bundle, "--input", told.test, "--limit", 2), 2, path.name)
    assert not marker.exists()


def test_an_edited_and_a_truncated_bundle(neurotool, copy, told):
    bundle = copy()
    program = next(bundle.glob("spiking-0.program*"))
    content = program.read_bytes()
    program.write_bytes(content[:100])
    refused(neurotool("run", bundle, "--input", told.test), 2, program.name, "truncated: 100 of")
    program.write_bytes(content[:-1] + b"!")
    refused(neurotool("inspect", bundle), 2, program.name, "edited")


@pytest.mark.parametrize("change", [{"parts": []}, {"outputs": ["zz"]}, {"dt": 0.5}, {"reasons": []}, {"notes": ["!"]}])
def test_an_edited_manifest(neurotool, copy, told, change):
    bundle = copy()
    manifest = json.loads((bundle / "manifest.json").read_text())
    (bundle / "manifest.json").write_text(json.dumps(manifest | change))
    refused(neurotool("run", bundle, "--input", told.test), 2, "manifest.json", "is edited")


@pytest.fixture
def no_lava(monkeypatch):
    """A machine on which Lava is not installed."""
    from neurotool.targets.lava import target

    monkeypatch.setattr(target, "installed", lambda: {"lava-nc": None, "lava-dl": None})


def test_a_machine_without_lava(neurotool, told, no_lava):
    runs = sorted(told.bundle.glob("runs/*"))
    some = (told.bundle, "--input", told.test, "--limit", 10)
    refused(neurotool("run", *some, "--target", "lava"), 4, "lava", "doctor --fix")
    refused(neurotool("verify", *some, "--against", "loihi,lava"), 4, "lava", "doctor --fix")
    assert sorted(told.bundle.glob("runs/*")) == runs


LEFT_OUT = "Lava: not compared, lava-nc is not installed. To install it: neurotool doctor --fix"


def unwrapped(text):
    """Text as in a terminal that is wide enough."""
    return " ".join(text.split())


def test_without_lava_the_rest_is_compared_and_the_answer_says_so(neurotool, told, copy, no_lava):
    bundle = copy()
    verify = ("verify", bundle, "--input", told.test, "--limit", 10, "--limit", "lava=5", "--no-stages")
    done = neurotool(*verify)
    assert done.code == 0, done.err
    assert LEFT_OUT in unwrapped(done.out)
    found = neurotool(*verify, "--json").json["data"]
    assert [run["name"] for run in found["runs"]] == ["source", "float", "loihi"]
    omitted = [{"form": "lava", "reason": "lava-nc is not installed", "fix": "neurotool doctor --fix"}]
    assert (found["passed"], found["not_compared"]) == (True, omitted)
    kept = json.loads(Path(found["run"], "certificate.json").read_text())
    assert kept["not_compared"] == omitted
    result = package.verify(bundle, told.test, limit=10, no_stages=True, plot=False)
    assert "lava-nc is not installed" in repr(result)
    named = package.verify(bundle, told.test, against="float,loihi", limit=10, no_stages=True, plot=False)
    assert named.certificate.omitted == ()  # nobody asked for it


@pytest.mark.slow
def test_the_demo_without_lava(neurotool, tmp_path, no_lava):
    done = neurotool("demo", "-o", tmp_path / "demo" / "digits")
    assert done.code == 0, done.err
    assert LEFT_OUT in unwrapped(done.out)
    assert "not compared, lava-nc is not installed" in unwrapped(done.out.partition("In short")[2])


def test_data_of_another_shape(neurotool, told, tmp_path):
    np.savez(tmp_path / "small.npz", x=np.zeros((5, 9), np.float32))
    refused(neurotool("run", told.bundle, "--input", tmp_path / "small.npz"), 2, "[9]", "[64]")


def test_data_that_is_no_spikes(neurotool, told, tmp_path):
    np.savez(tmp_path / "values.npz", x=np.random.default_rng(0).random((20, 3, 64)).astype(np.float32))
    command = ("run", told.bundle, "--input", tmp_path / "values.npz", "--encode", "constant", "--steps", "20")
    assert neurotool(*command).code == 2


def test_a_model_with_an_unsupported_neuron(neurotool, tmp_path, monkeypatch, out):
    (tmp_path / "recurrent_model.py").write_text(
        "import norse.torch as n, torch\n"
        "net = n.SequentialState(n.LIFRecurrent(4, 3), n.LSNNRecurrent(3, 2))\n"
        "net.example_input = torch.zeros(5, 2, 4)\n"
    )
    monkeypatch.chdir(tmp_path)
    refused(neurotool("convert", "recurrent_model:net", "-o", out), 3, "LIFRecurrent", "LSNNRecurrent", "NT-TORCH-001")
    assert not out.exists()


def test_a_model_that_does_not_fit_the_chip(neurotool, tmp_path, monkeypatch, out):
    (tmp_path / "wide_model.py").write_text(
        "import norse.torch as n, torch\n"
        "net = n.SequentialState(n.Lift(torch.nn.Linear(5000, 2, bias=False)), n.LIF())\n"
        "net.example_input = torch.zeros(5, 2, 5000)\n"
    )
    monkeypatch.chdir(tmp_path)
    refused(neurotool("convert", "wide_model:net", "-o", out), 1, "NT-PLACE-005", "4096")
    assert not out.exists()


def test_an_encoder_without_a_number_of_steps(neurotool, told, out):
    command = ("convert", "neurotool.examples.quickstart:model", "--encode", "rate", "-o", out)
    refused(neurotool(*command), 2, "--encode rate needs a number of steps", "--steps N")


def test_a_limit_for_something_that_is_not_run(neurotool, told):
    command = ("verify", told.bundle, "--input", told.test, "--against", "float,loihi", "--limit", "lava=3")
    refused(neurotool(*command), 2, "--limit names lava", "float, loihi")


def test_options_of_a_cut_that_nothing_asks_for(neurotool, told):
    source = "neurotool.examples.quickstart:model"
    refused(neurotool("partition", source, "--device", "abacus"), 2, "no device named 'abacus'", "cpu-generic")
    refused(neurotool("partition", source, "--input", told.test), 2, "--input", "--pareto or --min-accuracy")


def test_options_about_one_that_is_not_given(neurotool, told, out):
    source = ("convert", "neurotool.examples.quickstart:model", "--calib", told.train, *CODING, "-o", out)
    refused(neurotool(*source, "--fine-tune-epochs", "3"), 2, "--fine-tune-epochs goes with --fine-tune")
    refused(neurotool(*source, "--learning-rate", "0.1"), 2, "--learning-rate goes with --fine-tune")
    energy = ("estimate-energy", told.bundle, "--input", told.test)
    refused(neurotool(*energy, "--gpu", "h100-sxm"), 2, "--gpu goes with --compare")
    assert not out.exists()


def test_strict_has_no_meaning_for_floats(neurotool, told):
    refused(neurotool("run", told.bundle, "--input", told.test, "--target", "gpu", "--strict"), 2, "--target loihi")


def test_an_output_that_cannot_be_written_is_found_before_the_run(neurotool, told):
    refused(neurotool("run", told.bundle, "--input", told.test, "-o", "/proc/none/x.npz"), 2, "/proc/none/x.npz")


def test_labels_that_name_no_class_are_not_dropped_in_silence(neurotool, told, tmp_path):
    with np.load(told.test) as data:
        np.savez(tmp_path / "labels.npz", x=data["x"], y=data["y"] + 90)
    done = neurotool("--json", "run", told.bundle, "--input", tmp_path / "labels.npz")
    assert done.code == 0
    assert done.json["data"]["notes"][0].startswith("no accuracy: labels 0 to 99")


def test_a_terminated_conversion_leaves_nothing(told, tmp_path):
    source = ("neurotool.examples.quickstart:model", "--calib", str(told.train), *CODING)
    command = ("convert", *source, "-o", str(tmp_path / "b"))
    with subprocess.Popen(
        [sys.executable, "-c", "from neurotool.cli.main import main; main()", *command],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        # The dense half takes seconds to export, and the bundle is half written by then.
        assert any(line.startswith("write dense-0") for line in process.stderr)
        assert [path.name.startswith(".b.staging-") for path in tmp_path.iterdir()] == [True]
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert "Traceback" not in err
    assert process.returncode == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []

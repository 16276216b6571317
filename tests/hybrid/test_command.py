"""Models with several inputs and outputs through the command line, and what it says when something does not fit."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from neurotool import data

DRAW = np.random.default_rng(2)
AUDIO = DRAW.random((10, 6, 12)) < 0.3
VIDEO = DRAW.random((6, 20))
LABELS = np.arange(6) % 4


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """Two branches; the video is encoded into spikes."""
    from neurotool.cli.main import invoke

    folder = tmp_path_factory.mktemp("branches")
    data.save(folder / "calib.npz", {"audio": AUDIO, "video": VIDEO}, LABELS)
    coding = ("--encode", "video=rate", "--steps", "10")
    out, calib = str(folder / "bundle"), str(folder / "calib.npz")
    assert invoke(["-q", "convert", "hybrids:branches", "--calib", calib, *coding, "-o", out]) == 0
    return folder / "bundle"


@pytest.fixture
def samples(bundle):
    return bundle.parent / "calib.npz"


def refused(done, code, *words):
    assert done.code == code, done.err
    assert "Traceback" not in done.err
    for word in words:
        assert word in " ".join(done.err.split()), done.err


def test_a_run_reads_every_input_as_the_bundle_says(neurotool, bundle, samples, tmp_path):
    done = neurotool("--json", "run", bundle, "--input", samples, "-o", tmp_path / "out.h5")
    assert done.code == 0, done.err
    with h5py.File(tmp_path / "out.h5") as file:
        assert file["output"].shape == (6, 4)
    found = {(b["value"], b["target"]): b for b in done.json["data"]["boundaries"]}
    assert set(found) == {
        ("audio", "spiking-0"),
        ("video", "spiking-1"),
        ("audio.1", "dense-0"),
        ("video.1", "dense-0"),
    }
    assert found["audio.1", "dense-0"] | {"error": 0} == {
        "value": "audio.1", "source": "spiking-0", "target": "dense-0", "coding": "counts", "latency_steps": 10,
        "quantum": 0.0, "error": 0, "bytes_per_sample": 64.0,
    }  # fmt: skip
    assert found["audio", "spiking-0"]["bytes_per_sample"] == pytest.approx(4 * AUDIO.sum() / 6)


def test_inspect_and_energy_know_all_inputs(neurotool, bundle, samples):
    shown = neurotool("--json", "inspect", bundle).json["data"]["manifest"]
    assert [(i["name"], i["encode"], i["steps"], i["timed"]) for i in shown["inputs"]] == [
        ("audio", None, 10, True),
        ("video", "rate", 10, True),
    ]
    assert neurotool("estimate-energy", bundle, "--input", samples, "--limit", "2").code == 0


def test_several_outputs_are_all_written(neurotool, made, tmp_path):
    bundle, samples = made("skeleton")
    shown = neurotool("inspect", bundle).out
    assert "Tucker contraction is dense" in " ".join(shown.split())
    done = neurotool("run", bundle, "--input", samples, "--batch", "3", "-o", tmp_path / "out.npz")
    assert done.code == 0, done.err
    with np.load(tmp_path / "out.npz") as written:
        assert {name: written[name].shape for name in written} == {f"output_{n}": (8, 8) for n in range(3)}


def test_a_tucker_fusion_is_one_node(neurotool):
    nodes = neurotool("--json", "partition", "hybrids:skeleton").json["data"]["nodes"]
    found = {node["name"]: node for node in nodes if "fusion" in node["name"]}
    assert {name: node["type"] for name, node in found.items()} == dict.fromkeys(
        ("audio_fusion", "video_fusion"), "neurotool.nn.TuckerFusion"
    )
    assert {node["text"] for node in found.values()} == {"Tucker contraction is dense"}


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"audio": AUDIO}, ["array video is missing, found audio"]),
        ({"audio": AUDIO, "video": VIDEO, "touch": VIDEO}, ["array 'touch' is no input", "audio, video"]),
        ({"audio": AUDIO[..., :5], "video": VIDEO}, ["samples have shape [5], input 'audio' takes [12]"]),
        ({"audio": AUDIO, "video": VIDEO[:2]}, ["audio has 6 samples, video has 2 samples"]),
        ({"x": AUDIO}, ["array audio, video is missing, found x"]),
    ],
)
def test_arrays_that_do_not_fit_are_named(neurotool, bundle, tmp_path, arrays, words):
    data.save(tmp_path / "bad.npz", arrays)
    refused(neurotool("run", bundle, "--input", tmp_path / "bad.npz"), 2, "bad.npz", *words)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--encode", "rate"), ["does not say for which of audio, video", "--encode audio=rate"]),
        (("--encode", "touch=rate"), ["there is no input 'touch'", "audio, video"]),
        (("--encode", "audio=rate", "--encode", "audio=graded"), ["says two things of one input"]),
        (("--batch", "2", "--save-state", "s.h5"), ["--batch has no states to save"]),
    ],
)
def test_options_that_do_not_fit_are_named(neurotool, bundle, samples, tmp_path, monkeypatch, options, words):
    monkeypatch.chdir(tmp_path)
    refused(neurotool("run", bundle, "--input", samples, *options), 2, *words)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("residual", ["--steps 5 means nothing without --encode", "--encode constant|rate"]),
        ("held", ["--steps 5 means nothing with --encode static"]),
        ("skeleton", ["--steps 5 means nothing with --encode static"]),
    ],
)
@pytest.mark.parametrize("verb", ["run", "estimate-energy"])
def test_steps_are_refused_where_nothing_is_encoded(neurotool, made, verb, model, words):
    bundle, samples = made(model)
    refused(neurotool(verb, bundle, "--input", samples, "--steps", "5"), 2, *words)


def test_steps_are_for_the_inputs_that_are_encoded(neurotool, bundle, samples, tmp_path):
    data.save(tmp_path / "short.npz", {"audio": AUDIO[:7], "video": VIDEO}, LABELS)
    options = ("--input", tmp_path / "short.npz", "--steps", "7")
    # Both inputs now have seven steps; the sums were made for ten.
    refused(neurotool("run", bundle, *options), 2, "has 7 time steps, dense-0 was converted for 10")
    refused(neurotool("run", bundle, "--input", samples, "--steps", "7"), 2, "audio has 10 time steps, video has 7")
    refused(neurotool("run", bundle, "--input", samples, "--steps", "0"), 2, "--steps")


def test_a_conversion_without_encoder_refuses_steps(neurotool, made, tmp_path):
    _, samples = made("held")
    options = ("--calib", samples, "--encode", "static", "--steps", "5", "-o", tmp_path / "out")
    refused(neurotool("convert", "hybrids:held", *options), 2, "--steps 5 means nothing with --encode static")


@pytest.mark.parametrize(
    ("coding", "code", "words"),
    [
        ("audio.1", 2, ["'audio.1' is not NODE=CODING"]),
        ("audio.1=morse", 2, ["there is no coding 'morse'"]),
        ("nothing=rate", 2, ["matches no value that crosses", "audio.1"]),
        ("audio.1=rate", 3, ["NT-BOUND-001", "audio.1 cannot cross to", "dense-0 as rate"]),
    ],
)
def test_codings_that_cannot_be_are_named(neurotool, samples, tmp_path, coding, code, words):
    calib = ("--calib", samples, "--encode", "video=rate", "--steps", "10")
    done = neurotool("convert", "hybrids:branches", *calib, "--coding", coding, "-o", tmp_path / "out")
    refused(done, code, *words)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("model", "rule"), [("deciding", "NT-TORCH-002"), ("in_place", "NT-TORCH-011"), ("attending", "NT-TORCH-006")]
)
def test_ill_posed_models_are_refused_with_reasons(neurotool, tmp_path, model, rule):
    refused(neurotool("convert", f"hybrids:{model}", "-o", tmp_path / "out"), 3, rule)


@pytest.mark.slow
def test_compiled_dense_parts_give_the_same(neurotool, bundle, samples, tmp_path):
    plain, fast = tmp_path / "plain.npz", tmp_path / "fast.npz"
    assert neurotool("run", bundle, "--input", samples, "-o", plain).code == 0
    done = neurotool("run", bundle, "--input", samples, "-o", fast, "--compile", "--batch", "3")
    assert done.code == 0, done.err
    with np.load(plain) as a, np.load(fast) as b:
        np.testing.assert_allclose(a["output"], b["output"], rtol=1e-4, atol=1e-5)

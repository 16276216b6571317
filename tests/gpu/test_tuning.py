"""Fine-tuning: the integers run, torch follows them, and what is written is what ran."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurotool import data, pipeline
from neurotool.errors import UnsupportedError, UsageError
from neurotool.ir.adapters import RunOptions
from neurotool.ir.program_file import load_program
from neurotool.pipeline import ConvertOptions
from neurotool.pipeline.conversion.calibration import calibrate, powers
from neurotool.pipeline.conversion.lowering import lower, settings_of
from neurotool.pipeline.conversion.ports import ports_of
from neurotool.pipeline.conversion.splitting import split
from neurotool.pipeline.conversion.trial import Trial
from neurotool.pipeline.conversion.tuning import Lesson, only_part, task_of
from neurotool.pipeline.cuts.accuracy import CutJudge
from neurotool.pipeline.samples import float_inputs, read_new
from neurotool.plugins import TARGETS, load
from neurotool.targets.gpu.tuning.train import replay

FIXTURES = Path(__file__).parents[1] / "interop" / "fixtures"
NETWORKS = {
    "rsynaptic-zero-bias": "snntorch-zero",  # filtered bias through an axon, reset in the next step, a loop
    "rleaky-subtract-no-bias": "snntorch-subtract",
    "conv-subtract": "snntorch-subtract",
}


@pytest.fixture
def samples(tmp_path):
    def make(name, count=12, labels=None, shape=(12,)):
        draw = np.random.default_rng(4)
        data.save(tmp_path / name, draw.random((20, count, *shape)) < 0.3, labels)
        return tmp_path / name

    return make


def source(name):
    return str(FIXTURES / "snntorch" / f"{name}.nir")


def lesson_of(name, path, **chosen):
    options = ConvertOptions(convention=NETWORKS[name], calib=path, search_scales=0, **chosen)
    found = split(source(name), options, CutJudge)
    known = calibrate(found.partition.graph, found.calibration, None)
    part = only_part(found.partition)
    start = lower(part, found, known, options).quantised
    ports = ports_of(part, found.partition, found.calibration, known)
    read = read_new(path, None, None, 0)
    return Lesson(
        found.partition, part, ports, powers(known.ranges, Trial.of(found.partition, part, ports, known).values),
        replace(settings_of(options), scales=start.scales), float_inputs(read, found.partition.graph.inputs), read.y,
    )  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("bits", [6, 16])
def test_the_torch_model_computes_the_integers(name, bits, samples):
    """Spikes and potentials of every step equal the program's, and one float step from them is one rounding off."""
    shape = (2, 6, 6) if name.startswith("conv") else (12,)
    lesson = lesson_of(name, samples("x.npz", shape=shape), weight_bits=bits)
    task = task_of(lesson, epochs=1, learning_rate=1e-3, seed=0)
    tuned = load(TARGETS, "gpu").tune(task)
    apart = {}

    def observe(population, step):
        where = (step.spikes is False) | (np.asarray(step.out) == 0)
        scale = program.populations[population].scale / 64
        apart.setdefault(population, []).append(np.abs(np.where(where, step.v_free - step.v, 0.0)).max() * scale)

    program = lesson.quantise(tuned.weights).program
    values = replay(task, tuned.weights, observe)
    entering = {n: v != 0 for n, v in task.inputs.items()}
    for target in ("loihi", "loihi-torch"):
        trace = load(TARGETS, target).run_program(program, entering, RunOptions())
        for population in lesson.graph.neurons:
            np.testing.assert_array_equal(values[population] > 0, trace.spikes[population])
            assert trace.spikes[population].any()
    assert set(apart) == set(lesson.graph.neurons)
    for population, found in apart.items():
        p = program.populations[population].parameters
        given_back = np.max(np.abs(p["bias_mant"] << p["bias_exp"])) / 64  # what the chip adds for its own roundings
        assert max(found) < 20 + given_back, "units of activation: sums of some ten roundings"


def test_what_is_written_is_what_was_trained(neurotool, samples, tmp_path):
    path, out = samples("x.npz", 24), tmp_path / "bundle"
    options = ("--convention", "snntorch-zero", "--calib", path, "--search-scales", 0, "--fine-tune-epochs", 2)
    network = source("rsynaptic-zero-bias")
    done = neurotool("convert", network, *options, "--fine-tune", path, "-o", out, "--json")
    assert done.code == 0, done.err
    record = done.json["data"]["manifest"]["tuning"]
    assert len(record["losses"]) == 3
    assert record["losses"][record["best_epoch"]] == min(record["losses"]) < record["losses"][0]
    bundle = pipeline.inspect(out)
    held = bundle.programs["spiking-0"]
    before = tmp_path / "before"
    assert neurotool("convert", network, *options[:6], "-o", before, "--json").code == 0
    untuned = pipeline.inspect(before).programs["spiking-0"]
    assert any((p.weights != untuned.projections[n].weights).any() for n, p in held.projections.items())
    # The .nir beside it holds what the integers stand for, so that its float run is nearer to them than rounding is.
    cosines = {}
    for name, where in {"tuned": out, "before": before}.items():
        proof = pipeline.verify(where, path, against=("float", "loihi"), plot=False).certificate
        cosines[name] = proof.pair("float", "loihi").layers["1.lif"].cosine
    assert cosines["tuned"] > cosines["before"]
    again = tmp_path / "again"
    assert neurotool("convert", network, *options, "--fine-tune", path, "-o", again).code == 0
    repeated = pipeline.inspect(again)
    assert repeated.manifest.tuning.losses == bundle.manifest.tuning.losses
    assert repeated.manifest.files["spiking-0.program"].sha256 == bundle.manifest.files["spiking-0.program"].sha256
    assert (
        load_program(out / bundle.manifest.files["spiking-0.program"].path).populations.keys()
        == held.populations.keys()
    )


def test_labels_are_learnt(samples):
    """Eight neurons of the output layer are classes; the labels are drawn at random."""
    labels = np.random.default_rng(1).integers(0, 8, 24)
    lesson = lesson_of("rleaky-subtract-no-bias", samples("y.npz", 24, labels))
    task = task_of(lesson, epochs=6, learning_rate=0.02, seed=0)
    tuned = load(TARGETS, "gpu").tune(task)
    assert min(tuned.losses) < 0.97 * tuned.losses[0]


def test_what_cannot_be_tuned_is_refused(samples, tmp_path, neurotool):
    network, path = source("rleaky-subtract-no-bias"), samples("x.npz")
    options = ("convert", network, "--convention", "snntorch-subtract", "-o", tmp_path / "b")
    no_calibration = neurotool(*options, "--fine-tune", path)
    assert (no_calibration.code, "--calib" in no_calibration.err) == (2, True)
    for flag, value in (("--fine-tune-epochs", 0), ("--learning-rate", -1)):
        done = neurotool(*options, "--fine-tune", path, "--calib", path, flag, value)
        assert (done.code, flag in done.err) == (2, True)
    wrong = samples("y.npz", labels=np.full(12, 99))
    done = neurotool(*options, "--fine-tune", wrong, "--calib", path)
    assert done.code == 2
    assert "labels 0 to 99 do not name a class" in done.err
    assert not (tmp_path / "b").exists()


def test_a_model_without_a_spiking_part_is_refused(samples):
    found = split(source("rleaky-subtract-no-bias"), ConvertOptions(convention="snntorch-subtract"), CutJudge)
    with pytest.raises(UnsupportedError, match="has 0"):
        only_part(replace(found.partition, parts=()))
    with pytest.raises(UsageError, match="name a class"):
        lesson = lesson_of("rleaky-subtract-no-bias", samples("z.npz", labels=np.full(12, 8)))
        load(TARGETS, "gpu").tune(task_of(lesson, epochs=1, learning_rate=1e-3, seed=0))

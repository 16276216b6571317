"""Networks broken on purpose: verify finds layer, step, neuron and pass of every one, in real bundles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nir
import numpy as np
import pytest

from neurotool import data, pipeline
from neurotool.ir.bundle import Bundle, BundleWriter
from neurotool.ir.program_file import load_program, save_program
from neurotool.passes.quantise import rounding
from neurotool.pipeline.conversion import splitting
from neurotool.pipeline.verification import verify
from neurotool.pipeline.verification.stages import Forms, run_form

STEPS, BATCH, DT = 40, 6, 1e-3
PART = "spiking-0"
FIGURES = {"agreement.png", "raster.png", "difference.png", "membrane.png"}
ROUNDINGS = ["write", "compose", "weights", "decays", "thresholds", "integers"]


def lif(size):
    values = {"tau": 0.02, "r": 1.0, "v_leak": 0.0, "v_threshold": 0.2, "v_reset": 0.0}
    return nir.LIF(**{name: np.full(size, value) for name, value in values.items()})


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A network of three layers and a delay, samples for it, and its bundle."""
    folder, rng = tmp_path_factory.mktemp("broken"), np.random.default_rng(3)
    nodes = {
        "x": nir.Input(np.array([12])),
        "w1": nir.Affine(rng.normal(0.4, 0.8, (16, 12)), rng.normal(0, 0.1, 16)),
        "n1": lif(16),
        "wait": nir.Delay(np.full(16, 2 * DT)),
        "w2": nir.Linear(rng.normal(0.5, 1.2, (14, 16))),
        "n2": lif(14),
        "w3": nir.Linear(rng.normal(0.5, 1.2, (10, 14))),
        "n3": lif(10),
        "y": nir.Output(np.array([10])),
    }
    nir.write(folder / "net.nir", nir.NIRGraph(nodes, list(zip(nodes, list(nodes)[1:], strict=False))))
    data.save(folder / "x.npz", rng.random((STEPS, BATCH, 12)) < 0.5)
    pipeline.convert(str(folder / "net.nir"), folder / "good", pipeline.ConvertOptions(dt=DT))
    return folder


def doctored(good: Path, out: Path, change) -> Path:
    """Write a bundle again whose program was changed, with all its digests right."""
    bundle = Bundle.open(good)
    with BundleWriter(out) as writer:
        for key, record in bundle.manifest.files.items():
            path = bundle.file(key)
            if key == f"{PART}.program":
                path = writer.scratch / "program.h5"
                save_program(change(load_program(bundle.file(key))), path)
            writer.add(key, path, "".join(Path(record.path).suffixes[-1:]))
        writer.commit(bundle.manifest.model_copy(update={"files": writer.files}))
    return out


def proof_of(bundle, files):
    return pipeline.verify(bundle, files / "x.npz", against=("float", "engine"), plot=False).certificate


def with_projection(program, name, **changes):
    changed = replace(program.projections[name], **changes)
    return replace(program, projections={**program.projections, name: changed})


def with_population(program, name, parameter, values):
    old = program.populations[name]
    changed = replace(old, parameters={**old.parameters, parameter: values})
    return replace(program, populations={**program.populations, name: changed})


def test_a_sound_bundle_has_no_wrong_stage(files):
    proof = proof_of(files / "good", files)
    assert proof.passed, [pair.failures for pair in proof.pairs]
    assert [stage.name for stage in proof.bisection.stages] == ["discretise", "fold", *ROUNDINGS]
    changes = {stage.name: stage.pair.differing for stage in proof.bisection.stages if stage.pair}
    # Neither a pass in floats nor the composition of linear maps changes a spike; rounding may.
    assert changes["fold"] == changes["write"] == changes["compose"] == 0
    culprit = proof.bisection.culprit()
    assert culprit is None or not culprit.wrong


def test_the_roundings_one_by_one_end_in_the_integers(files):
    """The last float form has every parameter of the program: only the truncation of potentials is left."""
    proof = proof_of(files / "good", files)
    integers = proof.bisection.stages[-1]
    assert integers.pair.differing <= 0.002 * integers.pair.slots
    assert integers.pair.membrane.rms <= 0.005 * integers.pair.membrane.height


def test_one_flipped_weight_is_found(files, tmp_path):
    held = {}

    def flip(program):
        weights = program.projections["w2"].weights.copy()
        held["place"] = np.unravel_index(np.argmax(weights), weights.shape)
        weights[held["place"]] *= -1
        return with_projection(program, "w2", weights=weights)

    proof = proof_of(doctored(files / "good", tmp_path / "bad", flip), files)
    culprit = proof.bisection.culprit()
    assert not proof.passed
    assert (culprit.stage, culprit.wrong, culprit.layer) == ("weights, wrong", True, "n2")
    neuron, source = map(int, held["place"])
    assert culprit.point.neuron == (neuron,)
    (fault,) = proof.bisection.wrong[0].faults
    assert (fault.layer, fault.neuron, fault.source, fault.count) == ("n2", neuron, source, 1)
    assert fault.held == pytest.approx(-fault.wanted, rel=0.02)
    # Before this step, the neuron did not hear the spike that the weight belongs to.
    runs = pipeline.run(files / "good", files / "x.npz").traces[PART]
    assert runs.spikes["n1"][: culprit.point.step - 1, culprit.point.sample, source].any()


def test_one_layer_rounded_at_a_wrong_scale_is_found(files, tmp_path, monkeypatch):
    right = rounding.project

    def wrong(synapses, target, scale, *rest):
        factor = 0.8 if target == "n3" else 1.0
        return right(synapses, target, replace(scale, activation=factor * scale.activation), *rest)

    monkeypatch.setattr(rounding, "project", wrong)
    pipeline.convert(str(files / "net.nir"), tmp_path / "bad", pipeline.ConvertOptions(dt=DT))
    monkeypatch.undo()
    proof = proof_of(tmp_path / "bad", files)
    culprit = proof.bisection.culprit()
    assert (proof.passed, culprit.stage, culprit.layer) == (False, "weights, wrong", "n3")
    (fault,) = proof.bisection.wrong[0].faults
    assert fault.layer == "n3" and fault.count > 0.5 * fault.total
    assert fault.held == pytest.approx(0.8 * fault.wanted, rel=0.05)


def test_a_wrong_threshold_is_found(files, tmp_path):
    def double(program):
        vth = program.populations["n1"].parameters["vth"].copy()
        vth[5] *= 2
        return with_population(program, "n1", "vth", vth)

    proof = proof_of(doctored(files / "good", tmp_path / "bad", double), files)
    culprit = proof.bisection.culprit()
    assert (proof.passed, culprit.stage, culprit.layer) == (False, "thresholds, wrong", "n1")
    assert culprit.point.neuron == (5,)
    (fault,) = proof.bisection.wrong[0].faults
    assert (fault.parameter, fault.neuron, fault.count) == ("threshold", 5, 1)
    assert fault.held == pytest.approx(2 * fault.wanted, rel=0.01)


def test_a_wrong_decay_is_found(files, tmp_path):
    def slower(program):
        dv = program.populations["n2"].parameters["dv"].copy()
        dv[:] = dv // 2
        return with_population(program, "n2", "dv", dv)

    culprit = proof_of(doctored(files / "good", tmp_path / "bad", slower), files).bisection.culprit()
    assert (culprit.stage, culprit.layer, culprit.wrong) == ("decays, wrong", "n2", True)
    assert "14 of 14" in culprit.reasons[0]


def test_a_program_without_the_delay_is_found(files, tmp_path):
    def late(program):
        populations = dict(program.populations)
        for name in ("n2", "n3"):
            populations[name] = replace(populations[name], start=populations[name].start + 2)
        return replace(program, populations=populations)

    proof = proof_of(doctored(files / "good", tmp_path / "bad", late), files)
    culprit = proof.bisection.culprit()
    assert (culprit.stage, culprit.layer) == ("delays, wrong", "n2")
    (fault,) = proof.bisection.wrong[0].faults
    assert (fault.wanted, fault.held) == (2.0, 0.0)


def test_a_lost_connection_is_found(files, tmp_path):
    def lose(program):
        kept = {name: p for name, p in program.projections.items() if name != "w3"}
        return replace(program, projections=kept)

    culprit = proof_of(doctored(files / "good", tmp_path / "bad", lose), files).bisection.culprit()
    assert (culprit.stage, culprit.layer) == ("weights, wrong", "n3")


def test_a_pass_that_drops_a_delay_is_found(files, tmp_path, monkeypatch):
    def forgets(graph):
        wait = replace(graph.nodes["wait"], op=nir.Delay(np.zeros(16)))
        return replace(graph, nodes={**graph.nodes, "wait": wait})

    monkeypatch.setattr(splitting, "PASSES", (*splitting.PASSES, ("forget", "drops a delay", forgets)))
    monkeypatch.setattr("neurotool.pipeline.verification.stages.PASSES", splitting.PASSES)
    pipeline.convert(str(files / "net.nir"), tmp_path / "bad", pipeline.ConvertOptions(dt=DT))
    proof = proof_of(tmp_path / "bad", files)
    culprit = proof.bisection.culprit()
    # Float graph and program agree with each other: only the source shows what is missing.
    assert all(pair.passed for pair in proof.pairs)
    assert (proof.passed, culprit.stage, culprit.layer) == (False, "forget", "n2")
    assert culprit.point.step <= 3
    assert [stage.name for stage in proof.bisection.wrong] == ["forget"]


def test_an_edited_graph_in_the_bundle_is_found(files, tmp_path):
    bundle = Bundle.open(files / "good")
    with BundleWriter(tmp_path / "bad") as writer:
        for key, record in bundle.manifest.files.items():
            path = bundle.file(key)
            if key == f"{PART}.nir":
                graph = nir.read(path)
                graph.nodes["w1"].weight[3] *= -1
                path = writer.scratch / "net.nir"
                nir.write(path, graph)
            writer.add(key, path, "".join(Path(record.path).suffixes[-1:]))
        writer.commit(bundle.manifest.model_copy(update={"files": writer.files}))
    culprit = proof_of(tmp_path / "bad", files).bisection.culprit()
    assert (culprit.stage, culprit.layer, culprit.point.neuron) == ("write", "n1", (3,))


def test_a_lava_that_differs_is_drawn(files, tmp_path, monkeypatch):
    def fires_once_more(model, form, *rest):
        run = run_form(model, "loihi", *rest)
        if form == "lava":
            spikes = run.spikes["n2"].copy()
            spikes[9, 4, 3] ^= True
            run = replace(run, name="lava", spikes={**run.spikes, "n2": spikes})
        return run

    monkeypatch.setattr(verify, "run_form", fires_once_more)
    monkeypatch.setattr(verify, "program_target", lambda form: None)
    out = tmp_path / "figures"
    result = pipeline.verify(files / "good", files / "x.npz", against=("engine", "lava"), stages=False, figures=out)
    pair = result.certificate.pair("loihi", "lava")
    assert (pair.passed, pair.first.layer, pair.first.point.neuron) == (False, "n2", (3,))
    assert {path.name for path in result.figures} == FIGURES


def test_the_command_names_the_culprit_and_ends_with_one(files, tmp_path, neurotool):
    def flip(program):
        weights = program.projections["w2"].weights.copy()
        weights[4] *= -1
        return with_projection(program, "w2", weights=weights)

    bad = doctored(files / "good", tmp_path / "bad", flip)
    done = neurotool("--json", "verify", bad, "--input", files / "x.npz", "--against", "engine")
    culprit = done.json["data"]["stages"]["culprit"]
    assert (done.code, culprit["stage"], culprit["layer"], culprit["wrong"]) == (1, "weights, wrong", "n2", True)
    assert culprit["point"]["neuron"] == [4]
    shown = neurotool(
        "verify", bad, "--input", files / "x.npz", "--against", "engine", "--figures", tmp_path / "figures"
    )
    assert shown.code == 1
    assert "Wrong: weights, wrong" in shown.out
    assert "weights of layer n2" in shown.out
    assert {path.name for path in (tmp_path / "figures").iterdir()} == FIGURES


@pytest.fixture(scope="module", params=[8, 16])
def biased(request, tmp_path_factory):
    """Layers with biases in front of slow currents, calibrated: bias axons, and with wide weights shifted sums."""
    folder, rng = tmp_path_factory.mktemp("biased"), np.random.default_rng(4)
    values = {
        "tau_syn": 0.02,
        "tau_mem": 0.02,
        "r": 1.0,
        "v_leak": 0.0,
        "v_threshold": 0.2,
        "v_reset": 0.0,
        "w_in": 1.0,
    }
    nodes = {
        "x": nir.Input(np.array([12])),
        "w1": nir.Affine(rng.normal(0.1, 0.4, (16, 12)), rng.normal(0, 0.1, 16)),
        "n1": nir.CubaLIF(**{name: np.full(16, value) for name, value in values.items()}),
        "w2": nir.Affine(rng.normal(0.1, 0.4, (10, 16)), rng.normal(0, 0.1, 10)),
        "n2": nir.CubaLIF(**{name: np.full(10, value) for name, value in values.items()}),
        "y": nir.Output(np.array([10])),
    }
    nir.write(folder / "net.nir", nir.NIRGraph(nodes, list(zip(nodes, list(nodes)[1:], strict=False))))
    data.save(folder / "x.npz", rng.random((STEPS, BATCH, 12)) < 0.3)
    options = pipeline.ConvertOptions(dt=DT, calib=folder / "x.npz", weight_bits=request.param)
    pipeline.convert(str(folder / "net.nir"), folder / "good", options)
    return folder


def off_by(steps, program, name):
    """The program with the bias of one neuron some steps of its register higher."""
    mantissas = program.populations[name].parameters["bias_mant"].copy()
    mantissas[3] += steps if mantissas[3] < 0 else -steps
    return with_population(program, name, "bias_mant", mantissas)


def test_a_bias_that_gives_back_losses_is_known_to_a_step(biased, tmp_path):
    proof = proof_of(biased / "good", biased)
    assert not [fault for stage in proof.bisection.stages for fault in stage.faults]
    bundle = doctored(biased / "good", tmp_path / "bundle", lambda program: off_by(3, program, "n2"))
    proof = proof_of(bundle, biased)
    culprit = proof.bisection.culprit()
    assert not proof.passed
    assert (culprit.stage, culprit.wrong) == ("thresholds, wrong", True)
    assert "thresholds of layer n2 (bias): 1 of 10" in culprit.reasons[0]
    assert "neuron 3" in culprit.reasons[0]


def test_a_bundle_that_does_not_say_its_rates_has_no_wrong_bias(biased, tmp_path, monkeypatch):
    monkeypatch.setattr(Forms, "_rates", lambda *_: {})
    assert not [fault for stage in proof_of(biased / "good", biased).bisection.stages for fault in stage.faults]
    bundle = doctored(biased / "good", tmp_path / "bundle", lambda program: off_by(2000, program, "n2"))
    assert "thresholds, wrong" in [stage.name for stage in proof_of(bundle, biased).bisection.wrong]

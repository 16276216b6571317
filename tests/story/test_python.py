"""The verbs from Python take the options of the command line by name, and what they are given as text."""

from __future__ import annotations

import inspect
import json
import shutil
from pathlib import Path

import net_files
import numpy as np
import pytest

import neurotool as package
from neurotool.energy.report import Evidence
from neurotool.errors import UsageError
from neurotool.ir.partition import Side
from neurotool.pipeline import Inspection, PlacementResult, ProgramInspection, ProgramRun

SPEC = "neurotool.examples.quickstart:model"
COUNTS = {
    "schema": "neurotool.activity/1",
    "name": "a task",
    "source": "a paper, table 1",
    "date": "2023",
    "evidence": "recorded rates",
    "steps": 171,
    "cores": 11,
    "layers": [{"name": "all", "synops": {"sparse": 230000}}],
}


@pytest.fixture
def net(tmp_path):
    weights = 2 * np.random.default_rng(8).integers(-60, 61, (6, 8))
    return str(net_files.save(tmp_path / "small.net", net_files.source(8), net_files.dense(weights)))


@pytest.fixture
def spikes(tmp_path):
    np.savez(tmp_path / "spikes.npz", x=np.random.default_rng(8).random((20, 2, 8)) < 0.4)
    return str(tmp_path / "spikes.npz")


def test_energy_takes_its_options_by_name(told, tmp_path):
    counts = tmp_path / "counts.json"
    result = package.estimate_energy(told.bundle, str(told.test), limit=5, compare=True, plot=False, neurobench=counts)
    assert result.comparison is not None
    assert result.report.samples == 5
    assert result.figures == ()
    assert counts.is_file()


def test_energy_needs_no_samples(copy, tmp_path):
    rated = package.estimate_energy(str(copy()), plot=False)
    assert rated.report.samples == 0
    assert rated.report.evidence is not Evidence.MEASURED
    (tmp_path / "counts.json").write_text(json.dumps(COUNTS))
    published = package.estimate_energy(activity=str(tmp_path / "counts.json"), chip="loihi1")
    assert (published.run_dir, published.report.evidence) == (None, Evidence.RECORDED)
    with pytest.raises(UsageError, match="a bundle is needed"):
        package.estimate_energy()
    with pytest.raises(UsageError, match="no samples; --limit cannot"):
        package.estimate_energy("bundle", limit=3)
    with pytest.raises(UsageError, match="BUNDLE cannot be given too"):
        package.estimate_energy("bundle", activity="counts.json", chip="loihi1")
    with pytest.raises(UsageError, match="--compare-with goes with --compare"):
        package.estimate_energy("bundle", compare_with="other")
    with pytest.raises(UsageError, match="no option gpus"):
        package.estimate_energy("bundle", gpus="h100-sxm")


def test_one_pattern_may_stand_alone():
    assert package.partition(SPEC, dense="spiking.*").partition.sides["spiking.1"] is Side.DENSE
    assert package.partition(SPEC, spiking="spiking.?", dense=["head.*"]).partition.sides["spiking.3"] is Side.SPIKING


def test_times_carry_a_unit_or_are_seconds(tmp_path):
    for millisecond in ("1ms", "1000 us", 0.001):
        assert package.partition(SPEC, dt=millisecond).partition.graph.dt == pytest.approx(0.001)
    with pytest.raises(UsageError, match=r"0\.002s: the neurons of .* step by 0\.001 s"):
        package.partition(SPEC, dt="2ms")
    with pytest.raises(UsageError, match="dt: '2' has no unit"):
        package.partition(SPEC, dt="2")
    with pytest.raises(UsageError, match="dt: 0 is not a time"):
        package.partition(SPEC, dt=0)
    with pytest.raises(UsageError, match="max_latency: unknown unit 'parsec'"):
        package.convert(SPEC, tmp_path / "bundle", objective="energy", max_latency="5 parsec")


def test_a_figure_is_asked_for_alone_and_replaces_nothing(tmp_path):
    figure = str(tmp_path / "cuts.png")
    drawn = package.partition(SPEC, objective="energy", figure=figure)
    assert (drawn.figure, drawn.front is None) == (Path(figure), False)
    with pytest.raises(UsageError, match=r"cuts\.png exists"):
        package.partition(SPEC, objective="energy", figure=figure)
    with pytest.raises(UsageError, match="must end in"):
        package.partition(SPEC, figure="cuts.txt")


@pytest.mark.parametrize("on_the_calibration_data", [True, False])
def test_a_conversion_ends_with_a_proof(told, tmp_path, on_the_calibration_data):
    few = str(tmp_path / "few.npz")
    with np.load(told.train) as arrays:
        np.savez(few, **{name: arrays[name][:10] for name in arrays})
    options = {"calib": few, "encode": "latency", "steps": 20, "weight_bits": {"spiking.2": 12}}
    made = package.convert(SPEC, str(tmp_path / "bundle"), verify=on_the_calibration_data or str(told.test), **options)
    assert made.proof.certificate.pairs[0].samples == (10 if on_the_calibration_data else 100)
    assert made.bundle.manifest.options.layer_bits == (("spiking.2", 12),)
    assert made.proof.certificate.passed
    assert "source → float" in repr(made)
    assert made.proof.run_dir.parent.parent == tmp_path / "bundle"


def test_a_proof_needs_data(tmp_path):
    with pytest.raises(UsageError, match="--verify has no data"):
        package.convert(SPEC, tmp_path / "bundle", verify=True)


def test_figures_of_a_certificate_are_written_to_a_folder_given_as_text(told, copy, tmp_path):
    limit = ["float=5", "loihi=5"]
    done = package.verify(copy(), told.test, against="float, engine", limit=limit, no_stages=True,
                          figures=str(tmp_path / "figures"))  # fmt: skip
    assert [(pair.a, pair.b) for pair in done.certificate.pairs] == [("float", "loihi")]
    assert done.figures
    assert all(file.parent == tmp_path / "figures" and file.is_file() for file in done.figures)


def test_a_run_of_a_bundle_is_written_where_it_is_asked_for(told, copy, tmp_path):
    bundle, out = copy(), str(tmp_path / "answers.npz")
    ran = package.run(str(bundle), str(told.test), limit=5, out=out)
    with np.load(out) as kept:
        assert {name: kept[name].shape for name in kept} == {name: v.shape for name, v in ran.outputs.items()}
    with pytest.raises(UsageError, match="exists"):
        package.run(str(bundle), str(told.test), limit=5, out=out)
    assert package.run(str(bundle), str(told.test), limit=4, out=out, force=True).samples == 4


def test_a_program_is_run_stopped_and_gone_on_with(net, spikes, tmp_path):
    state, x = str(tmp_path / "state.h5"), np.load(spikes)["x"]
    for name, part in {"first": x[:7], "second": x[7:]}.items():
        np.savez(tmp_path / f"{name}.npz", x=part)
    whole = package.run(net, spikes, probe="u, v")
    assert isinstance(whole, ProgramRun)
    assert set(whole.trace.states["layer1"]) == {"u", "v"}
    first = package.run(net, tmp_path / "first.npz", save_state=state)
    second = package.run(net, tmp_path / "second.npz", resume=state, out=str(tmp_path / "trace.h5"))
    halves = [half.trace.spikes["layer1"] for half in (first, second)]
    np.testing.assert_array_equal(np.concatenate(halves), whole.trace.spikes["layer1"])
    assert (tmp_path / "trace.h5").is_file()
    with pytest.raises(UsageError, match="--timeout has no meaning for --target loihi"):
        package.run(net, spikes, timeout="30min")
    with pytest.raises(UsageError, match="--batch is for bundles"):
        package.run(net, spikes, batch=2)
    with pytest.raises(UsageError, match="NAME=ENCODER is for bundles"):
        package.run(net, spikes, encode={"x": "rate"})
    with pytest.raises(UsageError, match="must end in"):
        package.run(net, spikes, save_state="state.npz")


def test_bundles_and_programs_are_looked_into(told, net, tmp_path):
    found = package.inspect(str(told.bundle))
    assert isinstance(found, Inspection)
    assert found.manifest.source.spec.endswith("quickstart:model")
    alone = package.inspect(net)
    assert isinstance(alone, ProgramInspection)
    assert list(alone.program.populations) == ["layer1"]
    placed = package.inspect(net, placement=True, chip="loihi1", map=str(tmp_path / "map.png"))
    assert isinstance(placed, PlacementResult)
    assert (placed.placements["program"].chip, placed.maps) == ("loihi1", (tmp_path / "map.png",))
    assert (tmp_path / "map.png").is_file()
    with pytest.raises(UsageError, match="--chip goes with --placement"):
        package.inspect(net, chip="loihi1")


def test_a_program_is_exported(net, spikes, tmp_path):
    files = package.export(net, str(tmp_path / "out"), "netx")
    assert files == (tmp_path / "out" / "program" / "network.net",)
    again, before = (package.run(path, spikes).trace.spikes["layer1"] for path in (files[0], net))
    np.testing.assert_array_equal(again, before)


def test_results_show_themselves_as_short_tables(told, tmp_path):
    result = package.estimate_energy(told.bundle, str(told.test), limit=5, plot=False)
    shown = repr(result)
    assert shown.splitlines()[0].split() == ["of", "one", "inference", "low", "nominal", "high"]
    assert {line.split()[0] for line in shown.splitlines()[1:]} == {
        "dynamic", "static", "host", "boundary", "waiting", "total", "latency",
    }  # fmt: skip
    copy = shutil.copytree(told.bundle, tmp_path / "copy")  # the runs of the shared bundle are counted elsewhere
    ran = package.run(copy, str(told.test), limit=5)
    assert "loihi" in repr(ran)
    assert "(5, 10)" in ran._repr_html_()


def test_the_package_of_the_same_name_is_the_verb_too():
    assert inspect.signature(package.verify).parameters.keys() >= {"bundle", "input", "against", "figures"}
    assert inspect.ismodule(package.verify)

"""Every result shows itself: as tables that fit on a screen, and as HTML in a notebook."""

from __future__ import annotations

import shutil

import net_files
import numpy as np
import pytest

import neurotool as package
from neurotool.pipeline import DemoResult
from neurotool.pipeline.display import Shown, shortened, text_table

SPEC = "neurotool.examples.quickstart:model"
RESULTS = {
    "PartitionResult": "chip",
    "Explanation": "head.0",
    "ConvertResult": "spiking-0",
    "RunResult": "loihi",
    "VerifyResult": "float → loihi",
    "EnergyResult": "latency",
    "DemoResult": "float → loihi",
    "Inspection": "quickstart:model",
    "PlacementResult": "cores",
    "ProgramRun": "layer1",
    "ProgramInspection": "layer1",
}


@pytest.fixture(scope="module")
def results(told, tmp_path_factory):
    """One result of each class, by its name."""
    folder = tmp_path_factory.mktemp("results")
    bundle = shutil.copytree(told.bundle, folder / "copy")  # the runs of the shared bundle are counted elsewhere
    weights = 2 * np.random.default_rng(8).integers(-60, 61, (6, 8))
    net = net_files.save(folder / "small.net", net_files.source(8), net_files.dense(weights))
    np.savez(folder / "spikes.npz", x=np.ones((20, 2, 8), bool))
    cut = package.partition(SPEC)
    converted = package.convert(SPEC, folder / "made")
    ran = package.run(bundle, told.test, limit=5)
    limit = {"float": 5, "loihi": 5}
    verified = package.verify(bundle, told.test, against="float", limit=limit, no_stages=True, plot=False)
    energy = package.estimate_energy(bundle, plot=False)
    made = [
        cut,
        cut.explain("head.0"),
        converted,
        ran,
        verified,
        energy,
        DemoResult(told.test, converted, ran, verified, energy),
        package.inspect(bundle),
        package.inspect(bundle, placement=True),
        package.run(net, folder / "spikes.npz"),
        package.inspect(net),
    ]
    return {type(each).__name__: each for each in made}


def test_all_results_are_looked_at(results):
    ours = [kind for kind in Shown.__subclasses__() if kind.__module__.startswith("neurotool.")]
    assert {kind.__name__ for kind in ours} == set(results) == set(RESULTS)


@pytest.mark.parametrize(("kind", "told_of"), RESULTS.items())
def test_a_result_shows_itself(results, kind, told_of):
    shown = repr(results[kind])
    assert len(shown.splitlines()) <= 40
    assert told_of in shown
    assert results[kind]._repr_html_().startswith("<table")
    assert told_of in results[kind]._repr_html_()


def test_an_explanation_prices_the_other_side(results):
    told = results["PartitionResult"].explain("spiking.1").tables()
    assert [row[0] for row in told[1][1]] == ["on the chip", "in torch"]
    assert all(row[1].endswith("J") for row in told[1][1])
    assert results["Explanation"].tables()[1][1][1][:2] == ("on the chip", "not possible")


def test_long_tables_are_cut_where_they_end():
    rows = [(str(n), "x") for n in range(100)]
    short, long = ((">n", "kind"), rows[:4]), ((">n", "kind"), rows)
    assert [len(table[1]) for table in shortened([long])] == [39]
    assert [len(table[1]) for table in shortened([long, short, long])] == [15, 4, 16]
    assert shortened([long])[0][1][-1] == ("... 62 more", "")
    assert shortened([short]) == [short]
    assert text_table(*shortened([long], 4)[0]).splitlines() == [
        "          n  kind", "          0  x", "          1  x", "... 98 more",
    ]  # fmt: skip


class Many(Shown):
    def tables(self):
        return [(("name", "<b>"), [(f"<{n}>", "") for n in range(500)]) for _ in range(3)]


def test_many_long_tables_fit_too():
    assert len(repr(Many()).splitlines()) == 40
    assert "<b>" not in Many()._repr_html_()

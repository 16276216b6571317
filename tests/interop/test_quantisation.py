"""The study of docs/quantisation.md: its page, its claims, and a quick part of its measurements."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import quantisation_cases as cases
import quantisation_study as study

from neurotool.ir.adapters import RunOptions, SourceOptions
from neurotool.passes.discretise import discretise
from neurotool.pipeline.adapters import read_source, torch_target

RESULTS = json.loads(study.RESULTS.read_text())
NAMES = [f"outliers-{reset}-{seed}" for reset in ("zero", "subtract") for seed in range(5)]


def test_the_page_is_made_of_the_results():
    page = Path(__file__).parents[2] / "docs" / "quantisation.md"
    assert page.read_text() == study.page(RESULTS), (
        "run: python interop/quantisation_study.py --write docs/quantisation.md"
    )


def test_the_study_holds_five_seeds_of_both_resets_at_every_setting():
    assert cases.digit_names() == sorted(NAMES)
    assert sorted(RESULTS["digits"]) == sorted(NAMES)
    for row in RESULTS["digits"].values():
        assert set(row["runs"]) == set(cases.SETTINGS)
        assert row["facts"]["largest weight"] > 4.0  # standard deviations: there are outliers
    wirings = {n: cases.compare.fixture(*n.split(" ")).facts["wiring"] for n in RESULTS["matrix"]}
    assert set(wirings.values()) == {"recurrent", "convolutional"}
    assert list(RESULTS["matrix"]) == [n.name for n in cases.matrix_networks()]


def test_what_the_study_must_show():
    """Split weights keep the hidden spikes, eight bits keep the accuracy, and Lava gives the same integers."""
    for name, row in RESULTS["digits"].items():
        runs = row["runs"]
        assert runs["16 bits"]["cosines"][study.HIDDEN] >= 0.99, name
        best = max(runs[s]["accuracy"] for s in ("8 bits, calibrated", "8 bits, fine-tuned"))
        assert best >= row["facts"]["accuracy"] - 0.01, name
    judged = [r["lava"] for row in RESULTS["digits"].values() for r in row["runs"].values()]
    judged += [r["lava"] for row in RESULTS["matrix"].values() for r in row.values() if isinstance(r, dict)]
    assert len(judged) > 100
    assert all(judged)


@pytest.mark.parametrize("name", ["outliers-zero-4", "outliers-subtract-0"])
def test_floats_reproduce_snntorch_on_the_whole_test_split(name):
    network = cases.digit_network(name)
    options = SourceOptions(convention=network.convention, example=network.test)
    graph = discretise(read_source(str(network.path), options).graph)
    trace = torch_target().run_graph(graph, {graph.inputs[0]: network.test}, RunOptions())
    for population, spikes in network.spikes.items():
        assert spikes.shape[1] == 450
        assert np.count_nonzero(spikes != trace.spikes[population]) <= 1e-4 * spikes.size


@pytest.mark.parametrize("name", ["outliers-zero-4", "outliers-subtract-0"])
def test_split_weights_keep_the_hidden_spikes(name):
    network = cases.digit_network(name)
    found = cases.measure(network, cases.SETTINGS["16 bits"])
    assert found.cosines[study.HIDDEN] >= 0.99
    assert abs(found.accuracy - cases.facts(name)["accuracy"]) <= 0.01
    assert found.accuracy > 0.85

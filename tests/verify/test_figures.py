"""Which pair of runs is drawn: the one that failed, and no other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from neurotool.pipeline.verification.figures import draw_certificate
from neurotool.verify import Arithmetic, Meaning, NamedRun, certify

STEPS, BATCH = 20, 4
RNG = np.random.default_rng(2)
SPIKES = {"hidden": RNG.random((STEPS, BATCH, 5)) < 0.3, "last": RNG.random((STEPS, BATCH, 3)) < 0.3}
V = {name: RNG.normal(size=raster.shape) for name, raster in SPIKES.items()}
MEANINGS = {name: Meaning(1000.0, np.zeros(raster.shape[2:]), np.ones(raster.shape[2:])) for name, raster in V.items()}
FIGURES = ("agreement.png", "raster.png", "difference.png", "membrane.png")


def run(name):
    """One of the forms; the chip has a bias axon, and the source records spikes alone."""
    integer = name in ("loihi", "lava")
    states = {layer: {"v": np.rint(1000 * v).astype(int) if integer else v} for layer, v in V.items()}
    axon = {"hidden.bias": np.ones((STEPS, BATCH, 1), bool)} if integer else {}
    kind = Arithmetic.INTEGER if integer else Arithmetic.FLOAT
    return NamedRun(name, kind, BATCH, {**SPIKES, **axon}, {} if name == "source" else states)


def broken(one, slot=(7, 3, 2), layer="hidden"):
    raster = one.spikes[layer].copy()
    raster[slot] ^= True
    return replace(one, spikes={**one.spikes, layer: raster})


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """Draw the certificate of runs and return the titles by the name of the figure."""
    from neurotool.report import files

    titles, save = {}, files.save

    def kept(figure, path):
        titles[path.name] = figure.get_suptitle()
        save(figure, path)

    monkeypatch.setattr(files, "save", kept)

    def draw(*runs):
        titles.clear()
        names = draw_certificate(certify(runs, meanings=MEANINGS), runs, MEANINGS, 1e-3, lambda name: tmp_path / name)
        assert all((tmp_path / name).stat().st_size for name in names)
        assert set(titles) == set(names)
        return titles

    return draw


@pytest.mark.parametrize("before", [[], ["float"], ["source", "float"]])
def test_a_broken_lava_is_drawn_and_not_the_rounding(drawn, before):
    titles = drawn(*map(run, before), run("loihi"), broken(run("lava")))
    assert set(titles) == set(FIGURES)
    assert titles["difference.png"] == "Spikes of sample 3 (loihi → lava)"
    assert titles["membrane.png"] == "The neuron that differs first (loihi → lava)"
    assert titles["raster.png"] == "Spikes of sample 3 (lava)"


def test_a_source_that_differs_is_drawn_beside_the_float_run(drawn):
    titles = drawn(broken(run("source")), run("float"), run("loihi"))
    assert titles["difference.png"] == "Spikes of sample 3 (source → float)"
    assert titles["membrane.png"] == "The neuron that differs first (source → float)"


def test_where_all_agree_the_rounding_is_drawn(drawn):
    titles = drawn(run("source"), run("float"), run("loihi"), run("lava"))
    assert titles["difference.png"] == "Spikes of sample 0 (float → loihi)"
    assert "membrane.png" not in titles
    rounded = [broken(run(name)) for name in ("loihi", "lava")]
    assert drawn(run("float"), *rounded)["membrane.png"] == "The neuron that differs first (float → loihi)"


def test_equal_engines_are_drawn_as_the_only_pair(drawn):
    assert drawn(run("loihi"), run("lava"))["difference.png"] == "Spikes of sample 0 (loihi → lava)"


def test_a_source_without_layers_leaves_the_others_to_be_drawn(drawn):
    source = replace(run("source"), spikes={}, outputs={"out": np.ones((BATCH, 2))})
    others = [replace(run(name), outputs={"out": np.zeros((BATCH, 2))}) for name in ("float", "loihi")]
    # The first pair fails by its output, but has no layer that could be drawn.
    assert drawn(source, *others)["difference.png"] == "Spikes of sample 0 (float → loihi)"


def test_a_bias_axon_that_differs_has_no_potential_to_draw(drawn):
    titles = drawn(run("float"), run("loihi"), broken(run("lava"), (0, 1, 0), "hidden.bias"))
    assert titles["difference.png"] == "Spikes of sample 1 (loihi → lava)"
    assert "membrane.png" not in titles


def test_a_short_run_does_not_hide_the_sample_that_differs(drawn):
    titles = drawn(run("float"), broken(run("loihi")), run("lava").take(2))
    assert titles["raster.png"] == "Spikes of sample 3 (loihi)"


def test_nothing_is_drawn_of_a_model_without_spikes(drawn):
    runs = [NamedRun(n, Arithmetic.FLOAT, BATCH, {}, outputs={"out": np.ones((BATCH, 2))}) for n in ("source", "float")]
    assert drawn(*runs) == {}

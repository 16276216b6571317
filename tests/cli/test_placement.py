"""``inspect --placement``: every core in a table, a picture, and a refusal that says what would help."""

from __future__ import annotations

from pathlib import Path

import net_files
import numpy as np
import pytest

from neurotool.pipeline.inspection.layouts import map_files

PNG = b"\x89PNG"


@pytest.fixture
def net(tmp_path):
    rng = np.random.default_rng(8)
    layers = [net_files.dense(2 * rng.integers(1, 61, shape)) for shape in ((300, 500), (40, 300))]
    return net_files.save(tmp_path / "small.net", net_files.source(500), *layers)


def test_cores_are_listed_and_drawn(neurotool, net, tmp_path):
    picture = tmp_path / "cores.png"
    done = neurotool("inspect", net, "--placement", "--map", picture, "--json")
    assert done.code == 0, done.err
    (placed,) = done.json["data"]["placements"].values()
    assert sum(np.ptp(held["channels"]) for core in placed["cores"] for held in core["slices"]) >= 340
    assert done.json["data"]["maps"] == [str(picture)]
    assert picture.read_bytes().startswith(PNG)
    text = neurotool("inspect", net, "--placement").out
    assert "synaptic memory" in text
    assert "busiest core" in text
    assert str(placed["cores"][0]["in_axons"]) in text


def test_a_search_says_how_it_went(neurotool, net, tmp_path):
    options = ("--placement-seconds", 0.1, "--seed", 3, "--map", tmp_path / "cores.png", "--json")
    done = neurotool("inspect", net, "--placement", *options)
    (placed,) = done.json["data"]["placements"].values()
    assert "search for 0.1 s, seed 3" in placed["method"]


def test_what_does_not_fit_says_why(neurotool, tmp_path):
    wide = net_files.save(
        tmp_path / "wide.net", net_files.source(5000), net_files.dense(np.full((2, 5000), 2, np.int64))
    )
    done = neurotool("inspect", wide, "--placement", "--chip", "loihi1", "--map", tmp_path / "cores.png")
    assert done.code == 1
    assert "needs 5000 input axons, a core has 4096, 23 % too many" in done.err
    assert "NT-PLACE-005" in done.err
    assert not (tmp_path / "cores.png").exists()


def test_a_look_writes_nothing_unasked(neurotool, net, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    done = neurotool("inspect", net, "--placement", "--json")
    assert (done.code, done.json["data"]["maps"]) == (0, [])
    assert list((tmp_path / "here").iterdir()) == []


def test_a_picture_that_is_there_is_kept(neurotool, net, tmp_path):
    picture = tmp_path / "cores.png"
    picture.write_text("precious")
    done = neurotool("inspect", net, "--placement", "--map", picture)
    assert (done.code, picture.read_text()) == (2, "precious")
    assert "--force" in done.err
    assert neurotool("inspect", net, "--placement", "--map", picture, "--force").code == 0
    assert picture.read_bytes().startswith(PNG)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--seed", 3), "--seed goes with --placement"),
        (("--placement", "--force"), "--force goes with --map"),
        (("--placement", "--map", "cores.txt"), "must end in .png"),
        (("--placement", "--map", "no/such/cores.png"), "is not a file in an existing folder"),
    ],
)
def test_options_that_mean_nothing_are_refused(neurotool, net, arguments, said):
    done = neurotool("inspect", net, *arguments)
    assert (done.code, said in done.err) == (2, True)


def test_several_parts_have_a_picture_each():
    assert map_files(["only"], Path("cores.png")) == {"only": Path("cores.png")}
    assert map_files(["a", "b"], Path("x/cores.png")) == {"a": Path("x/cores-a.png"), "b": Path("x/cores-b.png")}

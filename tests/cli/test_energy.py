"""``estimate-energy --activity``: what it prints, what it refuses, and its figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from neurotool.cli.main import invoke
from neurotool.errors import UsageError

COUNTS = {
    "schema": "neurotool.activity/1",
    "name": "quartz-171",
    "source": "arXiv 2309.16795",
    "date": "2023",
    "evidence": "recorded rates",
    "steps": 171,
    "cores": 11,
    "layers": [
        {
            "name": "all",
            "neurons": 6194,
            "synops": {"sparse": 230000},
            "updates": {"active": 6194 * 171},
            "spikes": 5400,
        }
    ],
}


@pytest.fixture
def counts(tmp_path: Path) -> Path:
    path = tmp_path / "counts.json"
    path.write_text(json.dumps(COUNTS), encoding="utf-8")
    return path


def answer(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = invoke(["estimate-energy", *map(str, arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_published_counts_are_estimated(counts, capsys):
    code, out, _ = answer(capsys, "--activity", counts, "--chip", "loihi1", "--dynamic", "above-boot-idle")
    assert code == 0
    for words in ("86 µJ", "recorded rates (arXiv 2309.16795, 2023)", "'above-boot-idle'", "212 µJ", "static", "host",
                  "What moves the total most", "loihi1.static_chip"):  # fmt: skip
        assert words in out


def test_json_holds_lines_meanings_and_the_tornado(counts, capsys):
    code, out, _ = answer(capsys, "--json", "--activity", counts, "--chip", "loihi1")
    data = json.loads(out)["data"]
    assert code == 0
    assert set(data["energy_J"]) == {"dynamic", "static", "host", "boundary", "waiting", "total"}
    assert set(data["static_J"]) == {"chips powered", "cores powered"}
    assert list(data["dynamic_J"]) == ["cores", "above-ready-idle", "above-leakage", "above-boot-idle"]
    assert data["activity"]["class"] == "recorded rates"
    assert data["tornado"][0]["constant"] == "loihi1.static_chip"
    assert data["run"] is None


def test_one_layer_is_explained_with_every_constant_and_its_source(counts, capsys):
    code, out, _ = answer(capsys, "--activity", counts, "--chip", "loihi1", "--explain", "all")
    text = " ".join(out.split())
    assert code == 0
    assert "230,000 synops x 33.6 pJ = 7.73 µJ" in text
    assert "loihi1.synop_sparse: 23.6 to 37 pJ, fit" in text
    assert "SANA-FE arch/loihi.yaml" in text
    assert "static" not in text
    code, _, err = answer(capsys, "--activity", counts, "--chip", "loihi1", "--explain", "al")
    assert (code, "use one of all, chip" in err) == (2, True)


def test_own_constants_change_the_figure_and_name_their_source(counts, capsys, tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text(
        "loihi1:\n  costs:\n    update_active:\n"
        "      {value: 146, low: 140, high: 150, unit: pJ, basis: silicon, citation: own board, date: 2026}\n",
        encoding="utf-8",
    )
    said = answer(capsys, "--activity", counts, "--chip", "loihi1", "--constants", own, "--explain", "all")
    text = " ".join(said[1].split())
    assert said[0] == 0
    assert "1.05917e+06 updates x 146 pJ = 155 µJ" in text
    assert "own board (2026)" in text
    own.write_text("lohi1: {}\n", encoding="utf-8")
    code, _, err = answer(capsys, "--activity", counts, "--chip", "loihi1", "--constants", own)
    assert (code, "there is no chip or device named 'lohi1'" in err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--activity", "COUNTS"], "--activity needs a chip"),
        (["--activity", "COUNTS", "--chip", "loihi1", "--compare"], "--compare needs a model"),
        (["--activity", "COUNTS", "--chip", "loihi1", "--neurobench", "x.json"], "--neurobench needs a model"),
        (["--activity", "COUNTS", "--chip", "loihi1", "--cross-check", "sana-fe"], "--cross-check needs a model"),
        (["BUNDLE", "--input", "x.npz", "--compare-with", "OTHER"], "add --compare"),
        (["--activity", "COUNTS", "--chip", "loihi1", "--limit", "3"], "--limit cannot be given too"),
        (["BUNDLE", "--activity", "COUNTS", "--chip", "loihi1"], "BUNDLE cannot be given too"),
        ([], "a bundle is needed"),
        (["BUNDLE", "--limit", "3"], "without --input there are no samples; --limit"),
        (["BUNDLE", "--compare"], "--compare needs a run on samples"),
        (["--activity", "COUNTS", "--chip", "loihi9"], "no chip named 'loihi9'"),
        (["--activity", "nothing.json", "--chip", "loihi1"], "cannot be read"),
    ],
)
def test_what_does_not_go_together_is_refused(counts, capsys, arguments, said):
    code, _, err = answer(capsys, *(counts if a == "COUNTS" else a for a in arguments))
    assert (code, said in err) == (2, True)


def test_figures_go_where_they_are_told(counts, capsys, tmp_path):
    folder = tmp_path / "figures"
    assert answer(capsys, "--activity", counts, "--chip", "loihi1", "--figures", folder)[0] == 0
    names = ["energy-devices.png", "energy-layers.png", "energy-terms.png", "energy-tornado.png"]
    assert sorted(path.name for path in folder.iterdir()) == names


def test_figures_that_are_there_are_kept(counts, capsys, tmp_path):
    wanted = ("--activity", counts, "--chip", "loihi1", "--figures", tmp_path / "figures")
    old = tmp_path / "figures" / "energy-terms.png"
    old.parent.mkdir()
    old.write_text("precious")
    code, _, err = answer(capsys, *wanted)
    assert (code, "energy-terms.png exists" in err, "--force" in err) == (2, True, True)
    assert (old.read_text(), list(old.parent.iterdir())) == ("precious", [old])
    assert answer(capsys, *wanted, "--force")[0] == 0
    assert old.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("option", "path", "said"),
    [
        ("--neurobench", "old.json", "old.json exists"),
        ("--neurobench", "counts.txt", "must end in .json"),
        ("--neurobench", "no/counts.json", "is not a file in an existing folder"),
        ("--figures", "old.json", "is not a directory"),
        ("--figures", "/proc/self/figures", "cannot be written to"),
    ],
)
def test_a_bad_place_is_known_before_anything_is_run(counts, capsys, tmp_path, monkeypatch, option, path, said):
    monkeypatch.chdir(tmp_path)
    Path("old.json").write_text("precious")
    # There is no such bundle: what is wrong with the place is said first.
    code, _, err = answer(capsys, "BUNDLE", "--input", "x.npz", option, path)
    assert (code, said in err) == (2, True)
    assert Path("old.json").read_text() == "precious"


def test_a_figure_that_cannot_be_drawn_costs_no_report(counts, capsys, tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise UsageError("figures/energy-layers.png cannot be written: No space left on device")

    monkeypatch.setattr("neurotool.pipeline.energy.estimate.draw_energy", full)
    wanted = ("--activity", counts, "--chip", "loihi1", "--figures", tmp_path / "figures")
    code, out, _ = answer(capsys, *wanted)
    assert code == 0
    assert "86 µJ" in out
    assert "not drawn" in out
    assert "No space left on device" in " ".join(out.split())
    assert "No space left" in " ".join(json.loads(answer(capsys, *wanted, "--json")[1])["data"]["notes"])

"""Training by the protocol: resuming, what is kept, and the whole way to the chip in its quick form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from neurotool.errors import UsageError
from neurotool.examples.common import loop
from neurotool.examples.common.grid import Cell, run_grid, scores_of
from neurotool.examples.common.intervals import interval, paired
from neurotool.examples.common.tables import markdown, put
from neurotool.examples.stft import protocol, study
from neurotool.examples.stft.chip import Deployed, mean_thresholds, with_thresholds
from neurotool.examples.stft.data.choose import DataChoice, load_task
from neurotool.examples.stft.deploy import distances_of
from neurotool.examples.stft.evaluate import distances, tensors
from neurotool.examples.stft.model.options import ModelOptions
from neurotool.examples.stft.runs import RunOptions, evaluate_run, load_run, train_run
from neurotool.examples.stft.scores import score
from neurotool.examples.stft.story import StoryOptions, tell
from neurotool.examples.stft.train import Recipe, Stage, build

QUICK = DataChoice(quick=True)
SMALL = ModelOptions(width=16, heads=2, rank=4)
SHORT = Recipe(epochs=3, batches=3, batch=32)


def test_a_stopped_training_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    task = load_task(QUICK)
    whole, _ = protocol.train_stage(task, SMALL, SHORT, "train", None, 3, tmp_path / "whole", None)

    def stop(stage: str, done: int, total: int, entry: Mapping[str, float]) -> None:
        if done == 2:
            raise KeyboardInterrupt

    told: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        protocol.train_stage(task, SMALL, SHORT, "train", None, 3, tmp_path / "parts", stop)
    again, history = protocol.train_stage(
        task, SMALL, SHORT, "train", None, 3, tmp_path / "parts", lambda _s, done, _t, _e: told.append(done)
    )
    assert told == [3]  # two epochs were not run again
    assert [entry["epoch"] for entry in history] == [1, 2, 3]
    for name, value in whole.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


def test_a_folder_of_another_run_is_refused(tmp_path: Path) -> None:
    task = load_task(QUICK)
    short = replace(SHORT, epochs=1, batches=1)
    protocol.train_stage(task, SMALL, short, "train", None, 1, tmp_path, None)
    with pytest.raises(UsageError, match="other options"):
        protocol.train_stage(task, SMALL, replace(short, seed=1), "train", None, 1, tmp_path, None)
    (tmp_path / "stage1" / loop.STATE).write_bytes(b"damaged")
    with pytest.raises(UsageError, match="cannot be resumed"):
        protocol.train_stage(task, SMALL, short, "train", None, 1, tmp_path, None)


def test_a_short_training_learns_and_its_run_is_kept(tmp_path: Path) -> None:
    options = RunOptions(QUICK, SMALL, replace(SHORT, batches=15, rate=4e-3))
    found = train_run(tmp_path, options)
    assert set(found) == {"both", "video", "audio"}
    history = json.loads((tmp_path / "stage1" / "history.json").read_text())
    assert history[-1]["pull"] < 0.8 * history[0]["pull"]
    kept, model, beta = load_run(tmp_path)
    assert kept == options and not model.training and beta > 0
    assert evaluate_run(tmp_path) == found
    assert (tmp_path / "curves.png").stat().st_size > 10_000
    with pytest.raises(UsageError, match="other options"):
        train_run(tmp_path, replace(options, recipe=replace(options.recipe, seed=3)))
    with pytest.raises(UsageError, match="no finished run"):
        load_run(tmp_path / "nowhere")


def test_the_deployed_module_answers_as_the_model_does() -> None:
    task = load_task(QUICK)
    torch.manual_seed(0)
    options = replace(SMALL, norm="batch", glp="host")
    model = build(task, options, SHORT, "full_train")
    stage = Stage(task, model, SHORT, "full_train", [1e-3])
    stage.epoch(0)
    fixed = with_thresholds(model, mean_thresholds(model, task), single=False)
    module = Deployed(fixed, task, beta=0.5)
    seen = task.splits["test_seen"]
    with torch.no_grad():
        answers = [module(*tensors(task.splits[s], torch.device("cpu"))) for s in ("test_seen", "test_unseen")]
    found = distances_of(torch.cat(answers).numpy(), module, task, len(seen))
    expected = distances(fixed, task, "test", "both")
    np.testing.assert_allclose(found.seen, expected.seen, atol=1e-4)
    assert score(found, 0.5) == score(expected, 0.5)


def test_thresholds_of_the_table_are_the_mean_over_samples() -> None:
    task = load_task(QUICK)
    torch.manual_seed(0)
    model = build(task, replace(SMALL, norm="batch", glp="host"), SHORT, "full_train").eval()
    tables = mean_thresholds(model, task)
    assert float(tables["audio"][0]) == 1.0 and tables["audio"].shape == (10,)
    single = with_thresholds(model, tables, single=True)
    schedule = single.branches["audio"].schedule
    torch.testing.assert_close(schedule, tables["audio"].mean().expand(10))


def test_a_grid_goes_on_where_it_stopped(tmp_path: Path) -> None:
    cells = [Cell(row, {"split": split}) for split in range(2) for row in ("a", "b")]
    ran: list[str] = []

    def run(options: Mapping[str, int]) -> dict[str, float]:
        ran.append(str(options))
        if len(ran) == 3:
            raise KeyboardInterrupt
        return {"HM": float(len(ran))}

    with pytest.raises(KeyboardInterrupt):
        run_grid(cells, run, tmp_path / "grid.json", {"command": "x"})
    results = run_grid(cells, run, tmp_path / "grid.json", {"command": "x"})
    assert len(ran) == 5  # two before the stop, the one that was stopped, and the two that were left
    assert scores_of(results, "a", "HM") == [1.0, 4.0] and scores_of(results, "b", "HM") == [2.0, 5.0]


def test_a_grid_runs_several_cells_at_once(tmp_path: Path) -> None:
    cells = [Cell("square", {"value": value}) for value in (3, 1, 2)]
    told: list[int] = []

    def square(options: Mapping[str, int]) -> dict[str, float]:
        return {"square": float(options["value"] ** 2)}

    results = run_grid(
        cells, square, tmp_path / "grid.json", {"command": "x"}, lambda number, _t, _c: told.append(number), jobs=2
    )
    assert scores_of(results, "square", "square") == [9.0, 1.0, 4.0]  # in the order of the grid, not of the ends
    assert sorted(told) == [0, 1, 2]
    kept = json.loads((tmp_path / "grid.json").read_text())["results"]
    assert sorted(entry["options"]["value"] for entry in kept) == [1, 2, 3]


def test_the_study_has_a_row_for_every_part_and_writes_its_tables() -> None:
    grid = study.cells(2)
    assert len(grid) == 2 * (len(study.ROWS) + len(study.FORMS))
    assert {cell.options["recipe"]["seed"] for cell in grid} == {0, 1}
    results = [
        {"row": cell.row, "options": cell.options, "scores": {
            "S": 0.5, "U": 0.4, "HM": 0.4 + 0.1 * cell.options["split"], "ZSL": 0.6, "parameters": 1e6}}
        for cell in grid
    ]  # fmt: skip
    table = study.ablation_table(results)
    assert "| full model | 2 | 50.0 | 40.0 | 45.0 [-18.5, 108.5] |  | 60.0 [60.0, 60.0] | 1.00 |" in table
    assert "| audio only | 2 | 50.0 | 40.0 | 45.0 [-18.5, 108.5] | +0.0 [+0.0, +0.0] |" in table


def test_intervals_by_hand() -> None:
    found = interval([1.0, 2.0, 3.0])
    # t(0.975, 2) = 4.3027, standard error 1/sqrt(3)
    assert (found.mean, found.low, found.high) == pytest.approx(
        (2.0, 2 - 4.3027 / 3**0.5, 2 + 4.3027 / 3**0.5), abs=1e-3
    )
    assert paired([3.0, 5.0], [1.0, 3.0]).text(unit=1, sign=True) == "+2.0 [+2.0, +2.0]"
    assert interval([4.0]).text(unit=1) == "4.0"


def test_tables_are_put_in_their_place(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- t -->\nold\n<!-- /t -->\nafter\n")
    put(page, "t", markdown(["a", "b"], [["x", 1]]))
    assert page.read_text() == "before\n<!-- t -->\n| a | b |\n|---|---:|\n| x | 1 |\n<!-- /t -->\nafter\n"
    with pytest.raises(UsageError, match="no place"):
        put(page, "u", "")


@pytest.mark.lava
@pytest.mark.slow
def test_the_quick_story_goes_all_the_way_to_lava(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    monkeypatch.setenv("NEUROTOOL_STFT", "")
    notes: list[str] = []
    text = tell(StoryOptions(tmp_path, quick=True), notes.append)
    lines = {line.split(" | ")[0].removeprefix("| "): line.split(" | ") for line in text.splitlines() if " | " in line}
    assert lines["loihi and lava"][3] == "0" and lines["source and float"][3] == "0"
    assert int(lines["loihi and lava"][2].replace(",", "")) > 1000
    assert lines["all in torch"][1] == "0"
    assert any("hybrid" in name for name in lines) and "8-bit weights, on the engine" in lines
    assert (tmp_path / "sample.png").is_file() and (tmp_path / "cuts.png").is_file()

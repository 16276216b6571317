"""The encoder on its way to the chip: folding, copies, rounding, and the quick story through the command line."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from neurotool import data as files
from neurotool.errors import UsageError
from neurotool.examples.ashnets.command import main
from neurotool.examples.ashnets.corpus.sentences import ANSWERS, vocabulary
from neurotool.examples.ashnets.deploy import Deployed
from neurotool.examples.ashnets.deploy.ladder import rounded, scores_with
from neurotool.examples.ashnets.model import SMALL, AshNet
from neurotool.examples.ashnets.runs import RunOptions, load_data
from neurotool.examples.ashnets.study import FULL, MEAN, ROWS, options_of, study_table
from neurotool.examples.ashnets.training.finetune import accuracies

WIDTH = 16


def network(**changes) -> AshNet:
    """A network whose statistics have seen a few tokens, so that folding has something to fold."""
    torch.manual_seed(0)
    net = AshNet(replace(SMALL, **{"width": WIDTH, "heads": 2} | changes), len(vocabulary()) + 4, len(ANSWERS))
    if net.abstract is not None:
        with torch.no_grad():
            for _ in range(20):
                net.abstract(torch.randn(16, 9, net.config.width))
    return net.eval()


def test_the_deployed_encoder_equals_the_trained_one_with_any_number_of_copies():
    net, tokens = network(), torch.randn(12, 9, WIDTH)
    with torch.no_grad():
        wanted = net.abstract(tokens).latent
        one = Deployed(net)(tokens.flatten(0, 1)).view_as(wanted)
        all_at_once = Deployed(net, 9)(tokens.flatten(1)).view_as(wanted)
    torch.testing.assert_close(one, wanted)
    torch.testing.assert_close(all_at_once, wanted)
    assert (wanted != 0).any()


@pytest.mark.parametrize("changes", [{"mixer": "spiking"}, {"decode": "weighted"}, {"abstract": "ann"}], ids=str)
def test_what_has_no_form_on_a_chip_is_refused(changes):
    with pytest.raises(UsageError, match="no form on a chip"):
        Deployed(network(**changes))


def test_the_weights_of_a_program_are_the_encoders_within_a_rounding_step(tmp_path):
    from neurotool import pipeline
    from neurotool.pipeline.runs.model import Model

    encoder = Deployed(network())
    path = tmp_path / "tokens.npz"
    tokens = torch.randn(40, WIDTH)
    files.save(path, tokens.numpy())
    made = pipeline.convert(encoder, tmp_path / "bundle", pipeline.ConvertOptions(calib=path, encode="static"))
    codings = {(b.source, b.target): b.coding for b in made.bundle.manifest.boundaries}
    assert codings["dense-0", "spiking-0"] == "constant"
    assert codings["spiking-0", "dense-1"] == "counts"
    (program,) = Model(made.bundle).programs.values()
    changed = rounded(encoder, program)
    for before, after in zip(encoder.chain.layers[1:], changed.chain.layers[1:], strict=True):
        step = float(before.weight.abs().max()) / 127
        assert 0.0 < float((after.weight - before.weight).abs().max()) <= 2 * step
    # Kept features are what was computed: the file gives the same latents as the tokens.
    (output,) = pipeline.run(tmp_path / "bundle", path, target="gpu").outputs.values()
    np.testing.assert_allclose(output, encoder(tokens).detach().numpy(), rtol=1e-5, atol=1e-6)


def test_tasks_with_the_encoders_own_latents_are_the_networks():
    options = RunOptions(train=8, validation=8, test=24, model=replace(SMALL, width=WIDTH, heads=2))
    test = load_data(options).splits["test"]
    net = network()
    with torch.no_grad():
        found = net.see(test.pictures)
    own = scores_with(net, test, found.concrete, found.abstract.latent)
    assert {task: own[task] for task in ("answer", "entailment", "pair")} == accuracies(net, test)
    some = scores_with(net, test, found.concrete, found.abstract.latent.numpy(), torch.arange(4))
    assert set(some) == {"answer", "entailment", "pair"}


def test_the_study_compares_rows_on_the_same_seeds():
    def entry(row, seed, mean):
        scores = dict.fromkeys(("answer", "entailment", "pair", "match", "text R@1", "picture R@1"), mean)
        return {"row": row, "options": {"seed": seed}, "scores": scores | {MEAN: mean, "parameters": 1000.0}}

    table = study_table([entry(FULL, 0, 0.5), entry(FULL, 1, 0.7), entry("T = 1", 1, 0.6), entry("T = 2", 0, 0.4)])
    rows = {line.split(" | ")[0].strip("| "): line.split(" | ") for line in table.splitlines()[2:]}
    assert rows[FULL][2].startswith("60.0 [")
    assert rows[FULL][7] == ""
    assert rows["T = 1"][7] == "-10.0"
    assert rows["T = 2"][7] == "-10.0"


def test_every_row_of_the_study_changes_the_one_thing_that_it_names():
    full = options_of(FULL, 0)
    for row in ROWS:
        changed = options_of(row, 0)
        assert (changed == full) == (row == FULL)
        assert (changed.train, changed.finetune) == (full.train, full.finetune)


@pytest.mark.lava
@pytest.mark.slow
def test_the_quick_story_goes_all_the_way(tmp_path):
    out = tmp_path / "story"
    result = CliRunner().invoke(main, ["story", "--quick", "--out", str(out)])
    assert result.exit_code == 0, result.output
    agreement = [line.split(" | ") for line in (out / "agreement.md").read_text().splitlines()[2:]]
    lava = [row for row in agreement if row[0] == "| loihi → lava"]
    assert len(lava) >= 3
    assert all(int(row[2]) >= 50 and int(row[3]) == 0 and int(row[4]) > 0 for row in lava)
    assert all("agree" in row[-1] for row in agreement)
    for name in ("tasks", "layers", "work", "ladder", "energy"):
        assert (out / f"{name}.md").stat().st_size > 100
    for name in ("pretrain", "finetune", "examples", "layers", "energy-terms", "agreement"):
        assert (out / f"{name}.png").stat().st_size > 5000
    again = CliRunner().invoke(main, ["evaluate", "--out", str(out)])
    found = json.loads(again.stdout)
    assert len(found["layers"]) == 3
    assert all(0.05 <= layer["rate"] <= 0.3 for layer in found["layers"])


def test_mistakes_are_told_without_a_traceback(tmp_path):
    runner = CliRunner()
    nothing = runner.invoke(main, ["finetune", "--out", str(tmp_path / "none")])
    assert nothing.exit_code == 2
    assert "python -m neurotool.examples.ashnets pretrain" in nothing.output
    wrong = runner.invoke(main, ["pretrain", "--out", str(tmp_path), "--set", "model.legs=4"])
    assert wrong.exit_code == 2
    assert "model.legs" in wrong.output
    kind = runner.invoke(main, ["pretrain", "--out", str(tmp_path), "--set", "model.steps=many"])
    assert kind.exit_code == 2
    assert not (tmp_path / "options.json").exists()

"""Training: repeatable, resumable, with losses that fall; scores of spikes by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from neurotool.errors import UsageError
from neurotool.examples.ashnets import runs, scores
from neurotool.examples.ashnets.model import Config
from neurotool.examples.ashnets.training.finetune import FinetuneOptions, accuracies, retrieval, seen
from neurotool.examples.ashnets.training.pretrain import PretrainOptions

TINY = runs.RunOptions(
    train=96,
    validation=16,
    test=24,
    model=Config(width=16, heads=2),
    pretrain=PretrainOptions(epochs=2, batch=32),
    finetune=FinetuneOptions(epochs=2, batch=32),
)
DATA = runs.load_data(TINY)


def both(folder=None, options=TINY):
    network = runs.build(options)
    history = [entry for stage in runs.STAGES for entry in runs.train(stage, network, options, DATA, folder)]
    return network, history


@pytest.mark.parametrize("stage", runs.STAGES)
def test_a_stopped_training_goes_on_to_the_same_weights(tmp_path, stage):
    whole = runs.build(TINY)
    history = runs.train(stage, whole, TINY, DATA, tmp_path / "whole")

    class StoppedError(Exception):
        pass

    def stop(*told):
        raise StoppedError

    broken = runs.build(TINY)
    with pytest.raises(StoppedError):
        runs.train(stage, broken, TINY, DATA, tmp_path / "parts", stop)
    again = runs.build(TINY)
    assert runs.train(stage, again, TINY, DATA, tmp_path / "parts") == history
    for name, value in whole.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


def test_a_finished_stage_is_read_back_and_an_unfinished_one_is_refused(tmp_path):
    runs.keep_options(tmp_path, TINY)
    network, _ = both(tmp_path)
    assert runs.load_options(tmp_path) == TINY
    loaded, history = runs.trained(tmp_path, "finetune", TINY)
    assert len(history) == 2
    with torch.no_grad():
        assert torch.equal(seen(loaded, DATA.splits["test"].pictures), seen(network, DATA.splits["test"].pictures))
    with pytest.raises(UsageError, match="epoch 2 of 3"):
        runs.trained(tmp_path, "finetune", replace(TINY, finetune=replace(TINY.finetune, epochs=3)))
    with pytest.raises(UsageError, match="other options"):
        runs.keep_options(tmp_path, replace(TINY, seed=1))
    with pytest.raises(UsageError, match="is not there"):
        runs.trained(tmp_path / "none", "pretrain", TINY)


def test_each_loss_falls():
    options = replace(TINY, pretrain=replace(TINY.pretrain, epochs=8), finetune=replace(TINY.finetune, epochs=6))
    _, history = both(options=options)
    first, second = history[:8], history[8:]
    # The queue of contrast starts with random keys, which are easy; it is full of real ones after six epochs.
    for stage, names in ((first, ("words", "stua")), (second, ("answer", "entailment", "pair"))):
        for name in names:
            assert stage[-1][name] < stage[0][name], name
    assert first[-1]["activity"] == 0.0


def test_spike_counts_have_rates_and_entropies_by_hand():
    """Two units, four samples, three steps: one always fires once, one fires 0, 1, 2 or 3 times."""
    layer = scores.layer_of(torch.tensor([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0], [1.0, 3.0]]), 3)
    assert layer.rate == pytest.approx((1 / 3 + 1 / 2) / 2)
    assert layer.least == pytest.approx(1 / 3)
    assert layer.silent == 0.0
    assert layer.usage == pytest.approx((0.0 + 2.0) / 2)


def test_language_alone_is_the_most_frequent_answer_after_the_same_opening():
    test = DATA.splits["test"]
    found = scores.priors(test, test)
    assert all(0.0 < share <= 1.0 for share in found.values())
    # On its own answers the prior is at least as good as the most frequent one of all.
    for task, labels in test.labels.items():
        assert found[task] >= float((labels == labels.mode().values).float().mean())


def test_scores_from_given_latents_are_the_networks_own():
    network, test = runs.build(TINY).eval(), DATA.splits["test"]
    visual = seen(network, test.pictures)
    assert accuracies(network, test, visual) == accuracies(network, test)
    assert retrieval(network, test, 10, visual) == retrieval(network, test, 10)
    half = accuracies(network, test, visual, torch.arange(12))
    assert set(half) == {"answer", "entailment", "pair"}
    assert all((12 * share) % 1 == 0 for share in half.values())


def test_retrieval_of_a_perfect_matcher_is_perfect(monkeypatch):
    network, test = runs.build(TINY).eval(), DATA.splits["test"]
    size = 10

    def match(task, texts, visual, words):
        same = (visual[:, 0, :1] == words[:, 0, :1]).float()
        return torch.cat([1 - same, same], dim=1)

    monkeypatch.setattr(network, "answer", match)
    marks = torch.arange(size).float()[:, None, None].expand(size, 9, 16)
    monkeypatch.setattr(network.text, "forward", lambda texts: marks[:, : texts.shape[1]])
    found = retrieval(network, test, size, marks)
    assert found["text R@1"] == found["picture R@1"] == 1.0

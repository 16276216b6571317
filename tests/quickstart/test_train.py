"""Training and the checkpoint that keeps its result."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from neurotool.examples.quickstart import data, train
from neurotool.examples.quickstart.network import CLASSES, PIXELS, HybridNet

SHORT = train.Recipe(epochs=3, peak_rate=2e-2)


def weights(network: HybridNet) -> list[torch.Tensor]:
    return list(network.state_dict().values())


def test_scores_and_rates_have_the_documented_shapes() -> None:
    network = HybridNet()
    assert network.example_input.shape == (data.STEPS, 2, PIXELS)
    assert network(network.example_input).shape == (2, CLASSES)
    assert "example_input" not in network.state_dict()


def test_a_short_training_learns_and_repeats_itself() -> None:
    told: list[tuple[int, int]] = []
    before = torch.random.get_rng_state()
    network = train.train(SHORT, lambda done, total: told.append((done, total)))
    assert torch.equal(before, torch.random.get_rng_state())  # the caller's random stream is its own
    again = train.train(SHORT)
    digits = data.load()

    assert told == [(1, 3), (2, 3), (3, 3)]
    assert train.accuracy(network, digits.test_x, digits.test_y) > 0.6  # one in ten by chance
    assert all(torch.equal(a, b) for a, b in zip(weights(network), weights(again), strict=True))


def test_a_checkpoint_is_used_and_a_damaged_one_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = train.Recipe(epochs=1)
    monkeypatch.setenv("NEUROTOOL_CACHE", str(tmp_path / "cache"))
    first = train.trained(recipe)
    path = train.checkpoint(recipe)
    assert list(path.parent.iterdir()) == [path]  # and no half-written file beside it
    assert "training" in capsys.readouterr().err

    monkeypatch.setattr(train, "train", pytest.fail)
    second = train.trained(recipe)
    assert all(torch.equal(a, b) for a, b in zip(weights(first), weights(second), strict=True))
    assert capsys.readouterr().err == ""

    monkeypatch.undo()
    monkeypatch.setenv("NEUROTOOL_CACHE", str(tmp_path / "cache"))
    path.write_bytes(path.read_bytes()[:100])
    third = train.trained(recipe)
    assert "damaged" in capsys.readouterr().err
    assert all(torch.equal(a, b) for a, b in zip(weights(first), weights(third), strict=True))


def test_another_recipe_has_another_checkpoint() -> None:
    assert train.checkpoint(train.Recipe()) == train.checkpoint(train.Recipe())
    assert train.checkpoint(train.Recipe()) != train.checkpoint(train.Recipe(seed=1))


def test_the_factory_stays_a_factory(monkeypatch: pytest.MonkeyPatch) -> None:
    from neurotool.examples import quickstart

    monkeypatch.setattr(train, "trained", HybridNet)
    assert isinstance(quickstart.model(), HybridNet)
    assert isinstance(quickstart.model(), HybridNet)  # no import on the way may have shadowed the function

"""Losses and scores against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from neurotool.examples.stft import losses, scores
from neurotool.examples.stft.data.task import Samples
from neurotool.examples.stft.train import balanced, negatives


def test_the_triplet_loss_by_hand() -> None:
    av, text = torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0]])
    other_av, other_text = torch.tensor([[3.0, 1.0]]), torch.tensor([[0.0, 5.5]])
    # |av - text| = 5. First term: 5 - 5.5 + 1 = 0.5. Second: |text - other_av| = 3, 5 - 3 + 1 = 3. Half of the sum.
    assert float(losses.triplet(av, text, other_av, other_text)) == pytest.approx(1.75, abs=1e-4)
    assert float(losses.triplet(av, av, other_text * 9, other_text * 9)) == 0.0


def test_the_pull_is_the_mean_over_modalities_of_the_squared_distance_per_feature() -> None:
    text = torch.tensor([[1.0, 1.0]])
    theta = {"audio": torch.tensor([[1.0, 3.0]]), "video": torch.tensor([[0.0, 1.0]])}
    assert float(losses.pull(theta, text)) == pytest.approx((2.0 + 0.5) / 2)  # type: ignore[arg-type]
    assert float(losses.pull({"video": theta["video"]}, text)) == pytest.approx(0.5)


def test_the_total_weighs_the_parts_as_quoted() -> None:
    parts = losses.Losses(torch.tensor(1.0), torch.tensor(2.0), torch.tensor(4.0))
    assert float(parts.total) == 0.5 * 1 + 0.5 * (2 + 4)


def hand_made() -> scores.Distances:
    """Classes 0 and 1 are seen, 2 is unseen, 3 takes no part though it is always nearest."""
    return scores.Distances(
        seen=np.array([[1.0, 2.0, 1.5, 0.0], [1.0, 2.0, 1.5, 0.0], [2.0, 1.0, 3.0, 0.0]]),
        seen_target=np.array([0, 1, 1]),
        unseen=np.array([[1.0, 3.0, 1.4, 0.0], [0.2, 3.0, 2.0, 0.0]]),
        unseen_target=np.array([2, 2]),
        seen_classes=np.array([0, 1]),
        unseen_classes=np.array([2]),
    )


def test_scores_without_and_with_calibration_by_hand() -> None:
    plain = scores.score(hand_made(), 0.0)
    # Class 0: 1 of 1. Class 1: 1 of 2, so S is 0.75 per class (2 of 3 per sample). No unseen sample is named 2.
    assert (plain.seen, plain.unseen, plain.zsl, plain.harmonic) == (0.75, 0.0, 1.0, 0.0)
    raised = scores.score(hand_made(), 0.45)
    # 1.0 + 0.45 < 1.5, so seen samples stay right; the first unseen one goes from 0 (1.45) to 2 (1.4).
    assert (raised.seen, raised.unseen) == (0.75, 0.5)
    assert raised.harmonic == pytest.approx(2 * 0.75 * 0.5 / 1.25)


def test_calibration_takes_the_smallest_of_the_best_betas() -> None:
    found = scores.calibrate(hand_made(), np.array([0.0, 0.42, 0.45, 5.0]))
    assert found.beta == 0.42


def test_chance_is_one_class_of_all() -> None:
    guess = scores.chance(80, 20)
    assert (guess.seen, guess.unseen, guess.zsl) == (0.01, 0.01, 0.05)
    assert guess.harmonic == pytest.approx(0.01)


def test_negatives_are_of_another_class_and_classes_are_drawn_alike() -> None:
    target = np.array([0, 0, 0, 0, 0, 0, 1, 2])
    torch.manual_seed(0)
    for _ in range(50):
        assert (target[negatives(target)] != target).all()
    assert negatives(np.zeros(3, np.int64)).shape == (3,)
    empty = np.zeros((8, 1), np.float32)
    odds = balanced(Samples(empty, empty, target)).numpy()
    assert [math.isclose(odds[target == c].sum(), 1.0) for c in range(3)] == [True] * 3

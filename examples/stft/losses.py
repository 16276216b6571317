"""The three losses (equations 16 to 18) and their sum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import mse_loss, triplet_margin_loss

from .model.options import Modality
from .model.stft import Embedded, SpikingTuckerTransformer

MARGIN = 1.0


@dataclass(frozen=True, eq=False)
class Losses:
    """The parts of the loss, a number each.

    Attributes:
        triplet: L_t, distances to the own text and to another one.
        pull: L_p, distance of each modality to its text.
        rebuild: L_r, reconstruction of features and text.
    """

    triplet: Tensor
    pull: Tensor
    rebuild: Tensor

    @property
    def total(self) -> Tensor:
        """``0.5 L_t + 0.5 (L_p + L_r)``, the paper's weights as third parties quote them."""
        return 0.5 * self.triplet + 0.5 * (self.pull + self.rebuild)


def joint(theta: Mapping[Modality, Tensor]) -> Tensor:
    """Mean of the points of the modalities, ``[batch, output]``."""
    return torch.stack(list(theta.values())).mean(0)


def triplet(av: Tensor, text: Tensor, other_av: Tensor, other_text: Tensor) -> Tensor:
    """Equation 16 on points ``[batch, output]``: a foreign text and a foreign sample must be farther by a margin."""
    return 0.5 * (
        triplet_margin_loss(av, text, other_text, margin=MARGIN)
        + triplet_margin_loss(text, av, other_av, margin=MARGIN)
    )


def pull(theta: Mapping[Modality, Tensor], text: Tensor) -> Tensor:
    """Equation 17: mean over the modalities of the squared distance per feature."""
    return torch.stack([mse_loss(points, text) for points in theta.values()]).mean()


def rebuild(model: SpikingTuckerTransformer, embedded: Embedded, points: Tensor, words: Tensor) -> Tensor:
    """Equation 18: encoder features from points, and words from the points of samples and of the text.

    Args:
        model: Gives the decoders.
        embedded: The samples.
        points: Points of their texts, ``[batch, output]``.
        words: Their class embeddings, ``[batch, text]``.
    """
    terms = [mse_loss(model.rebuild[m](p), embedded.phi[m]) for m, p in embedded.theta.items()]
    terms += [mse_loss(model.text_decoder(p), words) for p in (*embedded.theta.values(), points)]
    return torch.stack(terms).mean()


def losses(model: SpikingTuckerTransformer, embedded: Embedded, words: Tensor, other: Tensor) -> Losses:
    """All losses of a batch.

    Args:
        model: The model that made it.
        embedded: The samples.
        words: Their class embeddings, ``[batch, text]``.
        other: For each sample the number of one of another class in the batch, its negative, ``[batch]``.
    """
    points, av = model.text(words), joint(embedded.theta)
    return Losses(
        triplet(av, points, av[other], points[other]),
        pull(embedded.theta, points),
        rebuild(model, embedded, points, words),
    )

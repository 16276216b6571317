"""Operations that stand for what a loop does between its steps."""

from __future__ import annotations

import torch

DELAYED = "delayed"
"""Key in the metadata of a node that calls :func:`delayed`: the node whose value of the step before it stands for."""


def hold(value: torch.Tensor, steps: int) -> torch.Tensor:
    """Give a value in every step: ``[batch, ...]`` becomes ``[time, batch, ...]``."""
    return value.expand(steps, *value.shape)


def delayed(steps: int, samples: int, shape: tuple[int, ...]) -> torch.Tensor:
    """Stand for the value that another node had in the step before, with zeros of its shape."""
    return torch.zeros(steps, samples, *shape)

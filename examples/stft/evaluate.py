"""Runs a model over splits and scores it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from .data.task import Samples, SplitName, Task
from .model.options import Modality
from .model.stft import SpikingTuckerTransformer
from .scores import Distances, FloatArray

Head = Literal["both", "video", "audio"]
"""Whose distance counts: the sum of both, or one alone. AVCA and its followers use the video's."""

CHUNK = 512


def device_of(model: torch.nn.Module) -> torch.device:
    """Where the parameters are."""
    return next(model.parameters()).device


def tensors(samples: Samples, device: torch.device) -> tuple[Tensor, Tensor]:
    """Audio and video as tensors."""
    return torch.from_numpy(samples.audio).to(device), torch.from_numpy(samples.video).to(device)


@torch.no_grad()
def points(model: SpikingTuckerTransformer, samples: Samples) -> dict[Modality, Tensor]:
    """Points of all samples by modality, ``[sample, output]``, in evaluation mode."""
    model.eval()
    parts = []
    for chosen in np.array_split(np.arange(len(samples)), max(1, -(-len(samples) // CHUNK))):
        parts.append(model(*tensors(samples.take(chosen), device_of(model))).theta)
    return {m: torch.cat([part[m] for part in parts]) for m in parts[0]}


@torch.no_grad()
def text_points(model: SpikingTuckerTransformer, text: FloatArray) -> Tensor:
    """Points of class embeddings, ``[class, output]``."""
    model.eval()
    return model.text(torch.from_numpy(np.asarray(text, np.float32)).to(device_of(model)))


def distance(theta: Mapping[Modality, Tensor], text: Tensor, head: Head) -> FloatArray:
    """Euclidean distances ``[sample, class]``: the sum over the modalities that count and are there."""
    counted = [points for m, points in theta.items() if head in ("both", m) or len(theta) == 1]
    return torch.stack([torch.cdist(p, text) for p in counted]).sum(0).cpu().numpy()


def distances(model: SpikingTuckerTransformer, task: Task, stage: Literal["val", "test"], head: Head) -> Distances:
    """Distances of the samples that judge a stage.

    Args:
        model: The model.
        task: The data.
        stage: ``val`` after stage 1, ``test`` after stage 2.
        head: Whose distance counts.
    """
    seen_split: SplitName = "val_seen" if stage == "val" else "test_seen"
    unseen_split: SplitName = "val_unseen" if stage == "val" else "test_unseen"
    text = text_points(model, task.text)
    seen, unseen = task.splits[seen_split], task.splits[unseen_split]
    return Distances(
        seen=distance(points(model, seen), text, head),
        seen_target=seen.target,
        unseen=distance(points(model, unseen), text, head),
        unseen_target=unseen.target,
        seen_classes=task.present("train" if stage == "val" else "full_train"),
        unseen_classes=task.present(unseen_split),
    )

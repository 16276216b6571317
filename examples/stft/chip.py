"""From the trained model to one that a chip can hold: one change at a time, and the module that is converted.

The reference model has three things a chip has not: a normalisation that looks at each sample, a gain that does, and a
threshold that does. Each is replaced by its nearest fixed form and the model is trained again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from ..common.spiking import Chain, StepNorm, fold
from .data.task import Task
from .evaluate import device_of, tensors, text_points
from .model.branch import Block, SpikingBranch
from .model.options import MODALITIES, ModelOptions
from .model.stft import SpikingTuckerTransformer

LADDER: dict[str, dict[str, Any]] = {
    "float model": {},
    "batch normalisation, which folds": {"norm": "batch"},
    "learned static gain in blocks 2 and 3": {"norm": "batch", "glp": "host"},
}
"""Trained rungs; what follows changes numbers only."""


def rung(changes: dict[str, Any], base: ModelOptions) -> ModelOptions:
    """Options of a rung."""
    return replace(base, **changes)


@torch.no_grad()
def mean_thresholds(model: SpikingTuckerTransformer, task: Task) -> dict[str, Tensor]:
    """Threshold in each step, averaged over the training samples, by modality, ``[time]``."""
    spiked = model.eval()(*tensors(task.splits["full_train"], device_of(model))).spiked
    return {m: found.thresholds.mean((1, 2)) for m, found in spiked.items()}


def with_thresholds(model: SpikingTuckerTransformer, tables: dict[str, Tensor], *, single: bool) -> (
    SpikingTuckerTransformer
):  # fmt: skip
    """Return the same model with a table of thresholds in place of the dynamic ones.

    Args:
        model: A trained model.
        tables: From :func:`mean_thresholds`.
        single: One number for all steps, the mean of the table, for chips without a schedule.
    """
    fixed = SpikingTuckerTransformer(replace(model.options, threshold="schedule"), model.sizes).to(device_of(model))
    fixed.load_state_dict(model.state_dict())
    for modality, branch in fixed.branches.items():
        table = tables[modality]
        cast("SpikingBranch", branch).schedule.copy_(table.mean().expand_as(table) if single else table)
    return fixed.eval()


class DeployedBranch(nn.Module):
    """A branch as the chip runs it: the first block's current comes from the host, the others are folded."""

    def __init__(self, branch: SpikingBranch) -> None:
        super().__init__()
        first, *rest = cast("list[Block]", list(branch.blocks))
        assert isinstance(first.norm, StepNorm)
        self.enter = fold(first.linear, first.norm)
        self.pool = first.pool
        layers: list[nn.Linear | None] = [None, *(_folded(block) for block in rest)]
        table = branch.schedule
        single = bool((table == table[0]).all())
        neuron = replace(branch.neuron, threshold=float(table[0])) if single else branch.neuron
        self.chain = Chain(layers, neuron, None if single else table)

    def forward(self, values: Tensor) -> Tensor:
        """Spikes of the last block, ``[time, batch, width]``."""
        return self.chain(self.pool(self.enter(values)))  # type: ignore[no-any-return]  # modules are called untyped


class Deployed(nn.Module):
    """The whole model for ``neurotool convert``: recordings in, one score per class out.

    The score of a class is minus the distance to its text, less β for seen classes, so that the largest one is the
    answer. Texts are points that were computed once.

    Args:
        model: A model with foldable normalisation, static gains and a threshold table.
        task: Gives the class embeddings and what was seen.
        beta: Calibration of seen classes.
        samples: Samples of the example input.

    Attributes:
        classes: The classes of the scores: those that take part in the test.
        example_inputs: Recordings with which the model can be traced, by the name of the input.
    """

    texts: Tensor
    raised: Tensor

    def __init__(self, model: SpikingTuckerTransformer, task: Task, beta: float, samples: int = 2) -> None:
        super().__init__()
        model = model.cpu().eval()
        self.inputs, self.encoders = model.inputs, model.encoders
        self.branches = nn.ModuleDict({m: DeployedBranch(cast("SpikingBranch", model.branches[m])) for m in MODALITIES})
        self.factors, self.evened, self.evened_semantic = model.factors, model.evened, model.evened_semantic
        self.combiner, self.fusions, self.joint, self.heads = model.combiner, model.fusions, model.joint, model.heads
        self.modality = nn.Parameter(model.modality.detach().clone(), requires_grad=False)
        self.classes = task.present("full_train", "test_unseen")
        seen = torch.from_numpy(np.isin(self.classes, task.present("full_train")))
        self.register_buffer("raised", beta * seen.float())
        self.register_buffer("texts", text_points(model, task.text[self.classes]))
        some = task.splits["full_train"].take(torch.arange(samples).numpy())
        self.example_inputs = dict(zip(MODALITIES, tensors(some, torch.device("cpu")), strict=True))
        self.eval()

    def forward(self, audio: Tensor, video: Tensor) -> Tensor:
        """Scores ``[batch, class]`` of recordings ``[time, batch, feature]``."""
        heard, seen = self.inputs["audio"](audio), self.inputs["video"](video)
        known_audio, known_video = self.combiner(
            self.encoders["audio"](heard.mean(0)), self.encoders["video"](seen.mean(0))
        )
        fused_audio = self._fuse("audio", known_audio, heard)
        fused_video = self._fuse("video", known_video, seen)
        tokens = self.joint(torch.stack([fused_audio, fused_video], 1) + self.modality)
        near_audio = self._distance(self.heads["audio"](tokens[:, 0]))
        near_video = self._distance(self.heads["video"](tokens[:, 1]))
        return -(near_audio + near_video + self.raised)

    def _fuse(self, modality: str, known: Tensor, values: Tensor) -> Tensor:
        spikes = self.branches[modality](values)
        read = self.evened[modality](self.factors[modality](spikes))
        return self.fusions[modality](self.evened_semantic[modality](known), read)  # type: ignore[no-any-return]

    def _distance(self, points: Tensor) -> Tensor:
        """Euclidean distance to every text, ``[batch, class]``."""
        return (points.unsqueeze(1) - self.texts).square().sum(-1).sqrt()


def _folded(block: Block) -> nn.Linear:
    assert isinstance(block.norm, StepNorm)
    return fold(block.linear, block.norm, block.pool.gain.detach())

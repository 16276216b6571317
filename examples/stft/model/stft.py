"""The whole model."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .branch import Spiked, SpikingBranch, TimeStepFactor
from .encoders import TransformerLayer, embedding, projection
from .fusion import fusion
from .knowledge import KnowledgeCombiner
from .options import MODALITIES, Modality, ModelOptions, Sizes


@dataclass(frozen=True, eq=False)
class Embedded:
    """What the model makes of a batch, by modality.

    Attributes:
        theta: Points in the joint space, ``[batch, output]``.
        phi: Outputs of the semantic encoders, ``[batch, width]``.
        spiked: What the spiking branches did; empty without them.
    """

    theta: dict[Modality, Tensor]
    phi: dict[Modality, Tensor]
    spiked: dict[Modality, Spiked]


class SpikingTuckerTransformer(nn.Module):
    """Spiking Tucker fusion transformer: audio and video of a sample become points near the text of its class.

    Args:
        options: See :class:`ModelOptions`.
        sizes: Widths of the data.
    """

    def __init__(self, options: ModelOptions, sizes: Sizes) -> None:
        super().__init__()
        self.options, self.sizes = options, sizes
        width, used = options.width, options.used
        self.inputs = nn.ModuleDict({m: Standardise(sizes.of(m)) for m in used})
        self.encoders = nn.ModuleDict(
            {m: embedding(sizes.of(m), width, width, options.dropout, options.momentum) for m in used}
        )
        if options.streams != "spiking" and options.lkc:
            self.combiner = KnowledgeCombiner(options)
        if options.streams != "semantic":
            self.branches = nn.ModuleDict({m: SpikingBranch(sizes.of(m), options) for m in used})
            self.factors = nn.ModuleDict({m: TimeStepFactor(width, options.steps, options.tsf) for m in used})
            # A busier modality must not dominate the product, nor one of its factors the other.
            self.evened = nn.ModuleDict({m: nn.LayerNorm(width) for m in used})
            self.evened_semantic = nn.ModuleDict({m: nn.LayerNorm(width) for m in used})
        single = options.streams != "both"
        self.fusions = nn.ModuleDict({m: nn.Linear(width, width) if single else fusion(options) for m in used})
        self.modality = nn.Parameter(0.02 * torch.randn(len(used), width))
        self.joint = nn.Sequential(
            *(TransformerLayer(width, options.heads, options.dropout) for _ in range(options.depth))
        )
        self.heads = nn.ModuleDict({m: embedding(width, width, options.output, options.dropout) for m in used})
        self.text_head = projection(sizes.text, options.output, options.rebuild_dropout)
        self.text_decoder = projection(options.output, sizes.text, options.rebuild_dropout)
        self.rebuild = nn.ModuleDict({m: projection(options.output, width, options.rebuild_dropout) for m in used})

    def forward(self, audio: Tensor, video: Tensor) -> Embedded:
        """Embed samples: features ``[batch, feature]`` or sequences ``[time, batch, feature]``."""
        given: dict[Modality, Tensor] = {"audio": audio, "video": video}
        values = {m: self.inputs[m](given[m]) for m in self.options.used}
        phi = {m: self._encode(m, values[m]) for m in self.options.used}
        spiked: dict[Modality, Spiked] = {}
        read: dict[Modality, Tensor] = {}
        if self.options.streams != "semantic":
            spiked = {m: self.branches[m](values[m]) for m in self.options.used}
            read = {m: self.evened[m](self.factors[m](spiked[m].spikes)) for m in self.options.used}
        theta = self._theta(self._fuse(phi, read))
        return Embedded(theta, {m: p if p.dim() == 2 else p.mean(0) for m, p in phi.items()}, spiked)

    def text(self, words: Tensor) -> Tensor:
        """Points of class embeddings ``[class, text]`` in the joint space, ``[class, output]``."""
        return self.text_head(words)  # type: ignore[no-any-return]  # modules are called untyped

    def _encode(self, modality: Modality, values: Tensor) -> Tensor:
        """Semantic features: of the mean over time, or of every step."""
        if values.dim() == 3 and self.options.semantics == "frames":
            return self.encoders[modality](values.flatten(0, 1)).unflatten(0, values.shape[:2])  # type: ignore[no-any-return]
        return self.encoders[modality](values.mean(0) if values.dim() == 3 else values)  # type: ignore[no-any-return]

    def _fuse(self, phi: dict[Modality, Tensor], read: dict[Modality, Tensor]) -> dict[Modality, Tensor]:
        if self.options.streams == "spiking":
            return {m: self.fusions[m](read[m]) for m in self.options.used}
        semantic = self._combine(phi)
        if self.options.streams == "semantic":
            return {m: self.fusions[m](semantic[m]) for m in self.options.used}
        return {m: self.fusions[m](self.evened_semantic[m](semantic[m]), read[m]) for m in self.options.used}

    def _combine(self, phi: dict[Modality, Tensor]) -> dict[Modality, Tensor]:
        """Latent knowledge; a missing modality is silent."""
        if not self.options.lkc:
            return {m: p if p.dim() == 2 else p.mean(0) for m, p in phi.items()}
        silence = torch.zeros_like(next(iter(phi.values())))
        combined = self.combiner(*(phi.get(m, silence) for m in MODALITIES))
        return {m: c for m, c in zip(MODALITIES, combined, strict=True) if m in phi}

    def _theta(self, fused: dict[Modality, Tensor]) -> dict[Modality, Tensor]:
        """Joint reasoning over one token per modality, then the projection of each."""
        tokens = self.joint(torch.stack([fused[m] for m in self.options.used], 1) + self.modality)
        return {m: self.heads[m](tokens[:, number]) for number, m in enumerate(self.options.used)}


class Standardise(nn.Module):
    """Subtracts the mean of each feature over the training data and divides by its standard deviation."""

    mean: Tensor
    scale: Tensor

    def __init__(self, features: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("scale", torch.ones(features))

    def fit(self, values: Tensor) -> None:
        """Take the statistics of ``[..., feature]``."""
        flat = values.flatten(0, -2)
        self.mean.copy_(flat.mean(0))
        self.scale.copy_(1 / flat.std(0).clamp_min(1e-6))

    def forward(self, values: Tensor) -> Tensor:
        """Standardise ``[..., feature]``."""
        return (values - self.mean) * self.scale

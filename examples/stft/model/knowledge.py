"""The latent knowledge combiner: learned slots that both modalities are read through (equations 1 to 4)."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from .encoders import TransformerLayer
from .options import MODALITIES, ModelOptions


class KnowledgeCombiner(nn.Module):
    """Reads audio and video features through learned slots and lets them attend to each other.

    With encoder outputs X_m of modality m, slots K_i, and products by element:

    1. ``K_om = sum_i sigmoid(X_m K_i) * X_m``
    2. ``P_m = relu(W_m K_om + b_m)``, the gate
    3. ``K_t = alpha (P_a K_oa + P_v K_ov) + (1 - alpha) K_{t-1}``, with a learned prior as K_0
    4. ``K_tm = K_om + P_m + K_t``, then self-attention over (K_ta, K_tv, K_t)

    The state K_t goes from step to step of one sample, never from batch to batch: that would make the embedding of a
    sample depend on its neighbours.
    """

    neurotool_whole: ClassVar[bool] = True
    dense_because: ClassVar[str] = "learned slots and attention are dense"

    def __init__(self, options: ModelOptions) -> None:
        super().__init__()
        width = options.width
        shape = (options.slots, width, width) if options.slot == "matrix" else (options.slots, width)
        self.slots = nn.Parameter(torch.randn(shape) / width**0.5)
        self.gates = nn.ModuleDict({m: nn.Linear(width, width) for m in MODALITIES})
        self.prior = nn.Parameter(torch.zeros(width))
        self.share = nn.Parameter(torch.zeros(()))  # alpha = sigmoid(0) = 1/2
        self.attention = TransformerLayer(width, options.heads, options.dropout)
        self.residual = options.lkc_residual
        self.norm = nn.LayerNorm(width) if options.lkc_residual else nn.Identity()

    def forward(self, audio: Tensor, video: Tensor) -> tuple[Tensor, Tensor]:
        """Combine encoder outputs, ``[batch, width]`` or ``[time, batch, width]``; returns R_a, R_v ``[batch, width]``.

        Of a sequence, the tokens are averaged over its steps before they attend to each other.
        """
        if audio.dim() == 2:
            audio, video = audio[None], video[None]
        alpha = torch.sigmoid(self.share)
        state = self.prior.expand_as(audio[0])
        read = {"audio": self.read(audio), "video": self.read(video)}
        gate = {m: torch.relu(self.gates[m](read[m])) for m in MODALITIES}
        states = []
        for update in gate["audio"] * read["audio"] + gate["video"] * read["video"]:
            state = alpha * update + (1 - alpha) * state
            states.append(state)
        steps = torch.stack(states)
        tokens = [read[m] + gate[m] + steps for m in MODALITIES] + [steps]
        mixed = self.attention(torch.stack([token.mean(0) for token in tokens], 1))
        return self._keep(audio, mixed[:, 0], alpha), self._keep(video, mixed[:, 1], alpha)

    def read(self, features: Tensor) -> Tensor:
        """Equation 1."""
        if self.slots.dim() == 3:
            count, width, _ = self.slots.shape
            keys = features @ self.slots.transpose(0, 1).flatten(1)  # all slots in one product
            match = torch.sigmoid(keys.view(*keys.shape[:-1], count, width)).sum(-2)
        else:
            match = torch.sigmoid(features[..., None, :] * self.slots).sum(-2)
        return match * features

    def _keep(self, encoded: Tensor, combined: Tensor, alpha: Tensor) -> Tensor:
        """Add the result to the encoder's output where the residual form is asked for."""
        if not self.residual:
            return combined
        base = encoded.mean(0)
        gained: Tensor = self.norm(combined - base)
        return base + 0.2 * alpha * gained

"""Values that wait: edges with a delay, and ``nir.Delay``."""

from __future__ import annotations

from collections.abc import Callable

import nir
import numpy as np
import torch
from torch import nn


def wait(raster: torch.Tensor, steps: int) -> torch.Tensor:
    """Shift a raster ``[time, ...]`` to later steps; zeros come first and its end is lost."""
    if steps == 0:
        return raster
    kept = max(len(raster) - steps, 0)
    return torch.cat([torch.zeros_like(raster[: len(raster) - kept]), raster[:kept]])


class Delay(nn.Module):
    """Holds each element back by steps of its own, for ``nir.Delay``.

    Args:
        op: The node; its delays are in seconds.
        shape: Shape of the value.
        dt: Length of a time step in seconds; delays are rounded to whole steps.
    """

    lags: torch.Tensor

    def __init__(self, op: nir.Delay, shape: tuple[int, ...], dt: float) -> None:
        super().__init__()
        steps = np.rint(np.asarray(op.delay, np.float64) / dt).astype(np.int64)
        self.longest = int(steps.max(initial=0))
        self.register_buffer("lags", torch.from_numpy(np.array(np.broadcast_to(steps, shape))))

    def forward(self, raster: torch.Tensor) -> torch.Tensor:
        """Map ``[time, batch, *shape]`` to the same shape."""
        before = torch.zeros_like(raster[:1]).expand(self.longest, *raster.shape[1:])
        return self._pick(torch.cat([before, raster]))

    def stepper(self) -> Callable[[torch.Tensor], torch.Tensor]:
        """Start a run; each call of the result is one step of ``[batch, *shape]``."""
        past: list[torch.Tensor] = []

        def advance(x: torch.Tensor) -> torch.Tensor:
            past.extend([torch.zeros_like(x)] * (self.longest - len(past)))
            past.append(x)
            value = self._pick(torch.stack(past))[0]
            del past[0]
            return value

        return advance

    def _pick(self, padded: torch.Tensor) -> torch.Tensor:
        """Take row ``t + longest - lag`` of each element, for every t that has as many rows before it."""
        steps = torch.arange(self.longest, len(padded), device=padded.device)
        rows = steps.reshape(-1, *[1] * (padded.dim() - 1)) - self.lags
        return padded.gather(0, rows.expand(-1, *padded.shape[1:]))

"""Reads Norse's parameter tuples into arrays of the population's shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from neurotool.arrays import Float64Array

Shape = tuple[int, ...]


def full(value: Any, shape: Shape) -> Float64Array:
    """Broadcast a scalar or per-neuron parameter to the population.

    Raises:
        ValueError: The parameter has a shape that does not broadcast to it.
    """
    array = torch.as_tensor(value).detach().cpu().numpy().astype(np.float64)
    return np.broadcast_to(array, shape).copy()


def time_constant(inverse: Any, dt: float, shape: Shape) -> Float64Array:
    """Return τ in seconds such that dt / τ is the float32 product ``dt * tau_inv`` that Norse computes.

    The product is rounded to float32 in Norse; 1 / tau_inv could differ from it in the last bit, which is
    enough to move a spike.
    """
    share = (dt * torch.as_tensor(inverse, dtype=torch.float32)).detach().cpu().numpy().astype(np.float64)
    return np.broadcast_to(dt / share, shape).copy()

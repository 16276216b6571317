"""Numbers on their way to torch and back, and the arithmetic between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from neurotool.ir.adapters import Array
from neurotool.targets.torch_device import unrounded_float32


def to_tensor(array: Array, device: torch.device) -> torch.Tensor:
    """Copy an array of any number type to a float32 tensor."""
    return torch.from_numpy(np.array(array, dtype=np.float32)).to(device)


def to_array(tensor: torch.Tensor) -> Array:
    """Copy a tensor to a numpy array of the same number type."""
    array: Array = tensor.detach().cpu().numpy()
    return array


@contextmanager
def reference_arithmetic() -> Iterator[None]:
    """Run without gradients and in full float32."""
    with torch.no_grad(), unrounded_float32():
        yield

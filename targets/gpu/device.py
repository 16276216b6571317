"""The device that torch runs on, and numbers on their way to it and back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from neurotool.ir.adapters import Array


def choose_device() -> torch.device:
    """The first CUDA device where torch finds one, otherwise the CPU."""
    return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")


def device_name(device: torch.device) -> str:
    """Name of a device as a user knows it: ``cpu``, or ``cuda:0 (NVIDIA ...)``."""
    return f"{device} ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else str(device)


def describe() -> str:
    """Version of torch and the device that runs would use."""
    return f"torch {torch.__version__} on {device_name(choose_device())}"


def to_tensor(array: Array, device: torch.device) -> torch.Tensor:
    """Copy an array of any number type to a float32 tensor."""
    return torch.from_numpy(np.array(array, dtype=np.float32)).to(device)


def to_array(tensor: torch.Tensor) -> Array:
    """Copy a tensor to a numpy array of the same number type."""
    array: Array = tensor.detach().cpu().numpy()
    return array


@contextmanager
def reference_arithmetic() -> Iterator[None]:
    """Run without gradients and in full float32.

    Convolutions on NVIDIA devices round their operands to TF32 (10 bits of mantissa) unless told not to; matrix
    products do so only on request, which this undoes too.
    """
    precision = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.no_grad(), torch.backends.cudnn.flags(allow_tf32=False):
            yield
    finally:
        torch.set_float32_matmul_precision(precision)

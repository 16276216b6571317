"""The device that torch runs on, and float32 arithmetic that keeps all its bits there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


def choose_device() -> torch.device:
    """Return the first CUDA device where torch finds one, otherwise the CPU."""
    return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")


def device_name(device: torch.device) -> str:
    """Name a device as a user knows it: ``cpu``, or ``cuda:0 (NVIDIA ...)``."""
    return f"{device} ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else str(device)


def describe() -> str:
    """Return the version of torch and the device that runs would use."""
    return f"torch {torch.__version__} on {device_name(choose_device())}"


@contextmanager
def unrounded_float32() -> Iterator[None]:
    """Multiply and convolve with all 24 bits of a float32, then leave torch as it was.

    NVIDIA devices round the operands of convolutions to TF32 (11 bits) unless told not to; on request of a user, or of
    a library that he imported, those of matrix products too, and some CPUs round to bfloat16 (8 bits). Torch has an
    older and a newer setting for that. The older one sets both; it cannot be read after only the newer one was changed,
    and has its default then.
    """
    newer = [(operation, operation.fp32_precision) for operation in _operations()]
    products, convolutions = _older_of_products(), _older_of_convolutions()
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False
    for operation, _ in newer:
        operation.fp32_precision = "ieee"
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(products)
        torch.backends.cudnn.allow_tf32 = convolutions
        for operation, precision in newer:
            operation.fp32_precision = precision


def _operations() -> list[Any]:
    """What has the newer setting, in this version of torch."""
    backends = torch.backends.cuda, torch.backends.cudnn, torch.backends.mkldnn
    found = [getattr(backend, name, None) for backend in backends for name in ("matmul", "conv", "rnn")]
    return [operation for operation in found if hasattr(operation, "fp32_precision")]


def _older_of_products() -> str:
    try:
        return torch.get_float32_matmul_precision()
    except RuntimeError:
        return "highest"


def _older_of_convolutions() -> bool:
    try:
        return torch.backends.cudnn.allow_tf32
    except RuntimeError:
        return True

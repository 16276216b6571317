"""The device that the engine runs on, and what makes its floating-point products exact."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from neurotool.errors import BackendFailedError

Product = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


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
def full_float32() -> Iterator[None]:
    """Multiply without gradients and with all 24 bits of a float32, then leave torch as it was.

    On request of a user, or of a library that he imported, NVIDIA devices round the operands of float32 products to
    TF32 (11 bits) and some CPUs to bfloat16 (8 bits). Torch has an older and a newer setting for that. The older one
    sets both; it cannot be read after only the newer one was changed, and has its default then.
    """
    backends = [b.matmul for b in (torch.backends.cuda, torch.backends.mkldnn) if hasattr(b, "matmul")]
    newer = [(backend, backend.fp32_precision) for backend in backends if hasattr(backend, "fp32_precision")]
    try:
        older = torch.get_float32_matmul_precision()
    except RuntimeError:
        older = "highest"
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.inference_mode():
            yield
    finally:
        torch.set_float32_matmul_precision(older)
        for backend, precision in newer:
            backend.fp32_precision = precision


def check_products(device: torch.device, multiply: Product = torch.matmul) -> None:
    """Make sure that float32 products on a device keep all 24 bits, whatever the environment says.

    Libraries have switches of their own for approximate products, which torch does not know of.

    Args:
        device: The device.
        multiply: How it multiplies matrices.

    Raises:
        BackendFailedError: A whole number below 2^24 came out as another one.
    """
    size, top = 64, (1 << 24) - 1
    numbers = torch.arange(size, device=device)
    sought = top - numbers[:, None] * size - numbers  # all different, and with many bits that are not zero
    found = multiply(sought.to(torch.float32), torch.eye(size, device=device))
    if not torch.equal(found.to(torch.int64), sought):
        raise BackendFailedError(
            f"float32 products on {device_name(device)} are rounded, although full precision was asked for",
            hint="unset what makes its libraries approximate products, or use the target loihi",
        )

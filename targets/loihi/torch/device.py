"""What makes floating-point products on a device exact."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from neurotool.errors import BackendFailedError
from neurotool.targets.torch_device import device_name, unrounded_float32

Product = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@contextmanager
def full_float32() -> Iterator[None]:
    """Multiply without gradients and with all 24 bits of a float32."""
    with torch.inference_mode(), unrounded_float32():
        yield


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

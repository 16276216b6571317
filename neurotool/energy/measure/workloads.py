"""Work that tells the constants of a device apart: tiny kernels, copies, and products of matrices of several sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from neurotool.energy.measure.fit import Work
from neurotool.energy.measure.protocol import Workload

if TYPE_CHECKING:
    import torch

SIDES = {"cuda": (512, 2048, 8192), "cpu": (128, 512, 2048)}
"""Sides of the matrices: from kernels that do not fill the device to those that do."""

COPIES = {"cuda": (1 << 24, 1 << 28, 1 << 31), "cpu": (1 << 22, 1 << 25, 1 << 28)}
"""Bytes of the copies; the larger ones exceed every cache."""

LAUNCHES = 100
"""Tiny kernels in one call."""

PRECISIONS = {"cuda": ("float32", "bfloat16", "int8"), "cpu": ("float32",)}


def synchroniser(device: torch.device) -> Callable[[], None]:
    """Return what waits for the work of a device."""
    import torch

    return torch.cuda.synchronize if device.type == "cuda" else _nothing


def _nothing() -> None:
    """Work of a CPU is done when its call returns."""


def workloads(
    device: torch.device, sides: Sequence[int] | None = None, copies: Sequence[int] | None = None
) -> Iterator[Workload]:
    """Make the work for a device, random values in every matrix: zeros take less power.

    Args:
        device: Where it runs.
        sides: Sides of the matrices; None for those that suit the device.
        copies: Bytes of the copies; None likewise.
    """
    yield _launches(device)
    yield from (_copy(device, size) for size in copies or COPIES[device.type])
    for precision in PRECISIONS[device.type]:
        yield from (_product(device, side, precision) for side in sides or SIDES[device.type])


def _launches(device: torch.device) -> Workload:
    import torch

    value = torch.zeros(1, device=device)

    def call() -> None:
        for _ in range(LAUNCHES):
            value.add_(1.0)

    return Workload(Work.LAUNCH, 1, "", LAUNCHES, 0.0, 0.0, call)


def _copy(device: torch.device, size: int) -> Workload:
    import torch

    source = torch.randint(-128, 127, (size,), dtype=torch.int8, device=device)
    target = torch.empty_like(source)
    return Workload(Work.COPY, size, "", 1, 0.0, 2.0 * size, lambda: target.copy_(source))


def _product(device: torch.device, side: int, precision: str) -> Workload:
    """One product of square matrices. Its traffic is that of the matrices once: what a cache holds moves no further."""
    import torch

    flops = 2.0 * side**3
    if precision == "int8":
        a, b = (torch.randint(-128, 127, (side, side), dtype=torch.int8, device=device) for _ in range(2))
        moved = side * side * (1.0 + 1.0 + 4.0)
        return Workload(Work.MULTIPLY, side, precision, 1, flops, moved, lambda: torch._int_mm(a, b.t()))
    kind = getattr(torch, precision)
    x, y = (torch.randn(side, side, device=device).to(kind) for _ in range(2))
    out = torch.empty_like(x)
    moved = 3.0 * side * side * x.element_size()
    return Workload(Work.MULTIPLY, side, precision, 1, flops, moved, lambda: torch.mm(x, y, out=out))

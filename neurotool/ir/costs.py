"""Work of a dense part, for the energy model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DenseCounts:
    """Arithmetic and memory traffic of one call with a batch of ``batch`` samples.

    Attributes:
        flops: Floating-point operations (a multiply-accumulate is two).
        bytes_moved: Bytes read and written if nothing stays in cache between operations: weights, inputs, outputs.
        kernels: Number of operations that start a kernel on a GPU.
        batch: Number of samples.
        precision: Number format, such as ``float32``.
    """

    flops: float
    bytes_moved: float
    kernels: int
    batch: int
    precision: str = "float32"


@dataclass(frozen=True)
class CutCost:
    """What one inference of a cut model takes.

    Attributes:
        energy: Joules, of chip, device and link, waiting included.
        latency: Seconds from input to output.
        cores: Cores of the chip in use.
    """

    energy: float
    latency: float
    cores: float

    @property
    def edp(self) -> float:
        """Energy-delay product in joule seconds."""
        return self.energy * self.latency

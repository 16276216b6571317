"""Work of a dense part, for the energy model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


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

    def __add__(self, other: DenseCounts) -> DenseCounts:
        """Both, one after the other.

        Raises:
            ValueError: They were counted with different batches or in different number formats.
        """
        if (self.batch, self.precision) != (other.batch, other.precision):
            raise ValueError(
                f"work of batch {self.batch} in {self.precision} and of batch {other.batch} in {other.precision}"
            )
        return replace(
            self,
            flops=self.flops + other.flops,
            bytes_moved=self.bytes_moved + other.bytes_moved,
            kernels=self.kernels + other.kernels,
        )


def total_counts(counts: Iterable[DenseCounts], batch: int = 1) -> DenseCounts:
    """Sum of work done one after the other. Nothing to do is counted in 32 bits.

    Args:
        counts: Work, all of one batch and number format.
        batch: That batch.
    """
    each = list(counts)
    precision = each[0].precision if each else "float32"
    return sum(each, DenseCounts(0.0, 0.0, 0, batch, precision))


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

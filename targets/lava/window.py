"""When a population processes which row of which sample, in the steps of one Lava run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """Samples run back to back: row r of sample k is processed in Lava's step ``k * interval + start + r``.

    Steps count from 0. Outside these steps a population is at rest: it hears nothing and sends nothing.

    Attributes:
        start: First step of the first sample.
        steps: Rows of a sample.
        interval: Steps from one sample to the next.
    """

    start: int
    steps: int
    interval: int

    def row(self, step: int) -> int | None:
        """Return the row that is processed in a step, or None outside the samples."""
        row = (step - self.start) % self.interval
        return row if step >= self.start and row < self.steps else None

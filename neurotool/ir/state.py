"""Where a run stopped, so that another can go on from there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neurotool.arrays import Int64Array
from neurotool.ir.program import ChipProgram
from neurotool.ir.trace import Raster


@dataclass(frozen=True, eq=False)
class RunState:
    """State of a program after some rows.

    Attributes:
        rows: Time steps that have been run since the samples began.
        states: State variables per population, int64 ``[batch, neuron]``.
        sent: What each input port and population sent in the last rows, ``[row, batch, neuron]``: as many rows as the
            longest way to one of its targets takes, since those messages are still on their way.
    """

    rows: int
    states: Mapping[str, Mapping[str, Int64Array]]
    sent: Mapping[str, Raster]

    @property
    def batch(self) -> int:
        """Number of samples."""
        return int(next(iter(self.sent.values())).shape[1])


def history(program: ChipProgram) -> dict[str, int]:
    """Rows of each input port and population that targets may still hear after they were sent."""
    rows = dict.fromkeys((*program.inputs, *program.populations), 0)
    for projection in program.projections.values():
        longest = program.lag(projection) + projection.delay_range[1]
        rows[projection.source] = max(rows[projection.source], longest)
    return rows

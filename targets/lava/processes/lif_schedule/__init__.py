"""A LIF whose threshold follows a table over the first time steps of a sample. Lava has none."""

from __future__ import annotations

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.variable import Var
from lava.proc.lif.models import PyLifModelBitAcc
from lava.proc.lif.process import LIF

from neurotool.neurons.lif_schedule import ROWS, threshold_name
from neurotool.targets.lava.windowed import Windowed, WindowedModel

# Lava carries no types, so its classes are Any to mypy and every subclass has to say so.


class LIFSchedule(LIF):  # type: ignore[misc]
    """Variables and ports are those of LIF, and the table; ``vth`` is not used.

    Args:
        shape: Shape of the population.
        arguments: ``vth_0`` to ``vth_15``, the threshold of each row, and the other arguments of LIF.
    """

    def __init__(self, *, shape: tuple[int, ...], **arguments: Any) -> None:
        rows = [np.broadcast_to(arguments.pop(threshold_name(row)), shape) for row in range(ROWS)]
        super().__init__(shape=shape, **arguments)
        self.schedule = Var(shape=(ROWS, *shape), init=np.stack(rows))


@implements(proc=LIFSchedule)
class PyLifScheduleModel(PyLifModelBitAcc):  # type: ignore[misc]
    """The bit-accurate step of LIF with the threshold of the row. Lava counts time steps from 1."""

    implements_process = None
    schedule: Any = LavaPyType(np.ndarray, np.int32, precision=17)

    def spiking_activation(self):  # type: ignore[no-untyped-def]
        """Spike where the potential exceeds the threshold of the row."""
        return self.v > np.left_shift(self.schedule[min(self.time_step, ROWS) - 1], self.vth_shift)


class WindowedLIFSchedule(Windowed, LIFSchedule):
    """LIFSchedule with a window, whose rows count from the beginning of a sample."""


@implements(proc=WindowedLIFSchedule)
class PyWindowedLifScheduleModel(WindowedModel, PyLifScheduleModel):
    """The same step."""

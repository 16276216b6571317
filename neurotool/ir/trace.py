"""What a run did. Every target returns one, in the same layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from neurotool.ir.state import RunState

Raster = npt.NDArray[np.generic]


@dataclass(frozen=True, eq=False)
class Trace:
    """Recording of one run over ``steps`` time steps and a batch of samples.

    All rasters are aligned: row t of a population is the step in which it processes what the input showed at step t.
    The population's own clock is ``latency[name]`` steps later.

    Attributes:
        target: Name of the target that ran.
        dt: Length of a time step in seconds.
        steps: Number of time steps of the input.
        spikes: Spikes per input port and population, ``[time, batch, *shape]``; bool, or integers for graded spikes.
        states: Probed state variables, ``states[population][variable]`` as ``[time, batch, *shape]``, after the reset
            of the step. Integer targets give integers, float targets floats.
        outputs: Values that leave the model or part: spikes, or membrane potentials in float units.
        latency: Start step per population; 0 on targets without latency.
        seconds: Wall-clock duration of the run.
        facts: Further facts such as device, mode or number of processes.
        state: Where the run stopped, if that was asked for. Trace files do not hold it.
    """

    target: str
    dt: float
    steps: int
    spikes: Mapping[str, Raster]
    states: Mapping[str, Mapping[str, Raster]]
    outputs: Mapping[str, Raster]
    latency: Mapping[str, int]
    seconds: float
    facts: Mapping[str, str] = field(default_factory=dict)
    state: RunState | None = None

    @property
    def batch(self) -> int:
        """Number of samples: the second axis of the recorded rasters, or of the outputs where nothing was recorded."""
        recorded = (raster for states in self.states.values() for raster in states.values())
        for raster in (*self.spikes.values(), *recorded, *self.outputs.values()):
            return int(raster.shape[1])
        return 0

    def counts(self) -> dict[str, npt.NDArray[np.int64]]:
        """Number of spikes per step of each port and population, summed over batch and neurons: ``[time]``."""
        return {
            name: np.count_nonzero(raster.reshape(raster.shape[0], -1), axis=1) for name, raster in self.spikes.items()
        }

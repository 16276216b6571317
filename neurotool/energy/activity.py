"""Spikes of a run on the chip's own clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neurotool.diagnostics import Diagnostic, Severity
from neurotool.errors import UsageError
from neurotool.ir.program import ChipProgram
from neurotool.ir.trace import Trace

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Activity:
    """Who fires when.

    Attributes:
        steps: Steps of the chip: those of the input plus the depth of the program.
        samples: Number of samples.
        spikes: Per input port and population, ``[step, sample, neuron]``. A graded spike counts as one.
    """

    steps: int
    samples: int
    spikes: Mapping[str, BoolArray]

    def flat(self, name: str) -> FloatArray:
        """Spikes of one source as numbers, ``[step x sample, neuron]``."""
        raster = self.spikes[name]
        return raster.reshape(-1, raster.shape[2]).astype(np.float64)

    def mean(self, flat: FloatArray) -> FloatArray:
        """Mean over the samples of a quantity ``[step x sample]``."""
        return np.asarray(flat.reshape(self.steps, self.samples).mean(axis=1), np.float64)


def read_activity(program: ChipProgram, trace: Trace) -> Activity:
    """Put the rasters of a trace on the clock of the chip.

    Args:
        program: The program that ran. Its start steps set the clock, so that a trace of the float reference, which has
            no latency, counts the same.
        trace: The recording.

    Raises:
        UsageError: A port or population is missing from the trace or has another shape, or there is no sample.
    """
    sizes = {name: (int(np.prod(port.shape, dtype=np.int64)), 0) for name, port in program.inputs.items()}
    sizes |= {name: (population.size, population.start) for name, population in program.populations.items()}
    _refuse_foreign(sizes, trace)
    steps = trace.steps + program.depth
    spikes: dict[str, BoolArray] = {}
    for name, (size, start) in sizes.items():
        raster = np.zeros((steps, trace.batch, size), np.bool_)
        raster[start : start + trace.steps] = trace.spikes[name].reshape(trace.steps, trace.batch, size) != 0
        spikes[name] = raster
    return Activity(steps, trace.batch, spikes)


def _refuse_foreign(sizes: Mapping[str, tuple[int, int]], trace: Trace) -> None:
    found: list[Diagnostic] = []
    for name, (size, _) in sizes.items():
        raster = trace.spikes.get(name)
        held = "nothing" if raster is None else str(tuple(raster.shape))
        wanted = f"{trace.steps} steps x {trace.batch} samples x {size} neurons"
        if raster is None or raster.size != trace.steps * trace.batch * size or raster.shape[:1] != (trace.steps,):
            message = f"{name}: the trace holds {held}, wanted {wanted}"
            found.append(Diagnostic("NT-ENERGY-003", Severity.ERROR, name, message, found=held, limit=wanted))
    if found or trace.batch == 0 or trace.steps == 0:
        what = found[0].message if found else f"it has {trace.steps} steps and {trace.batch} samples"
        raise UsageError(
            f"the trace does not fit the program: {what}",
            hint="use the trace of a run of this program (neurotool run)",
            diagnostics=found,
        )

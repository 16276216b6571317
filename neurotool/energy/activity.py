"""Spikes of a run on the chip's own clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from neurotool.arrays import Float64Array
from neurotool.diagnostics import Diagnostic, Severity
from neurotool.errors import UsageError
from neurotool.ir.program import ChipProgram
from neurotool.ir.trace import Trace


@dataclass(frozen=True, eq=False)
class Activity:
    """Who fires when.

    Attributes:
        steps: Steps of the chip: those of the input plus the depth of the program.
        samples: Number of samples.
        spikes: Per input port and population, ``[step x sample, neuron]``: one where it sends a spike of any payload.
    """

    steps: int
    samples: int
    spikes: Mapping[str, sparse.csr_array]

    def mean(self, flat: Float64Array) -> Float64Array:
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
    starts = dict.fromkeys(program.inputs, 0) | {name: p.start for name, p in program.populations.items()}
    _refuse_foreign({name: program.size_of(name) for name in starts}, trace)
    spikes: dict[str, sparse.csr_array] = {}
    for name, start in starts.items():
        rows = sparse.csr_array(trace.spikes[name].reshape(trace.steps * trace.batch, -1) != 0, dtype=np.int64)
        before, after = start * trace.batch, (program.depth - start) * trace.batch
        rows.resize(rows.shape[0] + after, rows.shape[1])
        silent = sparse.csr_array((before, rows.shape[1]), dtype=np.int64)
        spikes[name] = sparse.vstack([silent, rows], format="csr") if before else rows
    return Activity(trace.steps + program.depth, trace.batch, spikes)


def _refuse_foreign(sizes: Mapping[str, int], trace: Trace) -> None:
    found: list[Diagnostic] = []
    for name, size in sizes.items():
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

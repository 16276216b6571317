"""What crosses the edge of a chip in one inference."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from neurotool.ir.coding import MESSAGE_BYTES, VALUE_BYTES
from neurotool.ir.program import ChipProgram, OutputKind
from neurotool.ir.trace import Trace


@dataclass(frozen=True)
class Traffic:
    """Traffic of one input port or read population, as a mean per sample.

    Attributes:
        values: Values that the host handles: all of a raster, spike or not, since it writes and reads whole rasters.
        bytes: Bytes on the link: spikes as messages, potentials as words.
    """

    values: float
    bytes: float

    def __add__(self, other: Traffic) -> Traffic:
        return Traffic(self.values + other.values, self.bytes + other.bytes)


def crossings(program: ChipProgram, trace: Trace, once: Collection[str] = frozenset()) -> dict[str, Traffic]:
    """Find what enters at the input ports and leaves at the outputs of a program.

    Args:
        program: The program.
        trace: Its run; the spikes say how many messages there were.
        once: Values that cross once per inference as one word for each neuron: held currents, counts, weighted sums.

    Returns:
        Traffic by input port or population. A population whose spikes and potential are both read has the sum.
    """
    return crossings_of(program, trace.steps, lambda n: float(np.count_nonzero(trace.spikes[n])) / trace.batch, once)


def crossings_of(
    program: ChipProgram, steps: int, spikes: Callable[[str], float], once: Collection[str] = frozenset()
) -> dict[str, Traffic]:
    """The same of a run that may not have happened.

    Args:
        program: The program.
        steps: Time steps of the input.
        spikes: Spikes that a port or population sends in one inference.
        once: As for :func:`crossings`.
    """

    def raster(name: str) -> Traffic:
        return Traffic(float(steps * program.size_of(name)), spikes(name) * MESSAGE_BYTES)

    def words(name: str, rows: int) -> Traffic:
        values = float(rows * program.size_of(name))
        return Traffic(values, values * VALUE_BYTES)

    found = {name: raster(name) for name in program.inputs}
    for output in program.outputs:
        name = output.population
        traffic = raster(name) if output.kind is OutputKind.SPIKES else words(name, steps)
        found[name] = found.get(name, Traffic(0.0, 0.0)) + traffic
    return found | {name: words(name, 1) for name in once if name in found}

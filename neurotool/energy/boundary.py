"""What crosses the edge of a chip in one inference."""

from __future__ import annotations

from collections.abc import Collection
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
    found: dict[str, Traffic] = {}
    for port in program.inputs.values():
        found[port.name] = _spikes(trace, port.name, port.shape)
    for output in program.outputs:
        shape = program.populations[output.population].shape
        if output.kind is OutputKind.SPIKES:
            traffic = _spikes(trace, output.population, shape)
        else:
            values = float(trace.steps * np.prod(shape))
            traffic = Traffic(values, values * VALUE_BYTES)
        found[output.population] = found.get(output.population, Traffic(0.0, 0.0)) + traffic
    return found | {name: _once(program.shape_of(name)) for name in once if name in found}


def _once(shape: tuple[int, ...]) -> Traffic:
    values = float(np.prod(shape))
    return Traffic(values, values * VALUE_BYTES)


def _spikes(trace: Trace, name: str, shape: tuple[int, ...]) -> Traffic:
    spikes = np.count_nonzero(trace.spikes[name]) / trace.batch
    return Traffic(float(trace.steps * np.prod(shape)), spikes * MESSAGE_BYTES)

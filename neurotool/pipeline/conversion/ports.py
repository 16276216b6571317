"""How each input of a spiking part enters the chip: as which spikes, or as integers of how many bits and what scale."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import nir
import numpy as np
import numpy.typing as npt

from neurotool.chips import Chip
from neurotool.data import Dataset, Samples
from neurotool.diagnostics import Diagnostic, Severity
from neurotool.errors import UnsupportedError
from neurotool.ir.adapters import Array
from neurotool.ir.coding import Coding
from neurotool.ir.graph import Graph
from neurotool.ir.partition import Boundary, Part, Partition
from neurotool.ir.program import InputPort
from neurotool.ir.values import ValueKind
from neurotool.passes.boundaries import wish_of
from neurotool.pipeline.conversion.calibration import Calibration, boundary_values
from neurotool.pipeline.samples import samples_of

VALUE_BITS = 13
"""Width of the integers that carry float values onto the chip, sign included: that of Lava's ``bias_mant``.

A graded spike could have more. But the finer its unit is, the smaller are the weights of the chip, and with this width
those down to 1/64 of the threshold at full scale still use all their bits at the smallest exponent.
"""

CONVOLVED_BITS = 8
"""The same in front of a convolution or pooling: Lava's convolutions have no exponent, so that a finer unit would take
its bits from their weights."""

_CONVOLVING = (nir.Conv1d, nir.Conv2d, nir.SumPool2d, nir.AvgPool2d)


def ports_of(
    part: Part, partition: Partition, samples: Samples | None, calibration: Calibration | None
) -> dict[str, InputPort]:
    """Choose how each input of a spiking part enters the chip.

    Raises:
        UnsupportedError: A float value enters the chip and no data tells its range.
    """
    boundaries = {b.value: b for b in partition.boundaries if b.target == part.name}
    graph = partition.graph
    ports, missing = {}, []
    for name in part.inputs:
        shape, entering = graph.nodes[name].shape, _entering(name, graph, samples)
        if entering is not None and entering.message_bits:
            ports[name] = InputPort(name, shape, entering.message_bits, entering.scale)
        elif boundaries[name].coding is Coding.SPIKES:
            ports[name] = InputPort(name, shape)
        elif calibration is None:
            message = "a float value enters the chip here, and nothing tells its range"
            missing.append(Diagnostic("NT-QUANT-006", Severity.ERROR, name, message, fix="give --calib data.npz"))
        else:
            values = boundary_values(graph, [name], calibration.inputs)[name]
            ports[name] = _port(boundaries[name], values, value_bits(graph, name, part.nodes))
    if missing:
        raise UnsupportedError("calibration data is needed", hint="--calib data.npz", diagnostics=missing)
    return ports


def _entering(name: str, graph: Graph, samples: Samples | None) -> Dataset | None:
    """Samples of an input of the model; None for any other value."""
    if samples is None or name not in graph.inputs:
        return None
    return samples_of(samples, name, graph.inputs)


def value_bits(graph: Graph, name: str, nodes: Iterable[str]) -> int:
    """Width of the payloads that carry the float values of a node into a part of the graph with some nodes."""
    inside, neurons, reached = set(nodes), set(graph.neurons), [name]
    for reaching in reached:  # grows
        ahead = {edge.target for edge in graph.outgoing(reaching)} & inside
        reached += sorted(ahead - neurons - set(reached))
    return CONVOLVED_BITS if any(isinstance(graph.nodes[n].op, _CONVOLVING) for n in reached) else VALUE_BITS


def entry(graph: Graph, samples: Samples | None, chip: Chip, wishes: Mapping[str, str]) -> Callable[[str], str]:
    """What says of a value why it cannot come onto a chip: its payload is wider than the chip's messages."""
    room = chip.limits.message_bits.value

    def why(name: str) -> str:
        bits = _payload_bits(graph, name, samples, wishes)
        if bits <= room:
            return ""
        carried = f"{room} bits" if room else "no payload"
        return f"it hears {name}, which needs payloads of {bits} bits, and messages of {chip.name} carry {carried}"

    return why


def _payload_bits(graph: Graph, name: str, samples: Samples | None, wishes: Mapping[str, str]) -> int:
    entering = _entering(name, graph, samples)
    if entering is not None and entering.message_bits:
        return entering.message_bits
    if graph.nodes[name].kind is ValueKind.SPIKES or wish_of(name, wishes) in (Coding.RATE, Coding.LATENCY):
        return 0
    return value_bits(graph, name, graph.nodes)


def _port(boundary: Boundary, values: Array, bits: int) -> InputPort:
    """A port for float values, of which currents and graded spikes have so many bits: full scale is the largest."""
    exact = np.asarray(values, np.float64)
    magnitude = np.abs(exact)
    peak = float(magnitude.max()) or 1.0
    if boundary.coding in (Coding.RATE, Coding.LATENCY):
        scale = peak if boundary.coding is Coding.RATE else spike_charge(magnitude, boundary.steps)
        # Binary spikes suffice where no value is negative; a run says what they leave out if one is later on.
        signed = bool((exact < 0.0).any())
        return InputPort(boundary.value, boundary.shape, 2 if signed else 0, scale)
    if boundary.coding is Coding.CONSTANT:
        bits = VALUE_BITS
    return InputPort(boundary.value, boundary.shape, bits, peak / ((1 << (bits - 1)) - 1))


def spike_charge(magnitude: npt.NDArray[np.float64], steps: int) -> float:
    """What the only spike of a latency code is worth: all that a value gives over the steps, in the mean."""
    given = magnitude[magnitude > 0.0]
    return float(given.mean()) * steps if given.size else 1.0

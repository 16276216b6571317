"""Runs the parts of a model one after another, each on its own side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from neurotool.ir.adapters import Array
from neurotool.ir.partition import Boundary, Side
from neurotool.ir.trace import Trace
from neurotool.runtime.coding import deliver

SpikingRunner = Callable[[str, Mapping[str, Array]], Trace]
"""Runs the spiking part of that name on its inputs by name, given in the float meaning of the model."""

DenseRunner = Callable[[str, Sequence[Array]], tuple[Array, ...]]
"""Runs the dense part of that name; inputs and outputs in the order of the part."""


@dataclass(frozen=True)
class Step:
    """One part in the schedule: how the values it takes arrive, and the nodes whose values it makes."""

    name: str
    side: Side
    inputs: tuple[Boundary, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Crossing:
    """What a run saw at a boundary.

    Attributes:
        boundary: The boundary.
        error: Root mean square of what the coding changed, as a share of that of the value.
        traffic: Bytes per sample.
        samples: Number of samples that both are a mean of.
    """

    boundary: Boundary
    error: float
    traffic: float
    samples: int

    def to_json(self) -> dict[str, Any]:
        """Return the crossing as plain JSON values."""
        boundary = self.boundary
        return {
            "value": boundary.value,
            "source": boundary.source,
            "target": boundary.target,
            "coding": str(boundary.coding),
            "latency_steps": boundary.latency,
            "quantum": boundary.quantum,
            "error": self.error,
            "bytes_per_sample": self.traffic,
        }


@dataclass(frozen=True, eq=False)
class Execution:
    """What a run of all parts made.

    Attributes:
        values: Every value that crossed a boundary, by node name, as it was made.
        traces: Recording of each spiking part.
        notes: What was lost at the boundaries, one sentence each.
        delivered: Values as dense parts took them, by node name and part.
        crossings: What was seen at the boundaries between chip and torch.
    """

    values: dict[str, Array]
    traces: dict[str, Trace]
    notes: tuple[str, ...] = ()
    delivered: dict[tuple[str, str], Array] = field(default_factory=dict)
    crossings: tuple[Crossing, ...] = ()


def execute(
    steps: Sequence[Step], inputs: Mapping[str, Array], run_spiking: SpikingRunner, run_dense: DenseRunner
) -> Execution:
    """Run parts in the given order, which must be one in which every value is made before it is used.

    Args:
        steps: The parts.
        inputs: Values of the model inputs by node name.
        run_spiking: Runs a spiking part.
        run_dense: Runs a dense part.
    """
    values = dict(inputs)
    traces: dict[str, Trace] = {}
    delivered: dict[tuple[str, str], Array] = {}
    for step in steps:
        if step.side is Side.SPIKING:
            traces[step.name] = run_spiking(step.name, {b.value: values[b.value] for b in step.inputs})
            made = traces[step.name].outputs
            values |= {name: made[name] for name in step.outputs}
        else:
            taken = {(b.value, step.name): deliver(values[b.value], b) for b in step.inputs}
            delivered |= taken
            values |= dict(zip(step.outputs, run_dense(step.name, list(taken.values())), strict=True))
    return Execution(values, traces, delivered=delivered)

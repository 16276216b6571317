"""Runs the parts of a model one after another, each on its own side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from neurotool.ir.adapters import Array
from neurotool.ir.partition import Side
from neurotool.ir.trace import Trace

SpikingRunner = Callable[[str, Mapping[str, Array]], Trace]
"""Runs the spiking part of that name on its inputs by name, given in the float meaning of the model."""

DenseRunner = Callable[[str, Sequence[Array]], tuple[Array, ...]]
"""Runs the dense part of that name; inputs and outputs in the order of the part."""


@dataclass(frozen=True)
class Step:
    """One part in the schedule: the values it takes and the values it makes, by the node that makes them."""

    name: str
    side: Side
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Execution:
    """What a run of all parts made.

    Attributes:
        values: Every value that crossed a boundary, by node name.
        traces: Recording of each spiking part.
        notes: What was lost at the boundaries, one sentence each.
    """

    values: dict[str, Array]
    traces: dict[str, Trace]
    notes: tuple[str, ...] = ()


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
    for step in steps:
        needed = {name: values[name] for name in step.inputs}
        if step.side is Side.SPIKING:
            traces[step.name] = run_spiking(step.name, needed)
            made = traces[step.name].outputs
            values |= {name: made[name] for name in step.outputs}
        else:
            values |= dict(zip(step.outputs, run_dense(step.name, list(needed.values())), strict=True))
    return Execution(values, traces)

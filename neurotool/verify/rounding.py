"""Whether each integer of a program is the rounding of its float, and networks that round one kind of parameter each.

A wrong integer may change few spikes among the many that honest rounding moves. Compared with its own float, it stands
out: rounding explains a difference of one step of the register, or a value beyond its range that became its end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from neurotool.arrays import Float64Array
from neurotool.verify.network import Connection, FloatNetwork, FloatPopulation

DELAYS, WEIGHTS, DECAYS, THRESHOLDS = "delays", "weights", "decays", "thresholds"
FIELDS = {DECAYS: ("current_decay", "membrane_decay"), THRESHOLDS: ("threshold", "schedule", "subtract", "bias")}
"""Fields of a population that are rounded together."""

_FLOAT_NOISE = 1e-6  # relative; files and scales hold floats of 32 bits


@dataclass(frozen=True, eq=False)
class Register:
    """What a register can hold of one kind of parameter, in float units.

    Attributes:
        step: Distance between neighbouring values, for all or for each.
        low: Smallest value.
        high: Largest value.
        owed: What is added to the float before it is rounded, such as the part of a bias that gives back what others
            lose.
    """

    step: float | Float64Array
    low: float = -np.inf
    high: float = np.inf
    owed: float | Float64Array = 0.0


Registers = Mapping[str, Mapping[str, Register]]
"""Registers by population, and by field or name of the synapses."""


@dataclass(frozen=True)
class Fault:
    """Parameters that rounding does not explain.

    Attributes:
        kind: ``delays``, ``weights``, ``decays`` or ``thresholds``.
        layer: Population that they belong to.
        parameter: Name of the field, or of the synapses.
        count: Number of such values.
        total: Number of values of the parameter.
        neuron: Neuron with the largest difference, flat index; of a convolution the channel.
        source: Neuron that it hears there, flat index; None where the parameter is no single synapse.
        wanted: Its float value, with what the register owes; of a delay, in steps.
        held: What the integer stands for.
    """

    kind: str
    layer: str
    parameter: str
    count: int
    total: int
    neuron: int
    source: int | None
    wanted: float
    held: float

    def __str__(self) -> str:
        place = f"neuron {self.neuron}" if self.source is None else f"neuron {self.neuron} from {self.source}"
        return (
            f"{self.kind} of layer {self.layer} ({self.parameter}): {self.count:,} of {self.total:,} are no rounding "
            f"of the model's; {place} has {self.held:.4g} for {self.wanted:.4g}"
        )


@dataclass(frozen=True, eq=False)
class Rounded:
    """A network with one kind of parameter more replaced by what the integers hold.

    Attributes:
        kind: ``delays``, ``weights``, ``decays`` or ``thresholds``.
        explained: With the integers as far as rounding explains them.
        held: With the integers as they are.
        faults: What tells the two apart.
    """

    kind: str
    explained: FloatNetwork
    held: FloatNetwork
    faults: tuple[Fault, ...]


def round_in_turn(wanted: FloatNetwork, held: FloatNetwork, registers: Registers) -> Iterator[Rounded]:
    """Replace one kind of parameter after the other.

    Args:
        wanted: The model's own parameters.
        held: What the integers stand for, with the same populations and synapses.
        registers: What could be held.
    """
    network = wanted
    for kind in (DELAYS, WEIGHTS, DECAYS, THRESHOLDS):
        explained, exact, faults = {}, {}, []
        for name, population in network.populations.items():
            target, known = held.populations[name], registers[name]
            if kind in FIELDS:
                explained[name], exact[name], found = _fields(kind, population, target, known)
            elif kind == DELAYS:
                explained[name], exact[name], found = population, *_delays(population, target)
            else:
                explained[name], exact[name], found = _weights(population, target, known)
            faults += found
        before, network = network.replaced(explained), network.replaced(exact)
        yield Rounded(kind, before, network, tuple(faults))


def explain(wanted: Float64Array, held: Float64Array, register: Register) -> Float64Array:
    """Return what is held where rounding explains it, else the nearest value that it would explain."""
    meant = np.clip(wanted + register.owed, register.low, register.high)
    slack = register.step * (1 + _FLOAT_NOISE) + _FLOAT_NOISE * np.abs(meant)
    nearest: Float64Array = np.clip(held, meant - slack, meant + slack)
    return nearest


def _fields(
    kind: str, population: FloatPopulation, target: FloatPopulation, registers: Mapping[str, Register]
) -> tuple[FloatPopulation, FloatPopulation, list[Fault]]:
    nearest: dict[str, Any] = {}
    exact: dict[str, Any] = {}
    faults = []
    for field in FIELDS[kind]:
        wanted, held = getattr(population, field), getattr(target, field)
        if wanted is not None and held is not None:
            nearest[field], exact[field] = explain(wanted, held, registers[field]), held
            worst = int(np.argmax(np.abs(held - nearest[field])))
            if count := int(np.count_nonzero(held != nearest[field])):
                due = wanted + registers[field].owed
                values, place = (float(due.flat[worst]), float(held.flat[worst])), worst % population.zero.size
                faults.append(Fault(kind, population.name, field, count, held.size, place, None, *values))
    if kind == THRESHOLDS:
        # A threshold that itself fires became the integer below, which does not.
        nearest["inclusive"] = exact["inclusive"] = target.inclusive
        exact |= {"refractory": target.refractory, "subtract": target.subtract}
        faults += _reset_rule(population, target)
    return replace(population, **nearest), replace(population, **exact), faults


def _reset_rule(population: FloatPopulation, target: FloatPopulation) -> Iterator[Fault]:
    """Compare what no rounding changes: whether a spike subtracts, and how long it holds the potential."""
    subtracts = float(population.subtract is not None), float(target.subtract is not None)
    holds = float(population.refractory), float(target.refractory)
    for parameter, (wanted, held) in {"reset by subtraction": subtracts, "refractory": holds}.items():
        if wanted != held:
            yield Fault(THRESHOLDS, population.name, parameter, 1, 1, 0, None, wanted, held)


def _weights(
    population: FloatPopulation, target: FloatPopulation, registers: Mapping[str, Register]
) -> tuple[FloatPopulation, FloatPopulation, list[Fault]]:
    nearest, exact, faults = {}, {}, []
    for name, connection in population.connections.items():
        held = target.connections[name].weights
        best = explain(connection.weights, held, registers[name])
        nearest[name], exact[name] = replace(connection, weights=best), replace(connection, weights=held)
        if wrong := int(np.count_nonzero(best != held)):
            faults.append(
                _synapse(
                    WEIGHTS, population.name, name, connection, wrong, np.abs(held - best), connection.weights, held
                )
            )
    return replace(population, connections=nearest), replace(population, connections=exact), faults


def _delays(population: FloatPopulation, target: FloatPopulation) -> tuple[FloatPopulation, list[Fault]]:
    """Delays are exact or wrong; those of weights that were rounded to zero do not count."""
    exact, faults = {}, []
    for name, connection in population.connections.items():
        held = target.connections[name]
        late = np.abs(held.delays - connection.delays) * (held.weights != 0)
        exact[name] = replace(connection, delays=held.delays) if late.any() else connection
        if wrong := int(np.count_nonzero(late)):
            meant, found = (np.broadcast_to(w.delays, late.shape) for w in (connection, held))
            faults.append(_synapse(DELAYS, population.name, name, connection, wrong, late, meant, found))
    return replace(population, connections=exact), faults


def _synapse(
    kind: str, layer: str, name: str, connection: Connection, count: int, off: Any, wanted: Any, held: Any
) -> Fault:
    worst = int(np.argmax(off))
    neuron, source = connection.place(worst)
    values = float(wanted.flat[worst]), float(held.flat[worst])
    return Fault(kind, layer, name, count, held.size, neuron, source, *values)

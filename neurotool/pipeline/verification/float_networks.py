"""A spiking part as a float network twice: with the model's own parameters, and with what its integers stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from neurotool.ir.graph import Graph
from neurotool.ir.program import ChipProgram, Convolution, Population, Projection, Sparse
from neurotool.ir.registers import weight_range, weight_step
from neurotool.neurons import LIF, LIF_REFRACTORY, LIF_SCHEDULE, LIF_SUBTRACT, NEVER_FIRES
from neurotool.neurons.fixed import ALIGNMENT, DECAY_UNITY
from neurotool.neurons.lif_schedule import ROWS, threshold_name
from neurotool.passes.quantise import integers
from neurotool.passes.quantise.floor import given_back
from neurotool.passes.quantise.layer import Layer, Synapses, bias_axon, layer, listed
from neurotool.passes.quantise.scale import Scale
from neurotool.verify import Connection, FloatNetwork, FloatPopulation, Meaning, Register, Registers

LARGEST = 20_000_000
"""Synapses up to which a part is taken apart: each is held as a float64 several times."""

WEIGHT_NOISE = 1e-6
"""Relative difference between the float weights that were rounded and those of the file, which has 32 bits."""

Rates = Mapping[str, Mapping[str, float]]
"""Share of the steps in which a neuron of a source sends anything, by population and source."""

_KNOWN = (LIF.name, LIF_SUBTRACT.name, LIF_REFRACTORY.name, LIF_SCHEDULE.name)


class NoFloatFormError(Exception):
    """A program that cannot be held beside its float graph."""


@dataclass(frozen=True, eq=False)
class Twin:
    """One part in both forms.

    Attributes:
        wanted: With the parameters of the model.
        held: With what the integers stand for.
        registers: What could have been held.
    """

    wanted: FloatNetwork
    held: FloatNetwork
    registers: Registers


def twin(graph: Graph, program: ChipProgram, rates: Rates) -> Twin:
    """Hold a program beside the float graph that it was made of.

    Args:
        graph: The float graph.
        program: The program.
        rates: What the quantiser took for the rate of sources, by population; of those that are not named, any rate
            is believed.

    Raises:
        NoFloatFormError: It is too large, or has populations or synapses that the float graph does not have.
    """
    size = sum(_synapses(program, projection) for projection in program.projections.values())
    if size > LARGEST:
        raise NoFloatFormError(f"{size:,} synapses are too many to be held in several forms at once")
    neurons = set(graph.neurons)
    units = {name: port.scale for name, port in program.inputs.items()}
    layers = [layer(graph, node, units) for name, node in graph.nodes.items() if name in neurons]
    if strange := {n for n, p in program.populations.items() if p.scale} ^ {found.node.name for found in layers}:
        raise NoFloatFormError(f"{', '.join(sorted(strange))}: not a population of both graph and program")
    wanted, held, registers = {}, {}, {}
    for found in layers:
        name = found.node.name
        wanted[name], held[name], registers[name] = _population(found, program, rates.get(name))
    constants = frozenset(bias_axon(name) for name in wanted)
    networks = FloatNetwork(graph.dt, wanted, constants), FloatNetwork(graph.dt, held, constants)
    return Twin(*networks, registers)


def meanings(graph: Graph, program: ChipProgram) -> dict[str, Meaning]:
    """What the integer potentials of a part stand for, by population."""
    found = {}
    for name in graph.neurons:
        update = graph.nodes[name].update
        if update is not None and name in program.populations:
            resets = update.spikes and update.subtract is None
            zero = update.reset if resets else update.initial
            found[name] = Meaning(program.populations[name].scale, zero, update.threshold)
    return found


def _synapses(program: ChipProgram, projection: Projection) -> int:
    if isinstance(projection.connectivity, Convolution):
        return program.size_of(projection.target) * int(projection.weights[0].size)
    return int(projection.weights.size)


def _population(
    found: Layer, program: ChipProgram, rates: Mapping[str, float] | None
) -> tuple[FloatPopulation, FloatPopulation, dict[str, Register]]:
    population = program.populations[found.node.name]
    if population.model not in _KNOWN:
        raise NoFloatFormError(f"{population.name}: {population.model} has no form in floats here")
    wanted, held, registers = {}, {}, {}
    matched = _matched(found, program.projections_into(population.name))
    for name, synapses, projections in matched:
        wanted[name], held[name], registers[name] = _connection(synapses, projections, program, population)
    own = FloatPopulation(
        name=population.name,
        shape=population.shape,
        connections=wanted,
        current_decay=found.current_decay,
        membrane_decay=found.membrane_decay,
        bias=found.bias,
        threshold=found.threshold,
        subtract=None if found.update.subtract is None else found.update.subtract.reshape(-1),
        inclusive=found.update.inclusive,
        refractory=found.update.refractory,
        zero=found.zero,
        schedule=found.schedule,
    )
    known = _registers(population) | {"bias": _bias_register(found, population, matched, rates)}
    return own, _held(own, held, population), registers | known


def _held(own: FloatPopulation, connections: Mapping[str, Connection], population: Population) -> FloatPopulation:
    p, units = population.parameters, population.scale
    rows = 0 if own.schedule is None else len(own.schedule)
    table = [(p[threshold_name(row)] << ALIGNMENT) / units for row in range(rows)]
    last = p["vth"] if "vth" in p else p[threshold_name(ROWS)]
    return replace(
        own,
        connections=connections,
        current_decay=(p["du"] + 1) / DECAY_UNITY,
        membrane_decay=p["dv"] / DECAY_UNITY,
        bias=p["bias_mant"] * 2.0 ** p["bias_exp"] / units,
        threshold=None if own.threshold is None else (last << ALIGNMENT) / units,
        schedule=np.stack(table) if table else None,
        subtract=p["v_sub"] / units if "v_sub" in p else None,
        inclusive=False,
        refractory=int(p["refractory_period"][0]) if "refractory_period" in p else 0,
    )


def _registers(population: Population) -> dict[str, Register]:
    units, aligned = population.scale, (1 << ALIGNMENT) / population.scale
    thresholds = Register(aligned, high=NEVER_FIRES * aligned)
    return {
        "current_decay": Register(1 / DECAY_UNITY, 1 / DECAY_UNITY, 1.0),
        "membrane_decay": Register(1 / DECAY_UNITY, 0.0, 1 - 1 / DECAY_UNITY),
        "threshold": thresholds,
        "schedule": thresholds,
        "subtract": Register(1 / units),
    }


def _bias_register(
    found: Layer,
    population: Population,
    matched: Sequence[tuple[str, Synapses | None, Sequence[Projection]]],
    rates: Mapping[str, float] | None,
) -> Register:
    """The register of the bias, which also gives back what shifts lose and rounding takes from a bias axon.

    Where the rates are not known, neither is how often shifts lose anything: it lies between never and always.
    """
    scale = Scale(population.scale / (1 << ALIGNMENT), {})
    several = {synapses.name: tuple(projections) for _, synapses, projections in matched if synapses is not None}
    made = [several[synapses.name] for synapses in found.synapses]
    always = {synapses.source: 1.0 for synapses in found.synapses}
    axon = {bias_axon(population.name): 1.0}
    most = given_back(found, made, scale, always if rates is None else rates)
    least = given_back(found, made, scale, axon) if rates is None else most
    owed = (least + most) / 2
    _, exponent = integers.bias(found.bias * population.scale + owed)
    constant = sum(np.abs(s.weights[:, 0]) for s in found.synapses if s.source in axon)
    noise = WEIGHT_NOISE * population.scale * constant / found.current_decay
    step = 2.0**exponent + (most - least) / 2 + noise
    return Register(step / population.scale, owed=owed / population.scale)


def _matched(
    found: Layer, projections: Sequence[Projection]
) -> Sequence[tuple[str, Synapses | None, Sequence[Projection]]]:
    """Find the projections of each connection: coarse and fine ones begin with its name."""
    taken: dict[str, list[Projection]] = {synapses.name: [] for synapses in found.synapses}
    for projection in projections:
        connections = [s.name for s in found.synapses if s.source == projection.source]
        named = [name for name in connections if projection.name.startswith(name)] or connections
        taken.setdefault(max(named, key=len, default=projection.name), []).append(projection)
    known = {synapses.name: synapses for synapses in found.synapses}
    return [(name, known.get(name), several) for name, several in taken.items()]


def _connection(
    synapses: Synapses | None, projections: Sequence[Projection], program: ChipProgram, population: Population
) -> tuple[Connection, Connection, Register]:
    """One connection in both forms. What only one of the two has is silent in the other."""
    if synapses is None:
        held = _held_connection(projections, program, population)
        return replace(held, weights=np.zeros_like(held.weights)), held, Register(0.0)
    if projections and isinstance(projections[0].connectivity, Sparse) and synapses.convolves:
        synapses = listed(synapses)
    wanted = Connection(
        source=synapses.source,
        weights=synapses.weights,
        delays=_delays(synapses),
        connectivity=synapses.connectivity,
        shape=synapses.shape,
        size=population.size,
    )
    if not projections:
        return wanted, replace(wanted, weights=np.zeros_like(wanted.weights)), Register(0.0)
    held = _held_connection(projections, program, population)
    if type(held.connectivity) is not type(wanted.connectivity) or held.weights.shape != wanted.weights.shape:
        raise NoFloatFormError(f"{synapses.name}: its synapses are listed in another form than in the float graph")
    return wanted, held, _weight_register(projections, population)


def _delays(synapses: Synapses) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    wait = np.asarray(synapses.delay, np.int64)
    if wait.ndim and isinstance(synapses.connectivity, Sparse):
        return wait[synapses.connectivity.sources]
    return wait


def _held_connection(projections: Sequence[Projection], program: ChipProgram, population: Population) -> Connection:
    first, scale = projections[0], population.scale / (1 << ALIGNMENT)
    weights = np.zeros(first.weights.shape)
    for projection in projections:
        weights += projection.weights * (2.0**projection.weight_exp / scale)
    delays = np.asarray(program.lag(first), np.int64)
    return Connection(
        source=first.source,
        weights=weights,
        delays=delays if first.delays is None else delays + first.delays,
        connectivity=first.connectivity,
        shape=program.shape_of(first.source),
        size=population.size,
    )


def _weight_register(projections: Sequence[Projection], population: Population) -> Register:
    scale = population.scale / (1 << ALIGNMENT)
    ranges = [weight_range(p.weight_bits, p.sign_mode) for p in projections]
    units = [2.0**p.weight_exp / scale for p in projections]
    last = projections[-1]
    return Register(
        step=weight_step(last.weight_bits, last.sign_mode) * units[-1],
        low=sum(low * unit for (low, _), unit in zip(ranges, units, strict=True)),
        high=sum(high * unit for (_, high), unit in zip(ranges, units, strict=True)),
    )

"""The pass: a float spiking part in, a chip program and its records out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from neurotool.diagnostics import Diagnostic, Severity, errors
from neurotool.errors import UnsupportedError
from neurotool.ir.graph import SPIKING_TYPES, Graph
from neurotool.ir.program import ChipProgram, InputPort, OutputKind, OutputPort, Population, Projection
from neurotool.passes.linear import PathError
from neurotool.passes.quantise.bounds import MEMBRANE_HEADROOM
from neurotool.passes.quantise.choice import STATE_LIMIT, Choice, choose
from neurotool.passes.quantise.layer import Layer, bias_axon, layer
from neurotool.passes.quantise.legality import check_choice, check_layer
from neurotool.passes.quantise.records import PopulationRecord
from neurotool.passes.quantise.rounding import RoundedLayer, round_layer
from neurotool.passes.quantise.scale import Scale, scales
from neurotool.passes.quantise.schedule import Schedule, list_convolutions, schedule
from neurotool.passes.quantise.settings import Settings
from neurotool.passes.quantise.split import SYNAPSE_BITS
from neurotool.passes.quantise.weight_range import Fit, fit
from neurotool.passes.quantise.widths import Widths
from neurotool.rules import RULES


@dataclass(frozen=True, eq=False)
class Quantised:
    """A chip program and how it came about.

    Attributes:
        program: The integers.
        records: Scale and roundings per population.
        diagnostics: Warnings and notes.
        scales: Scale of each population.
    """

    program: ChipProgram
    records: tuple[PopulationRecord, ...]
    diagnostics: tuple[Diagnostic, ...]
    scales: Mapping[str, Scale] = field(default_factory=dict)


def quantise(
    graph: Graph,
    ports: Mapping[str, InputPort],
    ranges: Mapping[str, Mapping[str, float]] | None = None,
    settings: Settings | None = None,
    *,
    weight_bits: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Quantised:
    """Round a spiking part to integers that Lava and the chip hold exactly.

    Each population has one scale λ: an integer state is 64 λ times the float state, so weights, threshold and bias
    shrink together and spikes keep their meaning.

    Args:
        graph: The part, folded and discretised; its inputs are the keys of ``ports``.
        ports: How each input enters the chip.
        ranges: Largest |u| and |v| per population from calibration data, and the mean square ``power`` of what inputs
            and populations send; or None to scale for the worst case.
        settings: Widths, ranges and scales; the defaults where None.
        weight_bits: Width of all weights, in place of the settings'.
        progress: Told of the populations that are rounded, of all.

    Raises:
        UnsupportedError: A population has no integer form; lists all of them.
    """
    chosen = settings or Settings()
    if weight_bits is not None:
        chosen = replace(chosen, widths=Widths(weight_bits))
    tell = progress or (lambda done, total: None)
    neurons = set(graph.neurons)
    units = {name: port.scale for name, port in ports.items()}
    order = [name for name in graph.nodes if name in neurons]
    tell(0, len(order))
    layers, findings = _layers(graph, order, units)
    if errors(findings):
        raise UnsupportedError(findings[0].message, diagnostics=findings)
    times, findings = schedule(layers, ports)
    if errors(findings):
        raise UnsupportedError(findings[0].message, diagnostics=findings)
    layers = {
        name: list_convolutions(found, times, lambda s, n=name: chosen.widths.of(s, n) > SYNAPSE_BITS)  # type: ignore[misc]
        for name, found in layers.items()
    }
    choices: dict[str, Choice] = {}
    for name in order:
        found = layers.pop(name)  # its float weights are not needed after its rounding
        problems = check_layer(found, chosen.bits(name))
        if not errors(problems):
            choice = _choose(found, times, ports, ranges, chosen)
            problems += check_choice(found, choice)
            if choice is not None:
                choices[name] = choice
        findings += problems
        tell(len(order) - len(layers), len(order))
    refused = errors(findings)
    if refused:
        raise UnsupportedError(f"{len(refused)} finding(s) keep the spiking part off the chip", diagnostics=refused)
    program = _program(graph, ports, [choice.rounded for choice in choices.values()])
    records = tuple(_record(choice) for choice in choices.values())
    return Quantised(program, records, tuple(findings), {name: c.rounded.scale for name, c in choices.items()})


def _layers(
    graph: Graph, order: Sequence[str], units: Mapping[str, float]
) -> tuple[dict[str, Layer], list[Diagnostic]]:
    """Collect what ends at each population, and what no synapses can hold (NT-QUANT-012)."""
    layers, findings = {}, []
    for name in order:
        node = graph.nodes[name]
        try:
            layers[name] = layer(graph, node, units)
        except PathError as error:
            rule = "NT-QUANT-012"
            fix = RULES[rule].rewrite
            findings.append(Diagnostic(rule, Severity.ERROR, name, str(error), fix=fix, origin=node.origin))
    return layers, findings


def _choose(
    found: Layer,
    times: Schedule,
    ports: Mapping[str, InputPort],
    ranges: Mapping[str, Mapping[str, float]] | None,
    chosen: Settings,
) -> Choice | None:
    name = found.node.name
    bits = chosen.bits(name)
    peaks = {s.source: ports[s.source].peak if s.source in ports else 1 for s in found.synapses}

    rates = {source: seen["rate"] for source, seen in (ranges or {}).items() if "rate" in seen}
    rates[bias_axon(name)] = 1.0

    def round_at(scale: Scale) -> RoundedLayer:
        return round_layer(found, scale, times, ports, bits, rates)

    if name in chosen.scales:
        candidates = iter([chosen.scales[name]])
    else:
        candidates = scales(found, _fit(found, ports, ranges, chosen), peaks)
    seen = None if ranges is None else ranges.get(name)
    return choose(found, candidates, round_at, peaks, seen, chosen.headroom.get(name, MEMBRANE_HEADROOM))


def _fit(
    found: Layer, ports: Mapping[str, InputPort], ranges: Mapping[str, Mapping[str, float]] | None, chosen: Settings
) -> Fit:
    name = found.node.name
    seen = {source: numbers["power"] for source, numbers in (ranges or {}).items() if "power" in numbers}
    # Weights stand for one unit of payload, powers for the value that it has in the model.
    power = {source: seen[source] / ports[source].scale ** 2 if source in ports else seen[source] for source in seen}
    return fit(found, chosen.bits(name), chosen.weight_range, power, chosen.shares.get(name))


def _record(choice: Choice) -> PopulationRecord:
    rounded = choice.rounded
    return PopulationRecord(
        population=rounded.population.name,
        scale=rounded.scale.state,
        weight_exp=dict(rounded.scale.exponents),
        basis="proven" if choice.bound.proven else "calibrated",
        peak=choice.bound.largest / STATE_LIMIT,
        roundings=rounded.roundings,
        weight_bits=rounded.weight_bits,
        clipped=rounded.clipped,
        rates=rounded.rates,
    )


def _program(graph: Graph, ports: Mapping[str, InputPort], rounded: list[RoundedLayer]) -> ChipProgram:
    populations: dict[str, Population] = {}
    projections: dict[str, Projection] = {}
    for made in rounded:
        for projection in made.projections:
            # A synaptic node that feeds two populations becomes two projections.
            name = projection.name if projection.name not in projections else f"{projection.name}->{projection.target}"
            projections[name] = replace(projection, name=name)
        populations |= {p.name: p for p in (made.axon, made.population) if p is not None}
    return ChipProgram(
        dt=graph.dt,
        inputs=dict(ports),
        populations=populations,
        projections=projections,
        outputs=_outputs(graph),
        notes=graph.notes,
    )


def _outputs(graph: Graph) -> tuple[OutputPort, ...]:
    found = {}
    for output in graph.outputs:
        name = graph.incoming(output)[0].source
        kind = OutputKind.SPIKES if isinstance(graph.nodes[name].op, SPIKING_TYPES) else OutputKind.MEMBRANE
        found[name] = OutputPort(name, kind)
    return tuple(found.values())

"""Lays a program out on the cores of one chip: sequential first fit, splitting populations where a limit binds.

Each rule is a function whose one-line docstring is the rule, as printed by ``neurotool explain``.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from neurotool.chips import Chip, Limit
from neurotool.chips.needs import Needs
from neurotool.chips.wiring import fan_outs, out_axons
from neurotool.diagnostics import Diagnostic, Severity
from neurotool.errors import NegativeAnswerError
from neurotool.ir.placement import CoreUse, Placement, Resource
from neurotool.ir.program import ChipProgram, InputPort, Projection
from neurotool.rules import RULES

Cores = Sequence[CoreUse]
Check = Callable[[ChipProgram, Chip, Cores], Iterator[Diagnostic]]

METHOD = "sequential first fit, one population per core"


def place(program: ChipProgram, chip: Chip) -> Placement:
    """Lay a program out on a chip.

    Populations are taken in order. A population fills cores one after the other, each with as many neurons as its
    neuron count, synaptic memory and input axons allow; a core holds neurons of one population only. Where the layout
    would need more output axons than a core has, the population is spread more thinly and laid out again.

    Args:
        program: The program.
        chip: Limits of the chip.

    Raises:
        NegativeAnswerError: The program does not fit; ``diagnostics`` lists every limit that binds.
    """
    cores = _spread(program, chip)
    found = [finding for check in CHECKS.values() for finding in check(program, chip, cores)]
    if found:
        others = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise NegativeAnswerError(
            f"the program does not fit {chip.title}: {found[0].message}{others}",
            hint=found[0].fix,
            diagnostics=found,
        )
    return Placement(chip.name, cores, _resources(program, chip, cores), METHOD)


def weights_fit(program: ChipProgram, chip: Chip, cores: Cores) -> Iterator[Diagnostic]:
    """Weights are no wider than the synapses of the chip."""
    for projection in program.projections.values():
        if projection.weight_bits > chip.limits.weight_bits.value:
            yield _refusal("NT-PLACE-001", projection.name, projection.weight_bits, chip.limits.weight_bits)


def payloads_fit(program: ChipProgram, chip: Chip, cores: Cores) -> Iterator[Diagnostic]:
    """Graded spikes carry no more bits than the messages of the chip."""
    carried: list[InputPort | Projection] = [*program.inputs.values(), *program.projections.values()]
    for carrier in carried:
        if carrier.message_bits > chip.limits.message_bits.value:
            yield _refusal("NT-PLACE-002", carrier.name, carrier.message_bits, chip.limits.message_bits)


def models_fit(program: ChipProgram, chip: Chip, cores: Cores) -> Iterator[Diagnostic]:
    """Every population has a neuron model that the chip can hold."""
    held = [name for models in chip.neuron_models for name in models.names]
    for name, population in program.populations.items():
        if population.model not in held:
            message = f"{name}: neuron model {population.model!r} is not one of {chip.name}'s: {', '.join(held)}"
            yield _finding("NT-PLACE-003", name, message, population.model, ", ".join(held))


def memory_fits(program: ChipProgram, chip: Chip, cores: Cores) -> Iterator[Diagnostic]:
    """The synapses of each neuron fit into the memory of one core."""
    yield from _over(cores, lambda core: core.synapse_bits, "NT-PLACE-004", chip.limits.synapse_bits_per_core)


def in_axons_fit(program: ChipProgram, chip: Chip, cores: Cores) -> Iterator[Diagnostic]:
    """Each neuron hears from no more source neurons than a core has input axons."""
    yield from _over(cores, lambda core: core.in_axons, "NT-PLACE-005", chip.limits.in_axons_per_core)


def out_axons_fit(program: ChipProgram, chip: Chip, cores: Cores) -> Iterator[Diagnostic]:
    """The neurons of each core need no more output axons than a core has."""
    yield from _over(cores, lambda core: core.out_axons, "NT-PLACE-006", chip.limits.out_axons_per_core)


def cores_fit(program: ChipProgram, chip: Chip, cores: Cores) -> Iterator[Diagnostic]:
    """The program needs no more cores than one chip has."""
    if len(cores) > chip.limits.cores.value:
        yield _refusal("NT-PLACE-007", "", len(cores), chip.limits.cores)


def delays_fit(program: ChipProgram, chip: Chip, cores: Cores) -> Iterator[Diagnostic]:
    """No synapse delays a spike by more steps than the chip can."""
    for projection in program.projections.values():
        if projection.delay_range[1] > chip.limits.delay_steps.value:
            yield _refusal("NT-PLACE-008", projection.name, projection.delay_range[1], chip.limits.delay_steps)


CHECKS: Mapping[str, Check] = {
    "NT-PLACE-001": weights_fit,
    "NT-PLACE-002": payloads_fit,
    "NT-PLACE-003": models_fit,
    "NT-PLACE-004": memory_fits,
    "NT-PLACE-005": in_axons_fit,
    "NT-PLACE-006": out_axons_fit,
    "NT-PLACE-007": cores_fit,
    "NT-PLACE-008": delays_fit,
}


def _spread(program: ChipProgram, chip: Chip) -> tuple[CoreUse, ...]:
    """Lay out, and again with fewer neurons per core where output axons run out, until nothing more helps."""
    most = dict.fromkeys(program.populations, chip.limits.neurons_per_core.value)
    limit = chip.limits.out_axons_per_core.value
    needs = Needs(program, chip.memory)
    while True:
        cores = _lay_out(program, chip, needs, most)
        crowded = {core.population for core in cores if core.out_axons > limit and core.last - core.first > 1}
        if not crowded or len(cores) > chip.limits.cores.value:
            return cores
        for name in crowded:
            own = [core for core in cores if core.population == name]
            used, held = max(core.out_axons for core in own), max(core.last - core.first for core in own)
            most[name] = max(1, min(held - 1, held * limit // used))


def _lay_out(program: ChipProgram, chip: Chip, needs: Needs, most: Mapping[str, int]) -> tuple[CoreUse, ...]:
    cores: list[CoreUse] = []
    for name, population in program.populations.items():
        first, guess = 0, 1
        while first < population.size:
            core = _fill(needs, chip, name, first, min(first + most[name], population.size), guess)
            cores.append(replace(core, core=len(cores)))
            first, guess = core.last, core.last - core.first
    axons = out_axons(program, cores, fan_outs(program, cores))
    return tuple(replace(core, out_axons=needed) for core, needed in zip(cores, axons, strict=True))


def _fill(needs: Needs, chip: Chip, population: str, first: int, end: int, guess: int) -> CoreUse:
    """Put neurons from ``first`` on a core: as many as fit, but at least one.

    The search widens from a guess, the number that the core before took: neighbouring cores mostly hold as many.
    """

    def too_many(last: int) -> bool:
        core, limits = needs.of(population, first, last), chip.limits
        return core.synapse_bits > limits.synapse_bits_per_core.value or core.in_axons > limits.in_axons_per_core.value

    fits, over, last, stride = first, end + 1, min(first + guess, end), 1
    while fits < last < over:
        if too_many(last):
            over, last = last, last - stride
        else:
            fits, last = last, min(last + stride, end)
        stride *= 2
    last = bisect_left(range(over), True, lo=fits + 1, key=too_many) - 1
    return needs.of(population, first, max(last, first + 1))


def _resources(program: ChipProgram, chip: Chip, cores: Cores) -> tuple[Resource, ...]:
    limits = chip.limits
    used: list[tuple[str, float, Limit]] = [
        ("cores", len(cores), limits.cores),
        ("neurons per core", max((c.last - c.first for c in cores), default=0), limits.neurons_per_core),
        ("synaptic memory per core", max((c.synapse_bits for c in cores), default=0), limits.synapse_bits_per_core),
        ("input axons per core", max((c.in_axons for c in cores), default=0), limits.in_axons_per_core),
        ("output axons per core", max((c.out_axons for c in cores), default=0), limits.out_axons_per_core),
        ("weight bits", max((p.weight_bits for p in program.projections.values()), default=0), limits.weight_bits),
    ]
    return tuple(Resource(name, amount, limit.value, limit.unit) for name, amount, limit in used)


def _over(cores: Cores, need: Callable[[CoreUse], int], rule: str, limit: Limit) -> Iterator[Diagnostic]:
    """One finding per population with a core over the limit, with the worst core's use."""
    worst: dict[str, int] = {}
    for core in cores:
        used = need(core)
        if used > limit.value:
            worst[core.population] = max(worst.get(core.population, 0), used)
    for population, used in worst.items():
        yield _refusal(rule, population, used, limit, "a core")


def _refusal(rule: str, node: str, found: int, limit: Limit, holder: str = "the chip") -> Diagnostic:
    over = math.ceil(100 * (found / limit.value - 1)) if limit.value else 0
    by = f", {over} % too many" if over else ""
    message = f"{node or 'the program'} needs {found} {limit.unit}, {holder} has {limit.value}{by}"
    return _finding(rule, node, message, f"{found} {limit.unit}", f"{limit.value} {limit.unit}")


def _finding(rule: str, node: str, message: str, found: str, limit: str) -> Diagnostic:
    return Diagnostic(rule, Severity.ERROR, node, message, found=found, limit=limit, fix=RULES[rule].rewrite)

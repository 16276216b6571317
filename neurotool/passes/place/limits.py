"""The rules of a layout: functions whose one-line docstring is the rule, as ``neurotool explain`` prints it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from neurotool.chips import Chip, Limit
from neurotool.diagnostics import Diagnostic, Severity
from neurotool.ir.placement import CoreUse
from neurotool.ir.program import ChipProgram, InputPort, Projection
from neurotool.rules import RULES


@dataclass(frozen=True)
class Laid:
    """A layout to be judged.

    Attributes:
        program: The program.
        chip: The chip.
        cores: Every core in use.
        chips: Chips that may be used.
    """

    program: ChipProgram
    chip: Chip
    cores: Sequence[CoreUse]
    chips: int


Check = Callable[[Laid], Iterator[Diagnostic]]


def weights_fit(laid: Laid) -> Iterator[Diagnostic]:
    """Weights are no wider than the synapses of the chip."""
    for projection in laid.program.projections.values():
        if projection.weight_bits > laid.chip.limits.weight_bits.value:
            yield _refusal("NT-PLACE-001", projection.name, projection.weight_bits, laid.chip.limits.weight_bits)


def payloads_fit(laid: Laid) -> Iterator[Diagnostic]:
    """Graded spikes carry no more bits than the messages of the chip."""
    carried: list[InputPort | Projection] = [*laid.program.inputs.values(), *laid.program.projections.values()]
    for carrier in carried:
        if carrier.message_bits > laid.chip.limits.message_bits.value:
            yield _refusal("NT-PLACE-002", carrier.name, carrier.message_bits, laid.chip.limits.message_bits)


def models_fit(laid: Laid) -> Iterator[Diagnostic]:
    """Every population has a neuron model that the chip can hold."""
    held = [name for models in laid.chip.neuron_models for name in models.names]
    for name, population in laid.program.populations.items():
        if population.model not in held:
            message = f"{name}: neuron model {population.model!r} is not one of {laid.chip.name}'s: {', '.join(held)}"
            yield _finding("NT-PLACE-003", name, message, population.model, ", ".join(held))


def memory_fits(laid: Laid) -> Iterator[Diagnostic]:
    """The synapses of each neuron fit into the memory of one core."""
    yield from _over(laid, lambda core: core.synapse_bits, "NT-PLACE-004", laid.chip.limits.synapse_bits_per_core)


def in_axons_fit(laid: Laid) -> Iterator[Diagnostic]:
    """Each neuron hears from no more source neurons than a core has input axons."""
    yield from _over(laid, lambda core: core.in_axons, "NT-PLACE-005", laid.chip.limits.in_axons_per_core)


def out_axons_fit(laid: Laid) -> Iterator[Diagnostic]:
    """The neurons of each core need no more output axons than a core has."""
    yield from _over(laid, lambda core: core.out_axons, "NT-PLACE-006", laid.chip.limits.out_axons_per_core)


def cores_fit(laid: Laid) -> Iterator[Diagnostic]:
    """The program needs no more cores than the chips have."""
    most = laid.chips * laid.chip.limits.cores.value
    if len(laid.cores) > most:
        holder = f"{laid.chips} chips have" if laid.chips > 1 else "the chip has"
        message = f"the program needs {len(laid.cores)} cores, {holder} {most}{_share(len(laid.cores), most)}"
        yield _finding("NT-PLACE-007", "", f"{message}; {_largest(laid)}", f"{len(laid.cores)} cores", f"{most} cores")


def delays_fit(laid: Laid) -> Iterator[Diagnostic]:
    """No synapse delays a spike by more steps than the chip can."""
    for projection in laid.program.projections.values():
        if projection.delay_range[1] > laid.chip.limits.delay_steps.value:
            yield _refusal("NT-PLACE-008", projection.name, projection.delay_range[1], laid.chip.limits.delay_steps)


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


def core_limits(chip: Chip) -> Mapping[str, tuple[Limit, Callable[[CoreUse], int]]]:
    """Limits of a core, by the name of the resource, and what a core uses of it."""
    limits = chip.limits
    return {
        "neurons per core": (limits.neurons_per_core, lambda core: core.neurons),
        "synaptic memory per core": (limits.synapse_bits_per_core, lambda core: core.synapse_bits),
        "input axons per core": (limits.in_axons_per_core, lambda core: core.in_axons),
        "output axons per core": (limits.out_axons_per_core, lambda core: core.out_axons),
    }


def _largest(laid: Laid) -> str:
    """Say which population takes the most cores, and what fills them."""
    taken = {name: [core for core in laid.cores if name in core.populations] for name in laid.program.populations}
    name, cores = max(taken.items(), key=lambda item: len(item[1]))
    limits = core_limits(laid.chip)
    fullest = {
        resource: max(use(core) / limit.value if limit.value else 0.0 for core in cores)
        for resource, (limit, use) in limits.items()
    }
    resource = max(fullest, key=lambda each: fullest[each])
    return (
        f"{name} takes {len(cores)} of them, filled by {resource.removesuffix(' per core')} ({fullest[resource]:.0%})"
    )


def _over(laid: Laid, need: Callable[[CoreUse], int], rule: str, limit: Limit) -> Iterator[Diagnostic]:
    """One finding per population with a core over the limit, with the worst core's use."""
    worst: dict[str, int] = {}
    for core in laid.cores:
        used = need(core)
        if used > limit.value:
            name = ", ".join(core.populations)
            worst[name] = max(worst.get(name, 0), used)
    for population, used in worst.items():
        yield _refusal(rule, population, used, limit, "a core")


def _refusal(rule: str, node: str, found: int, limit: Limit, holder: str = "the chip") -> Diagnostic:
    message = f"{node} needs {found} {limit.unit}, {holder} has {limit.value}{_share(found, limit.value)}"
    return _finding(rule, node, message, f"{found} {limit.unit}", f"{limit.value} {limit.unit}")


def _share(found: int, limit: int) -> str:
    over = math.ceil(100 * (found / limit - 1)) if limit else 0
    return f", {over} % too many" if over else ""


def _finding(rule: str, node: str, message: str, found: str, limit: str) -> Diagnostic:
    return Diagnostic(rule, Severity.ERROR, node, message, found=found, limit=limit, fix=RULES[rule].rewrite)

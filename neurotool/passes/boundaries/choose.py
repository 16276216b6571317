"""Chooses a coding for every boundary between chip and torch: by rules, or as the user wishes.

The rules. Onto the chip, spikes stay spikes; a value that is the same at every step is held as a constant current;
other values are graded spikes. Off the chip, a raster of which only a sum over time is used crosses as spike counts,
or as a weighted sum where the steps weigh differently or potentials are summed; otherwise all of it crosses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

import nir

from neurotool.diagnostics import Diagnostic, Severity
from neurotool.errors import UnsupportedError, UsageError
from neurotool.ir.coding import TO_DENSE, TO_SPIKING, Coding
from neurotool.ir.graph import Graph
from neurotool.ir.partition import Boundary, Partition, Side
from neurotool.ir.values import ValueKind
from neurotool.passes.boundaries.constant import Evaluate, is_constant
from neurotool.passes.boundaries.overtime import Reduction, coding_of, reductions
from neurotool.rules import RULES


@dataclass(frozen=True, eq=False)
class CodedPartition:
    """A partition whose boundaries say how values cross.

    Attributes:
        partition: The partition.
        reductions: Sums over time that a dense part makes of a value that crosses summed, by value and part.
    """

    partition: Partition
    reductions: Mapping[tuple[str, str], tuple[Reduction, ...]]


def choose_codings(
    partition: Partition, steps: Mapping[str, int], evaluate: Evaluate, wishes: Mapping[str, str], seed: int = 0
) -> CodedPartition:
    """Choose a coding for every boundary.

    Args:
        partition: The partition.
        steps: Time steps of each value that crosses, as far as they are known.
        evaluate: Computes a few nodes of the graph.
        wishes: Patterns of node names, and the coding of what they match.
        seed: Seed of random codings.

    Raises:
        UsageError: A wish names no boundary or no coding.
        UnsupportedError: A value cannot cross as wished; lists all of them.
    """
    _check_wishes(partition, wishes)
    sides = {part.name: part.side for part in partition.parts}
    made, sums, problems = [], {}, []
    for boundary in partition.boundaries:
        wish = wish_of(boundary.value, wishes)
        span = steps.get(boundary.value, 0)
        placed = replace(boundary, steps=span, seed=seed)
        if sides.get(boundary.target) is Side.SPIKING:
            placed, problem = _onto_chip(partition, placed, wish, evaluate)
        elif sides.get(boundary.source) is Side.SPIKING and boundary.target in sides:
            found = _sums(partition, placed, evaluate) if span else None
            placed, problem = _off_chip(placed, wish, found)
            if placed.coding.reduces and found is not None:
                sums[boundary.value, boundary.target] = tuple(found)
        else:
            problem = None
        made.append(replace(placed, latency=_latency(placed, sides)))
        problems += [] if problem is None else [problem]
    if problems:
        raise UnsupportedError(f"{len(problems)} value(s) cannot cross as --coding wishes", diagnostics=problems)
    return CodedPartition(replace(partition, boundaries=tuple(made)), sums)


def enters_held(graph: Graph, name: str, evaluate: Evaluate, wishes: Mapping[str, str]) -> bool:
    """Whether a value would come onto the chip as a constant current: by the rules, or by a wish."""
    node, wish = graph.nodes[name], wish_of(name, wishes)
    if node.kind is ValueKind.SPIKES or isinstance(node.op, nir.Output) or wish not in (None, Coding.CONSTANT):
        return False
    made = name not in graph.inputs or not node.timed
    return made and is_constant(graph, name, evaluate)


def wish_of(name: str, wishes: Mapping[str, str]) -> Coding | None:
    """The coding that a user wishes for a value: that of the first pattern which matches it."""
    known = ((pattern, Coding(coding)) for pattern, coding in wishes.items() if coding in list(Coding))
    return next((coding for pattern, coding in known if fnmatchcase(name, pattern)), None)


def _check_wishes(partition: Partition, wishes: Mapping[str, str]) -> None:
    sides = {part.name: part.side for part in partition.parts}
    crossing = [
        b.value
        for b in partition.boundaries
        if Side.SPIKING in (sides.get(b.target), sides.get(b.source)) and b.target in sides
    ]
    for pattern, coding in wishes.items():
        if coding not in (*TO_SPIKING, *TO_DENSE):
            raise UsageError(
                f"--coding {pattern}={coding}: there is no coding {coding!r}",
                hint=f"to the chip {', '.join(TO_SPIKING)}; from it {', '.join(TO_DENSE)}",
            )
        if not any(fnmatchcase(name, pattern) for name in crossing):
            raise UsageError(f"--coding {pattern}={coding}{_unasked(partition, pattern)}", hint=_askable(partition))


def _unasked(partition: Partition, pattern: str) -> str:
    """Why there is nothing to choose for what a pattern matches."""
    leaving = [b.value for b in partition.boundaries if fnmatchcase(b.value, pattern)]
    if leaving:
        return f": {leaving[0]} does not cross between chip and torch; it enters or leaves the model as it is"
    inside = [name for name in partition.sides if fnmatchcase(name, pattern)]
    return f": {inside[0]} is heard on its own side alone" if inside else " matches no value that crosses"


def _askable(partition: Partition) -> str:
    """The values whose coding may be chosen, each with what it may be; spikes that enter the chip stay spikes."""
    sides = {part.name: part.side for part in partition.parts}
    found: dict[str, str] = {}
    for b in partition.boundaries:
        if sides.get(b.target) is Side.SPIKING and b.kind is not ValueKind.SPIKES:
            found[b.value] = ", ".join(each for each in TO_SPIKING if each is not Coding.SPIKES)
        elif sides.get(b.source) is Side.SPIKING and b.target in sides:
            found[b.value] = ", ".join(TO_DENSE)
    if not found:
        return "leave --coding out: no value of this cut crosses in more than one way"
    return f"there is a choice for {'; '.join(f'{value} ({ways})' for value, ways in found.items())}"


def _onto_chip(
    partition: Partition, boundary: Boundary, wish: Coding | None, evaluate: Evaluate
) -> tuple[Boundary, Diagnostic | None]:
    if boundary.kind is ValueKind.SPIKES:
        refused = wish not in (None, Coding.SPIKES)
        return replace(boundary, coding=Coding.SPIKES), _refusal("NT-BOUND-001", boundary, wish) if refused else None
    if wish not in (None, *TO_SPIKING) or wish is Coding.SPIKES:
        return boundary, _refusal("NT-BOUND-001", boundary, wish)
    made = bool(boundary.source) or not boundary.timed
    constant = wish is not Coding.GRADED and wish is not Coding.RATE and made
    constant = constant and is_constant(partition.graph, boundary.value, evaluate)
    if wish in (Coding.CONSTANT, Coding.LATENCY) and not constant:
        return boundary, _refusal("NT-BOUND-002", boundary, wish)
    return replace(boundary, coding=wish or (Coding.CONSTANT if constant else Coding.GRADED)), None


def _sums(partition: Partition, boundary: Boundary, evaluate: Evaluate) -> list[Reduction] | None:
    nodes = next(part.nodes for part in partition.parts if part.name == boundary.target)
    return reductions(partition.graph, boundary.value, nodes, boundary.steps, evaluate)


def _off_chip(
    boundary: Boundary, wish: Coding | None, found: list[Reduction] | None
) -> tuple[Boundary, Diagnostic | None]:
    whole = Coding.RASTER if boundary.kind is ValueKind.SPIKES else Coding.MEMBRANE
    if wish is whole:
        return replace(boundary, coding=whole), None
    if wish not in (None, Coding.COUNTS, Coding.WEIGHTED):
        return boundary, _refusal("NT-BOUND-001", boundary, wish)
    best = None if found is None else coding_of(found, boundary.kind)
    if wish is Coding.WEIGHTED and found:
        best = coding_of(found, ValueKind.FLOAT)
    if wish is not None and (best is None or best[0] is not wish):
        return boundary, _refusal("NT-BOUND-003", boundary, wish)
    coding, weights = best or (whole, ())
    return replace(boundary, coding=coding, weights=weights), None


def _latency(boundary: Boundary, sides: Mapping[str, Side]) -> int:
    """Whoever needs the window to tell a value waits for its end."""
    if boundary.coding in (Coding.RATE, Coding.LATENCY, *TO_DENSE) and boundary.target in sides:
        return boundary.steps
    return 0


def _refusal(rule: str, boundary: Boundary, wish: Coding | None) -> Diagnostic:
    found = f"{boundary.kind}, {'per step' if boundary.timed else 'once'}"
    message = f"{boundary.value} cannot cross to {boundary.target} as {wish}"
    return Diagnostic(rule, Severity.ERROR, boundary.value, message, found, "", RULES[rule].rewrite, "")

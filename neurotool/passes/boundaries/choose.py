"""Chooses a coding for every boundary between chip and torch: by rules, or as the user wishes.

The rules. Onto the chip, spikes stay spikes; a value that is the same at every step is held as a constant current;
other values are graded spikes. Off the chip, a raster of which only a sum over time is used crosses as spike counts,
or as a weighted sum where the steps weigh differently or potentials are summed; otherwise all of it crosses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from neurotool.diagnostics import Diagnostic, Severity
from neurotool.errors import UnsupportedError, UsageError
from neurotool.ir.coding import TO_DENSE, TO_SPIKING, Coding
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
        wish = next((Coding(c) for pattern, c in wishes.items() if fnmatchcase(boundary.value, pattern)), None)
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
            names = ", ".join(dict.fromkeys(crossing)) or "nothing"
            raise UsageError(f"--coding {pattern}={coding} matches no value that crosses", hint=f"these do: {names}")


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

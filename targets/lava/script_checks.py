"""What a plain Lava script can run: Lava's own processes, which are active from the first step of a run."""

from __future__ import annotations

from collections.abc import Iterator, Set

import numpy as np

from neurotool.diagnostics import Diagnostic, Severity
from neurotool.errors import UnsupportedError
from neurotool.ir.program import ChipProgram, Population, Projection
from neurotool.neurons import INV_SQRT, MODELS, Owner
from neurotool.targets.lava.checks import check_program
from neurotool.targets.lava.synapses import connection


def check_script(program: ChipProgram) -> None:
    """Refuse a program whose integers a plain script would not give.

    Raises:
        UnsupportedError: With one diagnostic for each population and projection that stands in the way.
    """
    check_program(program)
    early = active_early(program)
    found = [*_populations(program, early), *_projections(program, early)]
    if found:
        raise UnsupportedError(
            f"a plain Lava script cannot hold this program: {found[0].message}",
            hint="the lava target runs it: --target lava",
            diagnostics=found,
        )


def active_early(program: ChipProgram) -> Set[str]:
    """Return the populations that may be active before their start step in processes that no window holds back.

    These are the ones that do not stay at rest by themselves, and those that hear them.
    """
    found = {p.name for p in program.populations.values() if p.start > 0 and not _rests(p)}
    while more := {p.target for p in program.projections.values() if p.source in found} - found:
        found |= more
    return found


def _rests(population: Population) -> bool:
    """Tell whether a population without input stays in its initial state and sends nothing."""
    model = MODELS[population.model]
    state = {name: values[None] for name, values in model.initial(population.parameters, population.size).items()}
    silence = {port: np.zeros((1, population.size), np.int64) for port in model.inputs}
    after, sent = model.step(population.parameters, state, silence, row=0)
    return not sent.any() and all(np.array_equal(after[name], state[name]) for name in state)


def _populations(program: ChipProgram, early: Set[str]) -> Iterator[Diagnostic]:
    for population in program.populations.values():
        name, model = population.name, MODELS[population.model]
        if model.owner is not Owner.LAVA:
            message = f"population {name!r}: Lava has no process for the neuron model {model.name}"
            yield _error(name, message, model.name, "a neuron model of Lava", population.origin)
        elif model is INV_SQRT and population.size > 1:
            message = f"population {name!r}: Lava's InvSqrt is a single neuron, and this one has {population.size}"
            yield _error(name, message, f"{population.size} neurons", "1 neuron", population.origin)
        elif name in early and model.name != "lif":
            message = (
                f"population {name!r} ({model.name}) may be active before it starts in step {population.start}, "
                f"and only lif can be reset then"
            )
            yield _error(name, message, model.name, "lif, or at rest until the input arrives", population.origin)


def _projections(program: ChipProgram, early: Set[str]) -> Iterator[Diagnostic]:
    for projection in program.projections.values():
        late = program.lag(projection) + projection.delay_range[1]
        if projection.source in early and late > 0:
            message = (
                f"population {projection.source!r} may be active before it starts, and projection "
                f"{projection.name!r} would bring that to {projection.target!r} after that has started"
            )
            yield _error(projection.name, message, f"up to {late} steps later", "the same step", projection.origin)
        yield from _pairs(program, projection)


def _pairs(program: ChipProgram, projection: Projection) -> Iterator[Diagnostic]:
    copies = connection(program, projection).copies
    if copies > 1:
        message = f"projection {projection.name!r} joins a pair of neurons by {copies} synapses"
        yield _error(projection.name, message, f"{copies} synapses", "1 synapse", projection.origin)


def _error(node: str, message: str, found: str, limit: str, origin: str) -> Diagnostic:
    return Diagnostic("NT-RUN-003", Severity.ERROR, node, message, found, limit, "run it on the lava target", origin)

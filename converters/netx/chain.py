"""Takes a chip program apart into the chain of layers that a NetX file can hold, or says why it is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neurotool.diagnostics import Diagnostic, Severity
from neurotool.ir.program import AllToAll, ChipProgram, Convolution, OutputKind, Population, Projection, Sparse

CHAIN, VALUES = "NT-NETX-007", "NT-NETX-008"
PORTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("lif", "lif_reset", "sigma", "sigma_delta", "delta"), ("a",)),
    **dict.fromkeys(("rf", "rf_iz"), ("a_real", "a_imag")),
}
"""Inputs of the neuron models that the format has, in the order of their weights in a file."""
GRADED = ("sigma", "sigma_delta", "delta")


@dataclass(frozen=True, eq=False)
class Link:
    """One layer of neurons with what leads to it.

    Attributes:
        population: The neurons.
        forward: Projections from the layer before, in the order of the inputs of the neuron model.
        back: Projection from the layer to itself, if it is recurrent.
        is_input: Whether the input drives the neurons directly, without weights.
        readout: Whether the potential is the answer, so that the neurons never fire.
    """

    population: Population
    forward: tuple[Projection, ...]
    back: Projection | None
    is_input: bool
    readout: bool

    @property
    def kind(self) -> str:
        """Layer type in the file."""
        if self.is_input:
            return "input"
        if isinstance(self.forward[0].connectivity, Convolution):
            return "conv"
        return "dense_rec" if self.back else "dense"


def refusal(rule: str, node: str, message: str, *, found: str = "", limit: str = "", fix: str = "") -> Diagnostic:
    """Make a finding about a population or projection; ``message`` goes on after its name."""
    return Diagnostic(rule, Severity.ERROR, node, f"{node}: {message}" if node else message, found, limit, fix)


def links_of(program: ChipProgram) -> tuple[Link, ...]:
    """Return the layers of a program in order. The program must have no :func:`chain_refusals`."""
    return tuple(_link(program, number, population) for number, population in enumerate(program.populations.values()))


def _link(program: ChipProgram, number: int, population: Population) -> Link:
    into = program.projections_into(population.name)
    forward = sorted(
        (p for p in into if p.source != population.name), key=lambda p: PORTS[population.model].index(p.port)
    )
    back = next((p for p in into if p.source == population.name), None)
    membranes = {port.population for port in program.outputs if port.kind is OutputKind.MEMBRANE}
    is_input = number == 0 and len(forward) == 1 and is_identity(forward[0])
    return Link(population, tuple(forward), back, is_input, population.name in membranes)


def is_identity(projection: Projection) -> bool:
    """Whether a projection hands every value to the neuron at its place, unchanged."""
    connectivity = projection.connectivity
    if not isinstance(connectivity, Sparse) or projection.delay_range[1] or projection.weight_exp:
        return False
    each = np.arange(len(projection.weights))
    places = np.array_equal(connectivity.sources, each) and np.array_equal(connectivity.targets, each)
    return places and bool(np.all(projection.weights == 1)) and projection.message_bits > 0


def chain_refusals(program: ChipProgram) -> Iterator[Diagnostic]:
    """Yield why a program is no chain of layers that lava-dl runs in the same steps."""
    if len(program.inputs) != 1:
        names = ", ".join(program.inputs)
        yield refusal(CHAIN, "", f"the program has {len(program.inputs)} inputs: {names}", found=names, limit="1")
        return
    before = next(iter(program.inputs))
    together = any(p.model == "sigma_delta" for p in program.populations.values())
    direct = any(is_identity(p) for p in program.projections.values() if p.source == before)
    for number, population in enumerate(program.populations.values()):
        yield from _population(population, number, int(direct) if together else number + 1)
        if population.model in PORTS:
            yield from _projections(program, population, before)
        before = population.name
    for port in program.outputs:
        if port.population != before:
            yield refusal(CHAIN, port.population, f"is an output, but {before} is the last layer", limit=before)


def _population(population: Population, number: int, start: int) -> Iterator[Diagnostic]:
    name = population.name
    if population.model not in PORTS:
        message = f"{population.model} neurons have no place in a .net file"
        yield refusal(CHAIN, name, message, found=population.model, limit=", ".join(PORTS))
    if population.start != start:
        message = f"begins at step {population.start}; lava-dl's layer {number} begins at step {start}"
        yield refusal(CHAIN, name, message, found=str(population.start), limit=str(start))
    if len(population.shape) > 3:
        yield refusal(CHAIN, name, "has more than three axes", found=str(list(population.shape)))


def _projections(program: ChipProgram, population: Population, before: str) -> Iterator[Diagnostic]:
    into = program.projections_into(population.name)
    forward = [p for p in into if p.source != population.name]
    ports = PORTS[population.model]
    if sorted(p.port for p in forward) != sorted(ports):
        found = ", ".join(p.name for p in forward) or "nothing"
        yield refusal(
            CHAIN, population.name, f"needs one projection to port {' and one to port '.join(ports)}", found=found
        )
        return
    if len(into) - len(forward) > 1:
        yield refusal(CHAIN, population.name, "has more than one projection to itself", limit="1")
    for projection in forward:
        if projection.source != before:
            message = f"comes from {projection.source}, but the layer before is {before}"
            yield refusal(CHAIN, projection.name, message, found=projection.source, limit=before)
    driven = before in program.inputs and len(forward) == 1 and is_identity(forward[0])
    if driven and population.model not in ("lif", "lif_reset", "delta"):
        yield refusal(CHAIN, population.name, f"{population.model} neurons cannot be the input layer")
    if not driven and population.model == "delta":
        yield refusal(CHAIN, population.name, "delta neurons can only be the input layer")
    for projection in into:
        if not (driven and projection is forward[0]):
            yield from _connectivity(program, projection, population)
            yield from _messages(program, projection)
    if len(into) > len(forward) and population.model in GRADED and not _sends_integers(program, forward[0]):
        message = "hears its own graded spikes, but binary ones from before; lava-dl takes both alike"
        yield refusal(CHAIN, population.name, message)


def _connectivity(program: ChipProgram, projection: Projection, population: Population) -> Iterator[Diagnostic]:
    kind, back = projection.connectivity, projection.source == population.name
    resonator = len(PORTS[population.model]) == 2
    after = [p.connectivity for p in program.projections.values() if p.source == population.name]
    if back and resonator:
        yield refusal(CHAIN, projection.name, "recurrent resonators have no place in a .net file")
    if not (isinstance(kind, AllToAll) or (isinstance(kind, Convolution) and not resonator and not back)):
        fix = "write the projection as a full matrix"
        yield refusal(CHAIN, projection.name, f"{type(kind).__name__} synapses have no place here", fix=fix)
    if isinstance(kind, AllToAll) and any(isinstance(c, Convolution) for c in after):
        yield refusal(CHAIN, population.name, "is a dense layer and so flat; no convolution can follow it")


def _messages(program: ChipProgram, projection: Projection) -> Iterator[Diagnostic]:
    if _sends_integers(program, projection) and not projection.message_bits:
        yield refusal(
            CHAIN, projection.name, "hears graded spikes as binary ones, which lava-dl does not", found="0 bits"
        )


def _sends_integers(program: ChipProgram, projection: Projection) -> bool:
    source = program.populations.get(projection.source)
    return source.model in GRADED if source else program.inputs[projection.source].message_bits > 0

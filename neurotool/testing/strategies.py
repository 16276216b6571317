"""Hypothesis strategies for whole programs with their input.

Programs are few and wide: every neuron has parameters of its own, so that one run compares hundreds of sets of them,
on Lava too, where a run costs half a second however small it is. What decides the structure is drawn by hypothesis,
which makes it smaller when a test fails; the many numbers come from a generator with a drawn seed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from neurotool.arrays import Int64Array
from neurotool.ir.graph import Shape
from neurotool.ir.program import ChipProgram, InputPort, OutputKind, OutputPort, Population, Projection
from neurotool.ir.trace import Raster
from neurotool.neurons import MODELS, NeuronModel
from neurotool.testing.case import Case
from neurotool.testing.values import Numbers
from neurotool.testing.wiring import WEIGHT_EXPONENTS, End, convolutions, projections

MESSAGE_BITS = st.sampled_from([0, 0, 8, 16, 24, 32])
FLAT_SHAPES = st.sampled_from([1, 40, 250]).map(lambda size: (size,))
IMAGE_SHAPES = st.one_of(
    st.tuples(st.integers(1, 4), st.integers(1, 7), st.integers(1, 7)),
    st.tuples(st.integers(1, 4), st.integers(1, 30)),
)
# Most programs are short, since most of what can differ shows at once; delays of 63 steps need long ones.
EXTENTS = st.one_of(st.tuples(st.integers(1, 16), st.integers(1, 4)), st.tuples(st.integers(1, 72), st.just(1)))


@dataclass(eq=False)
class _Draft:
    """A program in the making."""

    numbers: Numbers
    steps: int
    ports: dict[str, InputPort] = field(default_factory=dict)
    populations: dict[str, Population] = field(default_factory=dict)
    projections: dict[str, Projection] = field(default_factory=dict)

    def ends(self) -> list[End]:
        """All that a projection can start at."""
        ports = [End(p.name, p.shape, 0, p.message_bits, port=True) for p in self.ports.values()]
        return [*ports, *map(_end, self.populations.values())]

    def name(self) -> str:
        """Name for the next projection."""
        return f"w{len(self.projections)}"


def _end(population: Population) -> End:
    return End(population.name, population.shape, population.start, 24 * MODELS[population.model].graded)


@st.composite
def cases(draw: st.DrawFn, model: str) -> Case:
    """Draw a program of one neuron model, with some populations of others, and input for a batch.

    Args:
        draw: Draws from other strategies.
        model: Name in :data:`neurotool.neurons.MODELS`.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    steps, batch = draw(EXTENTS)
    numbers = Numbers(rng, powers=draw(st.integers(0, 4)) == 4)
    draft = _Draft(numbers, steps)
    for i in range(draw(st.integers(1, 2))):
        shape = draw(st.one_of(FLAT_SHAPES, IMAGE_SHAPES))
        draft.ports[f"x{i}"] = InputPort(f"x{i}", shape, draw(MESSAGE_BITS))
    # A uniform parameter has one value for each population: more of them then.
    most = 5 if any(p.uniform for p in MODELS[model].parameters) else 3
    for i in range(draw(st.integers(1, most))):
        of = model if draw(st.integers(0, 3)) < 3 or i == 0 else draw(st.sampled_from(sorted(MODELS)))
        draw(_population(draft, f"p{i}", MODELS[of]))
    for _ in range(draw(st.integers(0, 4))):
        source, target = draw(st.sampled_from(draft.ends())), draw(st.sampled_from(list(draft.populations.values())))
        port = draw(st.sampled_from(MODELS[target.model].inputs))
        made = draw(projections(numbers, draft.name(), (source, _end(target)), port, steps))
        draft.projections[made.name] = made
    outputs = tuple(draw(_output(population)) for population in draft.populations.values())
    program = ChipProgram(1e-3, draft.ports, draft.populations, draft.projections, outputs)
    return Case(
        program, {p.name: _input(numbers, (steps, batch, *p.shape), p.message_bits) for p in draft.ports.values()}
    )


@st.composite
def _population(draw: st.DrawFn, draft: _Draft, name: str, model: NeuronModel) -> Population:
    """Add a population, the projection that gives it its shape, and mostly one to each of its other inputs."""
    source = draw(st.sampled_from(draft.ends()))
    # The start step of a layer is one after its source; an earlier one makes a skip, a later one needs delays.
    start = max(0, source.start + 1 - draw(st.sampled_from([0, 0, 0, 1, 2, -1])))
    convolution = None
    if len(source.shape) > 1 and start <= source.start + 1 and draw(st.booleans()):
        geometry, weights, shape = draw(convolutions(source.shape))
        convolution = geometry, weights
    else:
        shape = draw(st.one_of(FLAT_SHAPES, IMAGE_SHAPES))
    population = Population(
        name, model.name, shape, parameters(draft.numbers, model, math.prod(shape)), start, scale=3.0, offset=0.5
    )
    draft.populations[name] = population
    port = draw(st.sampled_from(model.inputs))
    made = draw(projections(draft.numbers, draft.name(), (source, _end(population)), port, draft.steps, convolution))
    draft.projections[made.name] = made
    for other in model.inputs:
        if other != port:
            draw(_beside(draft, made, other))
    return population


@st.composite
def _beside(draw: st.DrawFn, draft: _Draft, made: Projection, port: str) -> None:
    """Add a projection to another input of the population that one ends at, or none.

    Half of them have the same synapses with another exponent: few neurons hear something at both inputs otherwise, and
    half of a product says nothing.
    """
    kind = draw(st.sampled_from(["alike", "alike", "other", "none"]))
    if kind == "alike":
        beside = replace(made, name=draft.name(), port=port, weight_exp=draw(WEIGHT_EXPONENTS))
    elif kind == "other":
        ends = draw(st.sampled_from(draft.ends())), _end(draft.populations[made.target])
        beside = draw(projections(draft.numbers, draft.name(), ends, port, draft.steps))
    else:
        return
    draft.projections[beside.name] = beside


def parameters(numbers: Numbers, model: NeuronModel, size: int) -> dict[str, Int64Array]:
    """Draw the parameters of ``size`` neurons over their full ranges; one value for all where a model has one."""
    return {
        p.name: np.full(size, numbers.integer(p.low, p.high)) if p.uniform else numbers.integers(p.low, p.high, size)
        for p in model.parameters
    }


def _output(population: Population) -> st.SearchStrategy[OutputPort]:
    kinds: Sequence[OutputKind] = tuple(OutputKind) if "v" in MODELS[population.model].states else (OutputKind.SPIKES,)
    return st.sampled_from(kinds).map(lambda kind: OutputPort(population.name, kind))


def _input(numbers: Numbers, shape: Shape, bits: int) -> Raster:
    """Draw spikes, or payloads of any size that the port holds, at some rate."""
    active: npt.NDArray[np.bool_] = numbers.rng.random(shape) < numbers.rng.choice([0.05, 0.3, 1.0])
    if not bits:
        return active
    payloads: Int64Array = numbers.factors(-(1 << bits - 1), (1 << bits - 1) - 1, shape) * active
    return payloads

"""Hypothesis strategies for projections: connectivity, weights, delays, exponent and widths."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import strategies as st

from neurotool.arrays import Int64Array
from neurotool.ir.connectivity import DELAY_MAX, convolved, planes
from neurotool.ir.graph import Shape
from neurotool.ir.program import AllToAll, Connectivity, Convolution, Projection, SignMode, Sparse
from neurotool.testing.values import Numbers

WEIGHT_EXPONENTS = st.one_of(st.integers(-2, 2), st.integers(-8, 7))
WIDE = st.sampled_from([255, 255, 255, (1 << 15) - 1])
"""Largest weight of a convolution: Lava neither clips nor truncates them."""

MOST_DELAYED = 3000
"""Synapses with delays in an all-to-all projection; Lava copies the matrix for every delay in every step."""


@dataclass(frozen=True)
class End:
    """A source or target of a projection.

    Attributes:
        name: Input port or population.
        shape: Its shape.
        start: Its start step; 0 for a port.
        bits: Message width: that of a port, the default width for a population that sends integers, or 0.
        port: Whether it is an input port.
    """

    name: str
    shape: Shape
    start: int
    bits: int
    port: bool = False

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)


@st.composite
def convolutions(draw: st.DrawFn, source: Shape) -> tuple[Convolution, Shape, Shape]:
    """Draw a convolution over a source: its geometry, the shape of its weights and that of its target."""
    channels, rows, columns = planes(source)
    groups = draw(st.sampled_from([n for n in (1, 2, 3) if channels % n == 0]))
    kernel, stride, padding, dilation = zip(
        *(draw(_axis(size, flat=len(source) == 2 and axis == 0)) for axis, size in enumerate((rows, columns))),
        strict=True,
    )
    convolution = Convolution(stride, padding, dilation, groups)
    weights = (groups * draw(st.integers(1, 3)), channels // groups, *kernel)
    target = convolved(source, weights, convolution)
    return convolution, weights, (target[0], target[2]) if len(source) == 2 else target


@st.composite
def _axis(draw: st.DrawFn, size: int, *, flat: bool) -> tuple[int, int, int, int]:
    """Draw kernel, stride, padding and dilation along one axis such that something is left of it."""
    if flat:
        return 1, draw(st.integers(1, 2)), 0, draw(st.integers(1, 2))
    padding, dilation = draw(st.integers(0, 2)), draw(st.integers(1, 2))
    most = (size + 2 * padding - 1) // dilation + 1
    return draw(st.integers(1, min(most, 4))), draw(st.integers(1, 3)), padding, dilation


@st.composite
def projections(
    draw: st.DrawFn,
    numbers: Numbers,
    name: str,
    ends: tuple[End, End],
    port: str,
    steps: int,
    convolution: tuple[Convolution, Shape] | None = None,
) -> Projection:
    """Draw a projection between two ends.

    Args:
        draw: Draws from other strategies.
        numbers: Draws weights, indices and delays.
        name: Its name.
        ends: Source and target.
        port: Input of the target.
        steps: Time steps of the run; most delays lie within them.
        convolution: A convolution that joins the two and the shape of its weights, or None to draw something else.
    """
    source, target = ends
    lag = source.start + 1 - target.start
    connectivity: Connectivity
    if convolution:
        connectivity, shape = convolution
    elif draw(st.booleans()) and (lag >= 0 or target.size * source.size <= MOST_DELAYED):
        connectivity, shape = AllToAll(), (target.size, source.size)
    else:
        connectivity, shape = _listed(numbers, draw(st.sampled_from([0.05, 1.0, 4.0])), source.size, target.size)
    mode = draw(st.sampled_from(SignMode))
    made = Projection(
        name,
        source.name,
        target.name,
        weights=_weights(
            numbers, shape, draw(WIDE if convolution else st.just(255)), mode, obedient=draw(st.booleans())
        ),
        weight_exp=draw(WEIGHT_EXPONENTS),
        weight_bits=draw(st.one_of(st.just(8), st.integers(1, 8))),
        sign_mode=mode,
        message_bits=source.bits if source.port else draw(st.sampled_from([source.bits, source.bits, 0, 8])),
        connectivity=connectivity,
        port=port,
    )
    if convolution:
        return made
    if lag < 0 or (draw(st.integers(0, 2)) == 2 and _may_be_delayed(made)):
        return replace(made, delays=_delays(numbers.rng, made.weights.shape, -min(lag, 0), steps))
    return made


def _may_be_delayed(projection: Projection) -> bool:
    return isinstance(projection.connectivity, Sparse) or projection.weights.size <= MOST_DELAYED


def _listed(numbers: Numbers, fan_in: float, sources: int, targets: int) -> tuple[Sparse, Shape]:
    """List synapses between random pairs; some pairs are joined twice, some neurons not at all."""
    count = max(1, round(fan_in * targets))
    return Sparse(numbers.rng.integers(0, targets, count), numbers.rng.integers(0, sources, count)), (count,)


def _weights(numbers: Numbers, shape: Shape, high: int, mode: SignMode, *, obedient: bool) -> Int64Array:
    """Draw weights anywhere in ``-high - 1..high``, or with the signs that the mode allows."""
    weights = numbers.factors(-high - 1, high, shape)
    weights[numbers.rng.random(shape) < numbers.rng.choice([0.0, 0.5, 0.95])] = 0
    if not obedient or mode is SignMode.MIXED:
        return weights
    size = np.minimum(abs(weights), high)
    return size if mode is SignMode.EXCITATORY else -size


def _delays(rng: np.random.Generator, shape: Shape, least: int, steps: int) -> Int64Array:
    """Draw delays: all alike, or of a few values, or of many, seldom longer than the run."""
    longest = DELAY_MAX if rng.random() < 0.1 else min(DELAY_MAX, max(least, steps))
    choices = rng.integers(least, longest + 1, int(rng.choice([1, 3, 64])))
    choices[0] = rng.choice([least, longest])
    return rng.choice(choices, shape)

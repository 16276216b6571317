"""How large the states of a population can become."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from neurotool.arrays import Float64Array, Int64Array
from neurotool.ir.program import AllToAll, Connectivity, Population, Projection, Sparse
from neurotool.neurons.fixed import ALIGNMENT, DECAY_UNITY
from neurotool.passes.quantise import integers
from neurotool.passes.quantise.layer import Layer

HEADROOM = 2.0
"""The calibrated range of a current is doubled: another input may drive it further, and beyond 24 bits it wraps."""

MEMBRANE_HEADROOM = 1.25
"""A potential saturates: beyond its range, a neuron held far below its threshold is only held less far. What
is spared here are bits of resolution, which loops at a coarse scale need more."""


@dataclass(frozen=True)
class StateBound:
    """Largest magnitudes of the integer states.

    Attributes:
        current: Bound of |u|.
        rise: Bound of v upwards, before the reset.
        fall: Bound of v downwards; infinite where an integrator has none (the chip saturates there).
        proven: Whether no input can exceed the bound.
    """

    current: float
    rise: float
    fall: float
    proven: bool

    @property
    def largest(self) -> float:
        """The largest of the three."""
        return max(self.current, self.rise, self.fall)

    @property
    def finite(self) -> bool:
        """Whether every state is bounded."""
        return self.largest < math.inf


def worst_case(
    population: Population, projections: Sequence[Projection], peaks: Mapping[str, int], *, fires: bool
) -> StateBound:
    """Bound the integer states of LIF neurons for every possible input, by interval arithmetic on the rounded program.

    A filtered current is at most the largest activation times 1 + (1-k) + (1-k)^2 + ... = 1/k with k = (du + 1) / 4096,
    since decays round towards zero. Upwards, a spiking neuron is at most at threshold when a step begins; downwards,
    and in a read-out, the leak bounds the potential in the same way.

    Args:
        population: The rounded population.
        projections: The rounded projections into it.
        peaks: Largest payload magnitude of each source.
        fires: False for a read-out.
    """
    p = population.parameters
    share = (p["du"] + 1) / DECAY_UNITY
    up = sum((_drive(s, 1, peaks[s.source], population.size) for s in projections), np.zeros(population.size)) / share
    down = (
        sum((_drive(s, -1, peaks[s.source], population.size) for s in projections), np.zeros(population.size)) / share
    )
    bias = p["bias_mant"] * 2.0 ** p["bias_exp"]
    push, pull = up + np.maximum(bias, 0.0), down + np.maximum(-bias, 0.0)
    leak = p["dv"] / DECAY_UNITY
    fall = _accumulated(pull, leak)
    # A read-out never fires, so that nothing but its leak holds it down. A subtraction may be less than what arrives.
    held = fires and ("v_sub" not in p or bool(np.all(push <= p["v_sub"])))
    highest = np.max([values for name, values in p.items() if name.startswith("vth")], axis=0)
    rise = (highest << ALIGNMENT) + push if held else _accumulated(push, leak)
    return StateBound(float(np.maximum(up, down).max()), float(rise.max()), float(fall.max()), True)


def _drive(projection: Projection, sign: int, peak: int, size: int) -> Float64Array:
    """Largest aligned activation of each neuron in one direction; graded payloads may have either sign.

    Shifting a sum right rounds down, which adds up to one unit downwards.
    """
    graded = bool(projection.message_bits)

    def one_sided(weights: Int64Array) -> Int64Array:
        return np.abs(weights) if graded else np.maximum(sign * weights, 0)

    sums = _sums(projection.connectivity, projection.weights, one_sided, size)
    total = sums * float(peak) * 2.0**projection.weight_exp
    # Synapses of different delay are shifted apart, and each shift may round.
    shifts = 1 if projection.delays is None else np.unique(projection.delays).size
    rounding = float(shifts) if projection.weight_exp < 0 else 0.0
    return np.asarray((total + rounding) * 2**ALIGNMENT, np.float64)


def _sums(
    connectivity: Connectivity, weights: Int64Array, one_sided: Callable[[Int64Array], Int64Array], size: int
) -> Float64Array:
    """Sum the weights that each target neuron hears; at the border of an image a convolution hears fewer."""
    if isinstance(connectivity, AllToAll):
        sums = [one_sided(weights[piece]).sum(axis=1) for piece in integers.pieces(weights)]
        return np.concatenate([np.zeros(0), *sums])
    if isinstance(connectivity, Sparse):
        return np.bincount(connectivity.targets, weights=one_sided(weights), minlength=size).astype(np.float64)
    channels = one_sided(weights).reshape(len(weights), -1).sum(axis=1)
    return np.repeat(channels, size // len(channels)).astype(np.float64)


def _accumulated(step: Float64Array, leak: Float64Array) -> Float64Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        total = np.where(step > 0.0, step / leak, 0.0)
    return np.asarray(total, np.float64)


def calibrated(
    layer: Layer, ranges: Mapping[str, float], state_scale: float, headroom: float = MEMBRANE_HEADROOM
) -> StateBound:
    """Bound the integer states by what calibration data showed, with some headroom.

    Args:
        layer: The population.
        ranges: Largest |u| and |v| of the float reference, in the float units of the graph.
        state_scale: Integer state units per float unit.
        headroom: Share of the range of the potential that must fit.
    """
    current = HEADROOM * ranges["u"] * float(np.abs(layer.update.current_to_membrane).max())
    membrane = headroom * (ranges["v"] + float(np.abs(layer.zero).max()))
    return StateBound(current * state_scale, membrane * state_scale, membrane * state_scale, False)

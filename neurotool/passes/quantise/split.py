"""Rounds the synapses of one source: to one projection, or to a coarse and a fine one where eight bits are too few.

The fine projection holds what rounding left over, at a smaller exponent. It is a second synapse beside each first one,
and is counted so in memory and energy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from neurotool.arrays import Float64Array, Int64Array
from neurotool.ir.program import ChipProgram, InputPort, Projection, SignMode
from neurotool.ir.registers import weight_range, weight_step
from neurotool.passes.quantise import integers
from neurotool.passes.quantise.layer import Synapses
from neurotool.passes.quantise.scale import WEIGHT_EXPONENTS, Scale

SYNAPSE_BITS = 8
"""Widest weight of one synapse; wider ones are split."""

WIDEST = 2 * SYNAPSE_BITS


def synapse_bits(weight_bits: int) -> tuple[int, ...]:
    """Widths of the synapses that hold a weight: one, or a coarse and a fine one."""
    if weight_bits <= SYNAPSE_BITS:
        return (weight_bits,)
    return SYNAPSE_BITS, max(2, weight_bits - SYNAPSE_BITS)


def project(
    synapses: Synapses, target: str, scale: Scale, port: InputPort | None, weight_bits: int, delays: Int64Array | None
) -> tuple[Projection, ...]:
    """Round synapses.

    Args:
        synapses: Float synapses.
        target: Population at which they end.
        scale: Scale of the population.
        port: Input port they start at, if it is one.
        weight_bits: Width of a weight, 1 to 16.
        delays: Delays in the shape of the weights, or None.

    Returns:
        The projection, and the fine one if the width is above 8 and rounding left anything over.
    """
    exponent = scale.exponents[synapses.name]
    mode = integers.sign_mode(synapses.weights)
    scaled = synapses.weights * (scale.activation / 2.0**exponent)
    coarse_bits, *fine_bits = synapse_bits(weight_bits)
    coarse = Projection(
        name=synapses.name,
        source=synapses.source,
        target=target,
        weights=integers.weights(scaled, coarse_bits, mode),
        weight_exp=exponent,
        weight_bits=coarse_bits,
        sign_mode=mode,
        message_bits=port.message_bits if port else 0,
        origin=synapses.origin,
        connectivity=synapses.connectivity,
        delays=delays,
    )
    # What is left over is at most half a step of the mantissas: 1 where one of eight bits is the sign, else 1/2. Where
    # there is nothing to sum, bits below a unit would only be cut off again.
    lowest = WEIGHT_EXPONENTS[0] if synapses.adds_up else 0
    shift = min(8 if mode is SignMode.MIXED else 9, exponent - lowest)
    if not fine_bits or shift < 1:
        return (coarse,)
    (bits,) = fine_bits
    left = integers.weights((scaled - coarse.weights) * 2.0**shift, bits, SignMode.MIXED)
    if not left.any():
        return (coarse,)
    name = f"{synapses.name}.fine"
    fine = replace(
        coarse, name=name, weights=left, weight_exp=exponent - shift, weight_bits=bits, sign_mode=SignMode.MIXED
    )
    return coarse, fine


def meant(weights: Sequence[Int64Array], projections: Sequence[Projection], scale: Scale) -> Float64Array:
    """Float weights that (some of) the weights of projections of the same synapses stand for together."""
    parts = [w * 2.0**p.weight_exp for w, p in zip(weights, projections, strict=True)]
    total: Float64Array = np.sum(parts, axis=0) / scale.activation
    return total


def clipped(synapses: Synapses, scale: Scale) -> float:
    """Share of the weights that lie a unit or more beyond the largest mantissa."""
    mode = integers.sign_mode(synapses.weights)
    low, high = weight_range(SYNAPSE_BITS, mode)
    units, step = scale.activation / 2.0 ** scale.exponents[synapses.name], weight_step(SYNAPSE_BITS, mode)
    if low - step < float(synapses.weights.min()) * units and float(synapses.weights.max()) * units < high + step:
        return 0.0  # without a copy of what may be many weights
    scaled = synapses.weights * units
    return float(np.mean((scaled <= low - step) | (scaled >= high + step)))


def meant_by(program: ChipProgram, population: str, synapses: Synapses) -> Float64Array:
    """Float weights that a program holds for some synapses, in their shape."""
    made = tuple(
        p for p in program.projections_into(population)
        if p.source == synapses.source and p.name.removesuffix(f"->{population}").removesuffix(".fine") == synapses.name
    )  # fmt: skip
    total: Float64Array = np.sum([p.weights * 2.0**p.weight_exp for p in made], axis=0)
    return total * 64.0 / program.populations[population].scale

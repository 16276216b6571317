"""What constant inputs and shifts to the right lose, and the bias that gives it back.

What a bias axon delivers in every step is off by the rounding of one weight, which is known.

A projection of negative exponent e sums mantissas, which are multiples of a step g, and drops the last -e bits of the
sum. Over sums that leave every remainder equally often, that loses (1 - g 2^e) / 2 units of activation whenever
anything arrived. In a loop at a coarse scale this is more than what rounding 16-bit weights costs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from neurotool.arrays import Float64Array
from neurotool.ir.program import AllToAll, Projection, Sparse
from neurotool.ir.registers import weight_step
from neurotool.passes.quantise.integers import BIAS_EXPONENT, BIAS_MANTISSA
from neurotool.passes.quantise.layer import Layer, bias_axon
from neurotool.passes.quantise.scale import Scale
from neurotool.passes.quantise.split import meant


def shifted(projections: Sequence[Projection], rates: Mapping[str, float]) -> dict[str, float]:
    """The rates on which it depends what projections lose: those of sources whose sums are shifted to the right."""
    return {p.source: rates[p.source] for p in projections if p.weight_exp < 0 and p.source in rates}


def given_back(
    layer: Layer, made: Sequence[tuple[Projection, ...]], scale: Scale, rates: Mapping[str, float]
) -> Float64Array:
    """What is added to the bias of a layer for all that its synapses lose, in units of its state, ``[neuron]``.

    Args:
        layer: The layer.
        made: Projections of each of its synapses, in their order; none where they were left out.
        scale: Its scale.
        rates: Share of the steps in which a neuron of each source sends anything, where that is known.
    """
    projections = [projection for several in made for projection in several]
    return bias_for(layer, lost(layer, projections, rates) + missed(layer, made, scale), scale)


def lost(layer: Layer, projections: Sequence[Projection], rates: Mapping[str, float]) -> Float64Array:
    """What a population loses per step on average, in units of its activation, ``[neuron]``.

    Args:
        layer: The population.
        projections: Its rounded synapses.
        rates: Share of the steps in which a neuron of each source sends anything; of those that are not named nothing
            is known, and nothing is given back.
    """
    total = np.zeros(layer.size)
    for p in projections:
        if p.weight_exp < 0 and p.source in rates:
            step = weight_step(p.weight_bits, p.sign_mode)
            often = 1.0 - (1.0 - min(1.0, rates[p.source])) ** _heard(p, layer.size)
            total += often * max(0.0, 1.0 - step * 2.0**p.weight_exp) / 2.0
    return total


def missed(layer: Layer, made: Sequence[tuple[Projection, ...]], scale: Scale) -> Float64Array:
    """What rounding the weights of the bias axon takes from every step, in units of activation, ``[neuron]``."""
    total = np.zeros(layer.size)
    for synapses, projections in zip(layer.synapses, made, strict=True):
        if synapses.source == bias_axon(layer.node.name) and projections:
            total += (
                (synapses.weights - meant([p.weights for p in projections], projections, scale)) * scale.activation
            )[:, 0]
    return total


def bias_for(layer: Layer, activation: Float64Array, scale: Scale) -> Float64Array:
    """Membrane bias that drives the potential as an activation in every step does, once the current has settled.

    It is added to the layer's own, and is less where both together would leave the register.
    """
    own, most = layer.bias * scale.state, float(BIAS_MANTISSA << BIAS_EXPONENT)
    return np.asarray(np.clip(own + 64.0 * activation / layer.current_decay, -most, most) - own, np.float64)


def _heard(projection: Projection, size: int) -> Float64Array:
    """How many sources each neuron hears through synapses that are not zero."""
    if isinstance(projection.connectivity, AllToAll):
        return np.asarray((projection.weights != 0).sum(axis=1), np.float64)
    if isinstance(projection.connectivity, Sparse):
        used = projection.connectivity.targets[projection.weights != 0]
        return np.bincount(used, minlength=size).astype(np.float64)
    return np.zeros(size)  # a convolution has no exponent

"""What constant inputs and shifts to the right lose, and the bias that gives it back.

What a bias axon delivers in every step is off by the rounding of one weight, which is known.

A projection of negative exponent e sums mantissas, which are multiples of a step g, and drops the last -e bits of the
sum. Over sums that leave every remainder equally often, that loses (1 - g 2^e) / 2 units of activation whenever
anything arrived. In a loop at a coarse scale this is more than what rounding 16-bit weights costs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from neurotool.ir.program import AllToAll, Projection, Sparse
from neurotool.passes.quantise.integers import BIAS_EXPONENT, BIAS_MANTISSA
from neurotool.passes.quantise.layer import FloatArray, Layer, bias_axon
from neurotool.passes.quantise.scale import Scale
from neurotool.passes.quantise.split import meant
from neurotool.synapses.precision import weight_step


def lost(layer: Layer, projections: Sequence[Projection], rates: Mapping[str, float]) -> FloatArray:
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


def missed(layer: Layer, made: Sequence[tuple[Projection, ...]], scale: Scale) -> FloatArray:
    """What rounding the weights of the bias axon takes from every step, in units of activation, ``[neuron]``."""
    total = np.zeros(layer.size)
    for synapses, projections in zip(layer.synapses, made, strict=True):
        if synapses.source == bias_axon(layer.node.name):
            total += (
                (synapses.weights - meant([p.weights for p in projections], projections, scale)) * scale.activation
            )[:, 0]
    return total


def bias_for(layer: Layer, activation: FloatArray, scale: Scale) -> FloatArray:
    """Membrane bias that drives the potential as an activation in every step does, once the current has settled.

    It is added to the layer's own, and is less where both together would leave the register.
    """
    own, most = layer.bias * scale.state, float(BIAS_MANTISSA << BIAS_EXPONENT)
    return np.asarray(np.clip(own + 64.0 * activation / layer.current_decay, -most, most) - own, np.float64)


def _heard(projection: Projection, size: int) -> FloatArray:
    """How many sources each neuron hears through synapses that are not zero."""
    if isinstance(projection.connectivity, AllToAll):
        return np.asarray((projection.weights != 0).sum(axis=1), np.float64)
    if isinstance(projection.connectivity, Sparse):
        used = projection.connectivity.targets[projection.weights != 0]
        return np.bincount(used, minlength=size).astype(np.float64)
    return np.zeros(size)  # a convolution has no exponent

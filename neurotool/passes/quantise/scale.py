"""The scales that a population could have: integer units of activation per float unit of membrane potential."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from neurotool.neurons import NEVER_FIRES
from neurotool.neurons.fixed import STATE_LIMIT
from neurotool.passes.quantise.integers import BIAS_EXPONENT, BIAS_MANTISSA
from neurotool.passes.quantise.layer import Layer, Synapses
from neurotool.passes.quantise.weight_range import Fit, exponent_of

WEIGHT_EXPONENTS = range(-8, 8)
"""Exponents of the 4-bit register."""


@dataclass(frozen=True)
class Scale:
    """The scale λ of a population and the exponent of each projection into it.

    An integer state is ``64 * λ`` times the float state; a weight is ``λ * w / 2^exponent``.
    """

    activation: float
    exponents: dict[str, int]

    @property
    def state(self) -> float:
        """Integer state units per float unit."""
        return 64.0 * self.activation


def scales(layer: Layer, fit: Fit, peaks: Mapping[str, int]) -> Iterator[Scale]:
    """Yield the scales at which threshold, subtraction and bias fit their registers, finest first.

    The weights use the same share of their mantissas at each of them; the exponent only raises the resolution of the
    states (truncating decays lose up to one unit per step).

    Args:
        layer: The population with what ends at it.
        fit: How its weights fit their mantissas.
        peaks: Largest payload of each source; 1 for spikes.
    """
    limit = _limit(layer)
    for exponent in reversed(WEIGHT_EXPONENTS):
        activation = fit.finest * 2.0**exponent
        # Lava's convolutions have no exponent, so that their mantissas must hold the weights as they are.
        fits = all(activation * fit.reach.get(s.name, 0.0) <= 1.0 + 1e-9 for s in layer.synapses if s.convolves)
        if activation <= limit and fits:
            reaches = {s.name: activation * fit.reach.get(s.name, 0.0) for s in layer.synapses}
            yield Scale(activation, {s.name: _exponent(s, reaches[s.name], peaks[s.source]) for s in layer.synapses})


def _exponent(synapses: Synapses, reach: float, peak: int) -> int:
    """Smallest exponent at which weights that reach ``reach`` times the largest mantissa fit it.

    A negative exponent keeps fractions of a unit until the sum of weights times payloads is shifted, which rounds down.
    Where a neuron hears one spike at most there is nothing to sum, and rounding the weight itself is closer.
    """
    if synapses.convolves:
        return 0
    smallest = WEIGHT_EXPONENTS[0] if synapses.adds_up or peak > 1 else 0
    return smallest if reach == 0.0 else max(smallest, exponent_of(reach))


def _limit(layer: Layer) -> float:
    """Largest λ at which threshold, subtraction and bias fit their registers."""
    limits = []
    if layer.thresholds is not None and np.max(layer.thresholds) > 0.0:
        limits.append(NEVER_FIRES / float(np.max(layer.thresholds)))
    if layer.update.subtract is not None:
        limits.append((STATE_LIMIT - 1) / 64.0 / float(np.max(layer.update.subtract)))
    if np.any(layer.bias):
        limits.append((BIAS_MANTISSA << BIAS_EXPONENT) / 64.0 / float(np.max(np.abs(layer.bias))))
    return min(limits, default=math.inf)

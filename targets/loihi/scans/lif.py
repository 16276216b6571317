"""LIF neurons compiled for 32-bit lanes.

Every intermediate value fits 32 bits or is wanted modulo 2^32. With x = 4096 h + l and l >= 0, ``x * keep / 4096`` is
``h * keep + ((l * keep) >> 12)``, rounded down; 4095 more before the shift round a negative one up, and so towards
zero. As -2^19 <= h < 2^19, l < 2^12 and keep <= 2^12, 32 bits hold every product.
"""

from __future__ import annotations

import numpy as np

from neurotool.arrays import Int32Array, Int64Array
from neurotool.neurons.fixed import ALIGNMENT, DECAY_UNITY, STATE_LIMIT
from neurotool.neurons.model import Parameters
from neurotool.targets.loihi.scans.loop import LANES, SentArray, inner
from neurotool.targets.loihi.scans.scan import CompiledScan

U, V, KEEP_U, KEEP_V, BIAS, THRESHOLD = (LANES * i for i in range(6))
"""Places of states and constants in a cell; other models of the family have theirs behind them."""

LIMIT = np.int32(STATE_LIMIT)
TOP = np.int32(STATE_LIMIT - 1)
SPAN = np.int32(2 * STATE_LIMIT)
FRACTION = np.int32(DECAY_UNITY - 1)
ZERO = np.int32(0)


@inner
def decay(value: np.int32, keep: np.int32) -> np.int32:
    """Return ``value * keep / 4096``, rounded towards zero."""
    rounding = np.int32(np.int32(value >> 31) & FRACTION)
    low = np.int32(np.int32(np.int32(np.int32(value & FRACTION) * keep) + rounding) >> 12)
    return np.int32(np.int32(np.int32(value >> 12) * keep) + low)


@inner
def current(u: np.int32, keep: np.int32, activation: np.int32) -> tuple[np.int32, np.int32]:
    """Return the synaptic current after a step, and whether it left 24 bits before it was wrapped."""
    u = np.int32(decay(u, keep) + np.int32(activation << ALIGNMENT))
    # After its own wrap no current exceeds 2^31 - 2^24, so that a sum that wraps at 32 bits is still out of range here.
    wide = np.int32((u > TOP) | (u < -TOP))
    once = np.int32(u - SPAN) if u > LIMIT else u
    return np.int32(u + SPAN) if once <= -LIMIT else once, wide


@inner
def membrane(v: np.int32, keep: np.int32, charge: np.int32) -> tuple[np.int32, np.int32]:
    """Return the membrane potential after a step, before the threshold, and whether it left 24 bits."""
    v = np.int32(decay(v, keep) + charge)
    return min(max(v, np.int32(-TOP)), TOP), np.int32((v > TOP) | (v < -TOP))


@inner
def integrate(cell: Int32Array, i: int, activation: np.int32) -> tuple[np.int32, np.int32, np.int32]:
    """Return current, potential and whether one of them left 24 bits, for lane ``i``."""
    u, wide_u = current(cell[U + i], cell[KEEP_U + i], activation)
    v, wide_v = membrane(cell[V + i], cell[KEEP_V + i], np.int32(u + cell[BIAS + i]))
    return u, v, np.int32(wide_u | wide_v)


@inner
def step(cell: Int32Array, a: Int32Array, _unused: Int32Array, spikes: SentArray, _row: int) -> bool:
    """Advance one block; see :data:`neurotool.targets.loihi.scans.loop.Step`."""
    wide = ZERO
    for i in range(a.size):
        u, v, wide_now = integrate(cell, i, a[i])
        wide |= wide_now
        fires = v > cell[THRESHOLD + i]
        cell[U + i] = u
        cell[V + i] = ZERO if fires else v
        spikes[i] = fires
    return bool(wide)


class LifScan(CompiledScan):
    """The neuron of :mod:`neurotool.neurons.lif`."""

    step = staticmethod(step)

    @staticmethod
    def constants(parameters: Parameters) -> tuple[Int64Array, ...]:
        """Decays, bias and threshold."""
        return (*integration(parameters), parameters["vth"] << ALIGNMENT)


def integration(parameters: Parameters) -> tuple[Int64Array, Int64Array, Int64Array]:
    """Return what remains of current and potential, in 4096th, and the bias."""
    kept_u = DECAY_UNITY - 1 - parameters["du"]  # one more than du is lost in every step, as in the reference
    return kept_u, DECAY_UNITY - parameters["dv"], parameters["bias_mant"] << parameters["bias_exp"]

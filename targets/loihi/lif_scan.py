"""The LIF neuron over many time steps: the integers of ``neurotool.neurons.lif``, compiled for 32-bit lanes.

Every intermediate value fits 32 bits or is wanted modulo 2^32. With |x| = 4096 h + l the decay ``(|x| * keep) >> 12``
is ``h * keep + ((l * keep) >> 12)`` exactly; h < 2^19, l < 2^12 and keep <= 2^12, so no product exceeds 2^31.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from neurotool.ir.program import Population
from neurotool.neurons.fixed import ALIGNMENT, DECAY_UNITY, STATE_LIMIT
from neurotool.targets.loihi.jit import compiled
from neurotool.targets.loihi.workers import Workers

Int32Array = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]

LANES = 256
"""Neurons of one block. Its states and parameters, 6 KiB, stay in the nearest cache for all time steps.

They lie in one array at constant distances, as the compiler uses vector instructions only when it can see that its
arrays do not overlap, and it gives up on so many separate ones.
"""
U, KEEP_U, KEEP_V, BIAS, THRESHOLD, V = (LANES * i for i in range(6))

LIMIT = np.int32(STATE_LIMIT)
TOP = np.int32(STATE_LIMIT - 1)
SPAN = np.int32(2 * STATE_LIMIT)
FRACTION = np.int32(DECAY_UNITY - 1)
ZERO = np.int32(0)


@compiled
def _decay(value: np.int32, keep: np.int32) -> np.int32:
    sign = np.int32(value >> 31)
    size = np.int32(np.int32(value ^ sign) - sign)
    low = np.int32(np.int32(np.int32(size & FRACTION) * keep) >> 12)
    kept = np.int32(np.int32(np.int32(size >> 12) * keep) + low)
    return np.int32(np.int32(kept ^ sign) - sign)


@compiled
def _step(cell: Int32Array, activation: Int32Array, spikes: BoolArray) -> int:
    """Advance one block by one step; not zero if a state left 24 bits, provided that none had done so before."""
    wide = ZERO
    for i in range(activation.size):
        u = np.int32(_decay(cell[U + i], cell[KEEP_U + i]) + np.int32(activation[i] << ALIGNMENT))
        # A sum with a 24-bit state that wraps at 32 bits ends near ±2^31, which is just as far out of range.
        wide |= np.int32((u > TOP) | (u < -TOP))
        once = np.int32(u - SPAN) if u > LIMIT else u
        u = np.int32(u + SPAN) if once <= -LIMIT else once
        v = np.int32(np.int32(_decay(cell[V + i], cell[KEEP_V + i]) + u) + cell[BIAS + i])
        wide |= np.int32((v > TOP) | (v < -TOP))
        v = min(max(v, np.int32(-TOP)), TOP)
        fires = v > cell[THRESHOLD + i]
        cell[U + i] = u
        cell[V + i] = ZERO if fires else v
        spikes[i] = fires
    return int(wide)


@compiled
def _scan(
    parameters: Int32Array,
    u: Int32Array,
    v: Int32Array,
    activation: Int32Array,
    spikes: BoolArray,
    u_record: Int32Array,
    v_record: Int32Array,
    samples: tuple[int, int],
    neurons: tuple[int, int],
) -> int:
    """Run a slice of samples and neurons over all steps and return the first step that left 24 bits, or their number.

    ``parameters`` is ``[4, neuron]``, the states are ``[batch, neuron]`` and changed, the rest is ``[time, batch,
    neuron]``. A record of no steps is not kept.
    """
    steps: int = activation.shape[0]
    first_wide = steps
    cell = np.empty(6 * LANES, np.int32)
    for sample in range(*samples):
        for first in range(neurons[0], neurons[1], LANES):
            last = min(first + LANES, neurons[1])
            length = last - first
            for i in range(4):
                cell[KEEP_U + i * LANES : KEEP_U + i * LANES + length] = parameters[i, first:last]
            cell[U : U + length] = u[sample, first:last]
            cell[V : V + length] = v[sample, first:last]
            for t in range(steps):
                wide = _step(cell, activation[t, sample, first:last], spikes[t, sample, first:last])
                if wide != 0 and t < first_wide:
                    first_wide = t
                if u_record.shape[0] > 0:
                    u_record[t, sample, first:last] = cell[U : U + length]
                if v_record.shape[0] > 0:
                    v_record[t, sample, first:last] = cell[V : V + length]
            u[sample, first:last] = cell[U : U + length]
            v[sample, first:last] = cell[V : V + length]
    return first_wide


class LifScan:
    """State and compiled step of one LIF population.

    Attributes:
        state: ``u`` and ``v``, ``[batch, neuron]``.
    """

    def __init__(self, population: Population, batch: int) -> None:
        p = population.parameters
        # In the order of the cell. One more than du is lost in every step, as in the reference.
        rows = (
            DECAY_UNITY - 1 - p["du"],
            DECAY_UNITY - p["dv"],
            p["bias_mant"] << p["bias_exp"],
            p["vth"] << ALIGNMENT,
        )
        self._parameters = np.stack(rows).astype(np.int32)
        self.state = {name: np.zeros((batch, population.size), np.int32) for name in ("u", "v")}

    def run(
        self, activation: Int32Array, spikes: BoolArray, records: Mapping[str, Int32Array], workers: Workers
    ) -> int:
        """Advance by ``activation.shape[0]`` steps.

        Args:
            activation: Modulo 2^32, ``[time, batch, neuron]``.
            spikes: Filled in, ``[time, batch, neuron]``.
            records: Filled in for the states that are recorded, same shape.
            workers: Threads to use.

        Returns:
            The first step in which a state left 24 bits, or the number of steps.
        """
        _, batch, size = activation.shape
        u, v = self.state["u"], self.state["v"]
        none = np.empty((0, batch, size), np.int32)
        u_record, v_record = records.get("u", none), records.get("v", none)

        def part(first: int, last: int) -> int:
            samples, neurons = ((first, last), (0, size)) if by_sample else ((0, batch), (first, last))
            return _scan(self._parameters, u, v, activation, spikes, u_record, v_record, samples, neurons)

        by_sample = batch >= workers.count
        length, multiple = (batch, 1) if by_sample else (size, LANES)
        return min(workers.run(part, workers.parts(length, activation.size, multiple)))

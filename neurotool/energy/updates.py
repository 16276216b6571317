"""Counts the neuron updates of a run and what state the neurons are in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import sparse

from neurotool.arrays import BoolArray, Float64Array
from neurotool.energy.activity import Activity
from neurotool.ir.program import ChipProgram, Population
from neurotool.neurons import MODELS
from neurotool.synapses.expand import SynapseLists

BIASES = ("bias_mant", "bias")
"""Parameters that keep a neuron from rest without an input, as neuron models name them."""

BLOCK = 1 << 24
"""Values in the largest matrix made at once."""

BLAS_GAIN = 100
"""How much faster a plain matrix product is than a sparse one, for one product of two numbers (measured: 80 to 300)."""


@dataclass(frozen=True, eq=False)
class Updates:
    """Neuron updates of one population per step, mean per sample, ``[step]``. Every neuron is in one of three states.

    Attributes:
        driven: Neurons that receive a synaptic input or fire in this step.
        holding: Others that received one before, or have a bias: their state is in general not zero.
        resting: The rest.
    """

    driven: Float64Array
    holding: Float64Array
    resting: Float64Array

    @property
    def active(self) -> Float64Array:
        """Updates charged as active: driven and holding."""
        return self.driven + self.holding

    @property
    def inactive(self) -> Float64Array:
        """Updates charged as inactive."""
        return self.resting


def count_updates(program: ChipProgram, population: Population, activity: Activity) -> Updates:
    """Count the updates of a population.

    A neuron holds a state from its first input on, or from its start if it has a bias. A neuron model without state
    holds nothing, and one that is reset at intervals holds nothing from a reset to the next input.

    Args:
        program: The program that ran.
        population: One of its populations.
        activity: What was sent.
    """
    driven = _received(program, population, activity)
    driven[activity.spikes[population.name].nonzero()] = True
    driven = driven.reshape(activity.steps, activity.samples, population.size)
    touched = driven.copy()
    if MODELS[population.model].states:
        for first, last in pairwise([0, *_resets(population, activity.steps), activity.steps]):
            np.maximum.accumulate(driven[first:last], axis=0, out=touched[first:last])
        for name in BIASES:
            touched[population.start :] |= population.parameters.get(name, np.zeros(population.size)) != 0
    resting = np.count_nonzero(~touched, axis=2).mean(axis=1)
    moved = np.count_nonzero(driven, axis=2).mean(axis=1)
    return Updates(driven=moved, holding=population.size - moved - resting, resting=resting)


def _resets(population: Population, steps: int) -> Iterator[int]:
    """Yield the steps before which the states of a population return to zero."""
    if "reset_interval" in population.parameters:
        interval, offset = (int(population.parameters[f"reset_{name}"][0]) for name in ("interval", "offset"))
        yield from range(population.start + offset % interval, steps, interval)


def _received(program: ChipProgram, population: Population, activity: Activity) -> BoolArray:
    """Mark who receives a synaptic input when, ``[step x sample, neuron]``."""
    received = np.zeros((activity.steps * activity.samples, population.size), np.bool_)
    for projection in program.projections_into(population.name):
        delays = [0] if projection.delays is None else np.unique(projection.delays)
        for piece in SynapseLists(program, projection).pieces():
            first, last = (piece.targets[0], piece.targets[-1] + 1) if piece.targets.size else (0, 0)
            for delay in delays:
                there = slice(None) if projection.delays is None else piece.delays == delay
                where = piece.sources[there], piece.targets[there] - first
                counts = sparse.csr_array((np.ones(len(where[0]), np.float32), where), (piece.shape[1], last - first))
                later = received[(1 + delay) * activity.samples :, first:last]
                _mark(later, activity.spikes[projection.source], counts)
    return received


def _mark(received: BoolArray, spikes: sparse.csr_array, counts: sparse.csr_array) -> None:
    """Add to ``received``, ``[row, target]``, the targets that any spike of the same row reaches.

    Args:
        received: What is known so far; where it ends, later spikes are left out.
        spikes: Who fires, ``[row, source]``.
        counts: Synapses, ``[source, target]``.
    """
    sources, targets = counts.shape
    if not counts.nnz:
        return
    # Whichever product is faster: over the synapses that are met, or a plain one over all pairs of neurons.
    met, pairs = spikes.nnz * counts.nnz / sources, spikes.shape[0] * sources * targets
    plain = met * BLAS_GAIN > pairs and sources * targets <= BLOCK
    matrix = counts.toarray() if plain else counts
    height = max(1, BLOCK // max(sources, targets))
    for top in range(0, len(received), height):
        rows = received[top : top + height]
        sent = spikes[top : top + len(rows)]
        rows |= (sent.astype(np.float32).toarray() @ matrix if plain else (sent @ matrix).toarray()) > 0

"""Membrane potentials of two runs, in the units of the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurotool.arrays import Float64Array
from neurotool.verify.compare import Point
from neurotool.verify.run import Arithmetic, NamedRun

AT_THRESHOLD = 1e-4
"""Distance from the threshold, as a share of its height, that float32 sums of some thousand terms may be off by."""


@dataclass(frozen=True, eq=False)
class Meaning:
    """What the potentials of a layer mean: ``potential = integer / scale + zero``.

    Attributes:
        scale: Integer units per unit of the model.
        zero: Potential of the model that integer zero stands for, ``[*shape]``.
        threshold: Potential of the model above which a neuron fires, ``[*shape]``; None for a read-out.
    """

    scale: float
    zero: Float64Array
    threshold: Float64Array | None


Meanings = Mapping[str, Meaning]
"""Meanings by layer."""


@dataclass(frozen=True)
class MembraneError:
    """How far apart the potentials of a layer are before any of its spikes differs.

    Attributes:
        layer: The layer that differs first; of runs whose spikes are all equal, the one whose potentials differ most.
        steps: Steps compared, from the first on: those before the first difference, else all.
        largest: Largest absolute difference, in the units of the model.
        rms: Root of the mean squared difference.
        height: Distance from the value that zero stands for to the threshold, or the largest potential of a read-out,
            to judge the others by.
    """

    layer: str
    steps: int
    largest: float
    rms: float
    height: float


def potentials(run: NamedRun, layer: str, meanings: Meanings) -> Float64Array | None:
    """Membrane potentials ``[time, batch, *shape]`` in the units of the model; None where none were recorded."""
    recorded = run.states.get(layer, {}).get("v")
    if recorded is None or layer not in meanings:
        return None
    if run.arithmetic is Arithmetic.FLOAT:
        return np.asarray(recorded, np.float64)
    meaning = meanings[layer]
    return recorded.astype(np.float64) / meaning.scale + meaning.zero if meaning.scale else None


def membrane_error(
    a: NamedRun, b: NamedRun, first: tuple[str, Point] | None, meanings: Meanings
) -> MembraneError | None:
    """Compare the potentials of the layer that differs first, before it does; of all layers where none differs.

    Args:
        a: First run.
        b: Second run, on the same samples.
        first: Layer and place of the first difference.
        meanings: What the potentials mean.

    Returns:
        The error, or None where not both runs recorded potentials.
    """
    names = list(meanings) if first is None else [first[0]]
    found = [error for name in names if (error := _error(a, b, name, first, meanings)) is not None]
    return max(found, key=lambda error: error.largest / (error.height or 1.0), default=None)


def _error(
    a: NamedRun, b: NamedRun, layer: str, first: tuple[str, Point] | None, meanings: Meanings
) -> MembraneError | None:
    left, right = potentials(a, layer, meanings), potentials(b, layer, meanings)
    if left is None or right is None or left.shape != right.shape or not left.size:
        return None
    steps = len(left) if first is None else first[1].step
    apart = np.abs(left[:steps] - right[:steps])
    return MembraneError(
        layer=layer,
        steps=steps,
        largest=float(apart.max(initial=0.0)),
        rms=float(np.sqrt(np.mean(np.square(apart)))) if steps else 0.0,
        height=_height(meanings[layer], left),
    )


def _height(meaning: Meaning, seen: Float64Array) -> float:
    if meaning.threshold is None:
        return float(np.abs(seen).max())
    return float(np.abs(meaning.threshold - meaning.zero).max())


def at_threshold(a: NamedRun, b: NamedRun, layer: str, point: Point, meanings: Meanings) -> bool:
    """Whether the side that stays silent at a point misses its threshold by no more than float rounding."""
    meaning = meanings.get(layer)
    if meaning is None or meaning.threshold is None:
        return False
    slot = (point.step, point.sample, *point.neuron)
    for run in (a, b):
        v = potentials(run, layer, meanings)
        if v is not None and layer in run.spikes and not run.spikes[layer][slot]:
            threshold = float(np.broadcast_to(meaning.threshold, v.shape[2:])[point.neuron])
            return abs(threshold - float(v[slot])) <= AT_THRESHOLD * _height(meaning, v)
    return False

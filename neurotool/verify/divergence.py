"""Where two runs part first, and what each of them holds there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from neurotool.verify.compare import Agreement, Point, first_point
from neurotool.verify.membrane import Meanings, potentials
from neurotool.verify.run import NamedRun

Number = int | float | bool | None
"""A recorded value; None where it is not a finite number."""

READOUT_ERROR = 0.01
"""Difference of a potential, as a share of their root mean square, from which on a read-out is said to differ."""


@dataclass(frozen=True)
class Divergence:
    """The first difference: in the first layer, in topological order, that differs at all.

    Attributes:
        layer: Name of the layer.
        point: Where in its raster.
        values: For each of the two runs, the spike at that point and the states that were recorded.
        potentials: For each of the two runs that recorded them, the potential in the units of the model.
        threshold: Threshold of the neuron in the same units; None for a read-out, or where it is not known.
    """

    layer: str
    point: Point
    values: Mapping[str, Mapping[str, Number]]
    potentials: Mapping[str, Number] = field(default_factory=dict)
    threshold: Number = None


def first_difference(
    a: NamedRun,
    b: NamedRun,
    layers: Mapping[str, Agreement],
    states: Mapping[str, Mapping[str, int]],
    meanings: Meanings,
) -> Divergence | None:
    """Find the first difference; a state that was compared counts as well as a spike.

    Where no spike differs, the potential of a read-out that is off by more than a hundredth of their size counts.
    """
    for name in dict.fromkeys((*layers, *states)):
        masks = [a.spikes[name] != b.spikes[name]] if name in layers else []
        masks += [a.states[name][v] != b.states[name][v] for v in states.get(name, {})]
        points = [point for point in map(first_point, masks) if point is not None]
        if points:
            return _divergence(a, b, name, min(points, key=lambda p: (p.step, p.sample, p.neuron)), meanings)
    for name, meaning in meanings.items():
        left, right = potentials(a, name, meanings), potentials(b, name, meanings)
        if meaning.threshold is None and left is not None and right is not None and left.shape == right.shape:
            point = first_point(np.abs(left - right) > READOUT_ERROR * np.sqrt(np.mean(np.square(left))))
            if point is not None:
                return _divergence(a, b, name, point, meanings)
    return None


def _divergence(a: NamedRun, b: NamedRun, layer: str, point: Point, meanings: Meanings) -> Divergence:
    found: dict[str, Number] = {}
    for run in (a, b):
        raster = potentials(run, layer, meanings)
        if raster is not None:
            value = float(raster[(point.step, point.sample, *point.neuron)])
            found[run.name] = value if math.isfinite(value) else None
    threshold = meanings[layer].threshold if layer in meanings else None
    height = None if threshold is None else float(threshold[point.neuron])
    return Divergence(layer, point, {run.name: _values(run, layer, point) for run in (a, b)}, found, height)


def _values(run: NamedRun, layer: str, point: Point) -> dict[str, Number]:
    slot = (point.step, point.sample, *point.neuron)
    recorded = {"spike": run.spikes[layer]} if layer in run.spikes else {}
    values = {name: raster[slot].item() for name, raster in (recorded | dict(run.states.get(layer, {}))).items()}
    return {name: value if math.isfinite(value) else None for name, value in values.items()}

"""Turns certificates and runs into the figures that a bundle keeps beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from neurotool.ir.trace import Raster
from neurotool.verify import Agreement, Certificate, Divergence, Meaning, NamedRun, PairResult, potentials

Place = Callable[[str], Path]
"""Gives the path of a file in the run directory."""

WINDOW = 60
"""Steps before and after the first difference that are drawn of longer recordings."""


def draw_certificate(
    certificate: Certificate, runs: Sequence[NamedRun], meanings: Mapping[str, Meaning], dt: float, place: Place
) -> tuple[str, ...]:
    """Draw agreement per layer, a raster, where two runs differ, and the potential of the neuron that differs first.

    The raster is that of the sample with the first difference between floats and integers, or of the first sample.

    Returns:
        Names of the files; none for a model without spikes.
    """
    # Those of the model: bias axons exist on the chip only.
    layers = [name for name in runs[0].spikes if all(name in run.spikes for run in runs)]
    if not layers:
        return ()
    names = [_draw_agreement(certificate, layers, place)]
    crossing = next(((a, b) for a, b in pairwise(runs) if a.arithmetic is not b.arithmetic), None)
    pair = certificate.pair(crossing[0].name, crossing[1].name) if crossing else None
    first = pair.first if pair else None
    sample = first.point.sample if first else 0
    names.append(_draw_raster(runs[-1] if sample < runs[-1].samples else runs[0], layers, sample, dt, place))
    if crossing:
        names.append(_draw_difference(*crossing, layers, sample, dt, place))
    if first is not None and pair is not None:
        names += _draw_membrane(runs, pair, first, meanings, dt, place)
    return tuple(names)


def _draw_agreement(certificate: Certificate, layers: Sequence[str], place: Place) -> str:
    from neurotool.report.agreement import agreement_bars
    from neurotool.report.files import save

    shares = {
        f"{p.a} → {p.b}": [_similarity(p.layers[n]) if n in p.layers else np.nan for n in layers]
        for p in certificate.pairs
    }
    save(agreement_bars(layers, shares, "Spikes that agree"), place("agreement.png"))
    return "agreement.png"


def _similarity(layer: Agreement) -> float:
    """Cosine of two rasters; 1 for those that are equal alone, and 0 for graded ones that are opposed."""
    return 1.0 if layer.exact else float(np.clip(layer.cosine, 0.0, 1.0 - 1e-9))


def _draw_raster(run: NamedRun, layers: Sequence[str], sample: int, dt: float, place: Place) -> str:
    from neurotool.report.files import save
    from neurotool.report.raster import spike_raster

    title = f"Spikes of sample {sample} ({run.name})"
    save(spike_raster(_sample(run, layers, sample), dt, title), place("raster.png"))
    return "raster.png"


def _draw_difference(a: NamedRun, b: NamedRun, layers: Sequence[str], sample: int, dt: float, place: Place) -> str:
    from neurotool.report.files import save
    from neurotool.report.raster import spike_difference

    title = f"Spikes of sample {sample}: floats against integers"
    drawn = _sample(a, layers, sample), _sample(b, layers, sample)
    save(spike_difference(*drawn, (a.name, b.name), dt, title), place("difference.png"))
    return "difference.png"


def _draw_membrane(
    runs: Sequence[NamedRun],
    pair: PairResult,
    first: Divergence,
    meanings: Mapping[str, Meaning],
    dt: float,
    place: Place,
) -> list[str]:
    """Draw the potential of the neuron that differs first, as every run that recorded it has it."""
    from neurotool.report.files import save
    from neurotool.report.membrane import membrane_traces

    point = first.point
    shape = runs[0].spikes[first.layer].shape[2:] if first.layer in runs[0].spikes else meanings[first.layer].zero.shape
    neuron = int(np.ravel_multi_index(point.neuron, shape))
    lines, spikes = {}, {}
    for run in runs:
        raster = potentials(run, first.layer, meanings) if point.sample < run.samples else None
        if raster is not None:
            lines[run.name] = raster[:, point.sample].reshape(len(raster), -1)[:, [neuron]]
            if first.layer in run.spikes:
                spikes[run.name] = run.spikes[first.layer][:, point.sample].reshape(len(raster), -1)[:, [neuron]]
    if pair.a not in lines or pair.b not in lines:
        return []
    begin = max(0, point.step - WINDOW)
    part = slice(begin, point.step + WINDOW + 1)
    figure = membrane_traces(
        {name: values[part] for name, values in lines.items()},
        [f"{first.layer}, neuron {', '.join(map(str, point.neuron))}, sample {point.sample}"],
        threshold=first.threshold,
        dt=dt,
        title=f"The neuron whose spikes differ first ({pair.a} → {pair.b})",
        begin=begin,
        mark=point.step,
        spikes={name: fired[part] for name, fired in spikes.items()} if len(spikes) == len(lines) else None,
    )
    save(figure, place("membrane.png"))
    return ["membrane.png"]


def _sample(run: NamedRun, layers: Sequence[str], sample: int) -> dict[str, Raster]:
    """Spikes of one sample as ``[time, *shape]`` per layer."""
    return {name: run.spikes[name][:, sample] for name in layers if name in run.spikes}

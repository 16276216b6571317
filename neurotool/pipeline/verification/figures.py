"""Turns certificates and runs into the figures that a bundle keeps beside them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from neurotool.ir.trace import Raster
from neurotool.verify import Agreement, Arithmetic, Certificate, Divergence, Meaning, NamedRun, PairResult, potentials

Place = Callable[[str], Path]
"""Gives the path of a file in the run directory."""

FIGURES = ("agreement.png", "raster.png", "difference.png", "membrane.png")
"""Names of all that may be drawn."""

WINDOW = 60
"""Steps before and after the first difference that are drawn of longer recordings."""


def draw_certificate(
    certificate: Certificate, runs: Sequence[NamedRun], meanings: Mapping[str, Meaning], dt: float, place: Place
) -> tuple[str, ...]:
    """Draw agreement per layer, a raster, where two runs differ, and the potential of the neuron that differs first.

    The two runs are those of :func:`drawn_pair`. All is drawn of the sample with their first difference, or of the
    first sample; the raster is that of the last run that holds it, which is the closest to the chip.

    Returns:
        Names of the files; none for a model without spikes that two runs recorded.
    """
    layers = _layers(certificate, runs)
    pair = drawn_pair(certificate, layers)
    if pair is None:
        return ()
    sample = pair.first.point.sample if pair.first else 0
    last = next(run for run in reversed(runs) if sample < run.samples and not run.spikes.keys().isdisjoint(layers))
    names = [
        _draw_agreement(certificate, layers, place),
        _draw_raster(last, layers, sample, dt, place),
        _draw_difference(pair, runs, [name for name in layers if name in pair.layers], sample, dt, place),
    ]
    if pair.first is not None:
        names += _draw_membrane(runs, pair, pair.first, meanings, dt, place)
    return tuple(names)


def drawn_pair(certificate: Certificate, layers: Collection[str]) -> PairResult | None:
    """The comparison that a reader looks at first, of those that compared one of ``layers``; None without one.

    It is the first one over its tolerance. Where all agree it is the first from floats to integers, since only there
    spikes are expected to differ, else the first of all.
    """
    pairs = [pair for pair in certificate.pairs if not pair.layers.keys().isdisjoint(layers)]
    kinds = {run.name: run.arithmetic for run in certificate.runs}
    failed = [pair for pair in pairs if not pair.passed]
    rounded = [pair for pair in pairs if kinds[pair.a] is not kinds[pair.b]]
    return next(iter((*failed, *rounded, *pairs)), None)


def _layers(certificate: Certificate, runs: Sequence[NamedRun]) -> list[str]:
    """Layers that two runs recorded and that are the model's own.

    Those are the layers of float runs: bias axons exist on the chip only. Without a float run all are drawn.
    """
    floats = [run for run in runs if run.arithmetic is Arithmetic.FLOAT]
    known = {name for run in floats or runs for name in run.spikes}
    compared = dict.fromkeys(name for pair in certificate.pairs for name in pair.layers)
    return [name for name in compared if name in known]


def _draw_agreement(certificate: Certificate, layers: Sequence[str], place: Place) -> str:
    from neurotool.report.agreement import agreement_bars
    from neurotool.report.files import save

    shares = {
        p.title: [_similarity(p.layers[n]) if n in p.layers else np.nan for n in layers] for p in certificate.pairs
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


def _draw_difference(
    pair: PairResult, runs: Sequence[NamedRun], layers: Sequence[str], sample: int, dt: float, place: Place
) -> str:
    from neurotool.report.files import save
    from neurotool.report.raster import spike_difference

    by_name = {run.name: run for run in runs}
    drawn = _sample(by_name[pair.a], layers, sample), _sample(by_name[pair.b], layers, sample)
    title = f"Spikes of sample {sample} ({pair.title})"
    save(spike_difference(*drawn, (pair.a, pair.b), dt, title), place("difference.png"))
    return "difference.png"


def _draw_membrane(
    runs: Sequence[NamedRun],
    pair: PairResult,
    first: Divergence,
    meanings: Mapping[str, Meaning],
    dt: float,
    place: Place,
) -> list[str]:
    """Draw the potential of the neuron that differs first, as every run that recorded it has it.

    Nothing is drawn unless one of the two runs compared is among them. A source records the spikes of its neurons
    without their potentials, so that the run beside it is drawn alone.
    """
    from neurotool.report.files import save
    from neurotool.report.membrane import membrane_traces

    point = first.point
    lines, spikes = _neuron(runs, first, meanings)
    if pair.a not in lines and pair.b not in lines:
        return []
    begin = max(0, point.step - WINDOW)
    part = slice(begin, point.step + WINDOW + 1)
    figure = membrane_traces(
        {name: values[part] for name, values in lines.items()},
        [f"{first.layer}, neuron {', '.join(map(str, point.neuron))}, sample {point.sample}"],
        threshold=first.threshold,
        dt=dt,
        title=f"The neuron that differs first ({pair.title})",
        begin=begin,
        mark=point.step,
        spikes={name: fired[part] for name, fired in spikes.items()} if len(spikes) == len(lines) else None,
    )
    save(figure, place("membrane.png"))
    return ["membrane.png"]


def _neuron(
    runs: Sequence[NamedRun], first: Divergence, meanings: Mapping[str, Meaning]
) -> tuple[dict[str, Raster], dict[str, Raster]]:
    """Potentials and spikes ``[time, 1]`` of the neuron of a difference, by name of each run that recorded them."""
    slot: tuple[slice | int, ...] = (slice(None), first.point.sample, *first.point.neuron)
    lines: dict[str, Raster] = {}
    spikes: dict[str, Raster] = {}
    for run in runs:
        raster = potentials(run, first.layer, meanings) if first.point.sample < run.samples else None
        if raster is not None:
            lines[run.name] = raster[slot][:, np.newaxis]
            if first.layer in run.spikes:
                spikes[run.name] = run.spikes[first.layer][slot][:, np.newaxis]
    return lines, spikes


def _sample(run: NamedRun, layers: Sequence[str], sample: int) -> dict[str, Raster]:
    """Spikes of one sample as ``[time, *shape]`` per layer."""
    return {name: run.spikes[name][:, sample] for name in layers if name in run.spikes}

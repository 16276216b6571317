"""Turns certificates and runs into the figures that a bundle keeps beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from neurotool.ir.trace import Raster
from neurotool.verify import Certificate, NamedRun

Place = Callable[[str], Path]
"""Gives the path of a file in the run directory."""


def draw_certificate(certificate: Certificate, runs: Sequence[NamedRun], dt: float, place: Place) -> tuple[str, ...]:
    """Draw agreement per layer, a raster of the first sample, and where float and integer spikes differ.

    Returns:
        Names of the files; none for a model without spikes.
    """
    from neurotool.report.agreement import agreement_bars
    from neurotool.report.files import save
    from neurotool.report.raster import spike_difference, spike_raster

    # Those of the model: bias axons exist on the chip only.
    layers = [name for name in runs[0].spikes if all(name in run.spikes for run in runs)]
    if not layers:
        return ()
    shares = {
        f"{p.a} → {p.b}": [1 - p.layers[n].differing / p.layers[n].slots if n in p.layers else np.nan for n in layers]
        for p in certificate.pairs
    }
    save(agreement_bars(layers, shares, "Spike slots that agree"), place("agreement.png"))
    names = ["agreement.png", "raster.png"]
    title = f"Spikes of the first sample ({runs[-1].name})"
    save(spike_raster(_first_sample(runs[-1], layers), dt, title), place("raster.png"))
    for a, b in pairwise(runs):
        if a.arithmetic is not b.arithmetic:
            title = "Spikes of the first sample: floats against integers"
            drawn = _first_sample(a, layers), _first_sample(b, layers)
            save(spike_difference(*drawn, (a.name, b.name), dt, title), place("difference.png"))
            names.append("difference.png")
    return tuple(names)


def _first_sample(run: NamedRun, layers: Sequence[str]) -> dict[str, Raster]:
    """Spikes of the first sample as ``[time, *shape]`` per layer."""
    return {name: run.spikes[name][:, 0] for name in layers if name in run.spikes}

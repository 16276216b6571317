"""Which layer loses most when it is rounded: one layer at a time at its width, all others nearly exact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from glob import escape
from typing import Any

import numpy as np

from neurotool.ir.adapters import Progress
from neurotool.ir.trace import Trace
from neurotool.passes.quantise import Quantised, Settings, Widths, quantise
from neurotool.pipeline.conversion.trial import Trial

NEARLY_EXACT = 16
"""Width in bits of the layers that are not looked at."""

NONE, ALL = "none", "all"
"""Rows beside the layers: every layer nearly exact, and every layer as it is converted."""


@dataclass(frozen=True)
class LayerLoss:
    """What rounding one layer costs, on calibration data.

    Attributes:
        layer: Population whose incoming weights are rounded, ``none`` or ``all``.
        weight_bits: Width of these weights: the smallest where there are several; 16 for ``none``.
        differing: Share of the spike slots of all populations that differ from the float reference.
        cosine: Mean cosine over the populations to the float reference's spikes.
        own_cosine: Cosine of the layer's own spikes; None for ``none``, ``all`` and read-outs.
        rate_error: Largest difference of the mean rate of a population, in spikes per neuron and step.
        accuracy: Share of right answers, if there are labels and the part gives the scores.
    """

    layer: str
    weight_bits: int
    differing: float
    cosine: float
    own_cosine: float | None
    rate_error: float
    accuracy: float | None

    def to_json(self) -> dict[str, Any]:
        """Return the row as plain JSON values."""
        return asdict(self)


def sensitivity(
    trial: Trial,
    ranges: Mapping[str, Mapping[str, float]],
    settings: Settings,
    made: Quantised,
    progress: Progress | None = None,
) -> tuple[LayerLoss, ...]:
    """Round one layer at a time and compare with the float reference.

    Args:
        trial: The part, with data.
        ranges: Ranges of the calibration.
        settings: Settings of the conversion; those of the layer that is looked at are kept.
        made: What the conversion made of the part.
        progress: Told of (done, total) runs.

    Returns:
        One row for each layer, the one that loses most first, between ``none`` and ``all``.
    """
    layers = [record.population for record in made.records]
    widths = {record.population: min(record.weight_bits.values(), default=NEARLY_EXACT) for record in made.records}
    rows = []
    for i, layer in enumerate((NONE, *layers)):
        exact = tuple((escape(other), NEARLY_EXACT) for other in layers if other != layer)
        kept = settings.widths
        chosen = replace(settings, widths=Widths(kept.default, (*kept.layers, *exact)), scales={})
        program = quantise(trial.graph, trial.ports, ranges, chosen).program
        rows.append(_row(trial, trial.run(program), layer, widths.get(layer, NEARLY_EXACT)))
        if progress is not None:
            progress(i + 1, len(layers) + 2)
    worst_first = sorted(rows[1:], key=lambda row: row.cosine)
    whole = _row(trial, trial.run(made.program), ALL, min(widths.values(), default=NEARLY_EXACT))
    if progress is not None:
        progress(len(layers) + 2, len(layers) + 2)
    return (rows[0], *worst_first, whole)


def _row(trial: Trial, trace: Trace, layer: str, bits: int) -> LayerLoss:
    cosines, reference = trial.cosines(trace), trial.reference.spikes
    differing = sum(int(np.count_nonzero(reference[n] != trace.spikes[n])) for n in cosines)
    rates = [
        abs(np.count_nonzero(reference[n]) - np.count_nonzero(trace.spikes[n])) / reference[n].size for n in cosines
    ]
    return LayerLoss(
        layer=layer,
        weight_bits=bits,
        differing=differing / max(1, sum(reference[n].size for n in cosines)),
        cosine=float(np.mean(list(cosines.values()))) if cosines else 1.0,
        own_cosine=cosines.get(layer),
        rate_error=max(rates, default=0.0),
        accuracy=trial.accuracy(trace),
    )

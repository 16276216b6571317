"""The story's tables."""

from __future__ import annotations

import math
from collections.abc import Mapping

from neurotool import pipeline
from neurotool.energy.bands import Band
from neurotool.units import format_si

from ..common.tables import markdown
from .deploy import Ran
from .scores import Scores


def ladder_table(ladder: Mapping[str, Scores]) -> str:
    """Scores after each change on the way to the chip; the first rows are trained, the others changed afterwards."""
    rows = [
        [name, *(f"{100 * v:.1f}" for v in (found.seen, found.unseen, found.harmonic, found.zsl))]
        for name, found in ladder.items()
    ]
    return markdown(["model", "S %", "U %", "HM %", "ZSL %"], rows)


def lava_text(ran: Ran) -> str:
    """What the certificate says, one line per pair of forms."""
    rows = []
    for pair in ran.certificate.pairs:
        spikes = sum(layer.slots for layer in pair.layers.values())
        differing = sum(layer.differing for layer in pair.layers.values())
        rows.append(
            [f"{pair.a} and {pair.b}", pair.samples, f"{spikes:,}", f"{differing:,}", "yes" if pair.passed else "no"]
        )
    owners = ", ".join(f"`{name}` ({owner})" for name, owner in sorted(ran.certificate.owners.items()))
    head = ["forms", "samples", "spike slots compared", "of them different", "within its tolerance"]
    return f"{markdown(head, rows)}\nNeuron models, and whose Lava process each is: {owners}.\n"


def resource_table(converted: pipeline.ConvertResult) -> str:
    """What each spiking part takes of the chip."""
    rows = []
    for name, placement in converted.placements.items():
        program = converted.programs[name]
        neurons = sum(math.prod(population.shape) for population in program.populations.values())
        rows.append([name, len(program.populations), f"{neurons:,}", len(placement.cores)])
    return markdown(["part", "populations", "neurons", "cores"], rows)


def energy_table(results: Mapping[str, pipeline.EnergyResult]) -> str:
    """Energy and latency per sample of the split model and of everything on one device."""
    rows = []
    for result in results.values():
        if result.comparison is not None:
            rows += [
                [f"{way.name} ({way.where})", way.batch, band(way.energy, "J"), band(way.latency, "s")]
                for way in result.comparison.alternatives
            ]
    return markdown(["way", "batch", "energy per sample", "latency"], rows)


def cut_table(result: pipeline.PartitionResult) -> str:
    """Cuts that no other beats, and the marked ones; "all on the chip" is all that can run there."""
    rows = []
    for point in result.compared():
        accuracy = "" if point.accuracy is None else f"{100 * point.accuracy:.1f}"
        rows.append([
            ", ".join(point.names) or "in between", len(point.populations), format_si(point.cost.energy, "J"),
            format_si(point.cost.latency, "s"), accuracy,
        ])  # fmt: skip
    return markdown(["cut", "populations on the chip", "energy", "latency", "accuracy %"], rows)


def band(value: Band, unit: str) -> str:
    """``28.3 mJ (9.3 mJ to 175 mJ)``."""
    nominal, low, high = (format_si(v, unit) for v in (value.nominal, value.low, value.high))
    return f"{nominal} ({low} to {high})"

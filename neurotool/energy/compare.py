"""The same task done otherwise: on a GPU, as a spiking network, an ANN and a quantised ANN."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from neurotool.chips import Device
from neurotool.energy.accuracy import Accuracy, Kind
from neurotool.energy.bands import Band, Draws, Extremes, Values
from neurotool.energy.dense import price_dense
from neurotool.energy.lines import Term
from neurotool.energy.report import EnergyReport
from neurotool.energy.summary import summarise
from neurotool.ir.costs import DenseCounts

LARGEST_BATCH = 4096
NEAR_BEST = 1.05
"""The best batch is the smallest that needs at most this much more than the least energy per inference."""

WIDTHS = {"int8": 8, "float16": 16, "bfloat16": 16, "float32": 32}
"""Bits of a stored value by number format."""


@dataclass(frozen=True)
class ScalingWork:
    """Work of one call as it grows with the batch.

    Attributes:
        flops: Operations per sample.
        weight_bytes: Bytes moved for every call.
        value_bytes: Bytes moved for every sample.
        kernels: Kernels per call.
    """

    flops: float
    weight_bytes: float
    value_bytes: float
    kernels: int

    @classmethod
    def of(cls, one: DenseCounts, two: DenseCounts) -> ScalingWork:
        """Separate what grows with the batch from what does not.

        Args:
            one: Work of a batch of one sample.
            two: Work of a batch of two.
        """
        grown = two.bytes_moved - one.bytes_moved
        return cls(two.flops - one.flops, max(one.bytes_moved - grown, 0.0), grown, one.kernels)

    def __add__(self, other: ScalingWork) -> ScalingWork:
        return ScalingWork(
            self.flops + other.flops,
            self.weight_bytes + other.weight_bytes,
            self.value_bytes + other.value_bytes,
            self.kernels + other.kernels,
        )

    def once_in(self, steps: int) -> ScalingWork:
        """The same for one time step of ``steps`` that a sample was counted with."""
        return replace(self, flops=self.flops / steps, value_bytes=self.value_bytes / steps)

    def at(self, batch: int, precision: str = "float32") -> DenseCounts:
        """Work of a call with this batch. It was counted in 32 bits; a narrower format moves fewer bytes."""
        moved = (self.weight_bytes + batch * self.value_bytes) * WIDTHS[precision] / WIDTHS["float32"]
        return DenseCounts(batch * self.flops, moved, self.kernels, batch, precision)


@dataclass(frozen=True)
class Alternative:
    """What may do the task, and what it costs.

    Attributes:
        name: What runs.
        where: On what.
        batch: Samples at once.
        energy: Joules per inference.
        dynamic: Joules of it that events, or the work of the device, add to being powered.
        latency: Seconds until the result of an inference is there.
        accuracy: Share of right answers where it is known.
        accuracy_source: Who says so.
        kind: What it is, by the name that a file of accuracies has for it; empty for other bundles.
    """

    name: str
    where: str
    batch: int
    energy: Band
    dynamic: Band
    latency: Band
    accuracy: float | None = None
    accuracy_source: str = ""
    kind: str = ""

    @property
    def edp(self) -> Band:
        """Energy times latency in joule-seconds; its band multiplies the ends, and so is never too narrow."""
        e, t = self.energy, self.latency
        return Band(e.low * t.low, e.nominal * t.nominal, e.high * t.high)

    def to_json(self) -> dict[str, Any]:
        """Return the alternative as plain JSON values."""
        return {
            "name": self.name,
            "where": self.where,
            "batch": self.batch,
            "energy_J": self.energy.to_json(),
            "dynamic_J": self.dynamic.to_json(),
            "latency_s": self.latency.to_json(),
            "edp_Js": self.edp.to_json(),
            "accuracy": self.accuracy,
            "accuracy_source": self.accuracy_source,
            "kind": self.kind,
        }


def bits_of(steps: int) -> int:
    """Bits of the quantised ANN whose activations take as many values as spike counts do: ceil(log2(T + 1)).

    Yan et al., arXiv 2409.08290.
    """
    return steps.bit_length()


def own(report: EnergyReport, accuracy: Accuracy | None) -> Alternative:
    """The split model itself, by what it runs on."""
    places = dict.fromkeys(part.where for part in report.parts)
    dense = {row.part for row in report.rows() if row.name == row.part}
    names = {True: "all dense, as split", False: "spiking on chip" if not dense else "hybrid: chip and device"}
    name = names[len(dense) == len(report.parts)]
    made = Alternative(
        name, " and ".join(places), 1, report.total, report.terms[Term.DYNAMIC], report.latency, kind=Kind.SPLIT
    )
    return with_accuracy(made, accuracy)


def with_accuracy(alternative: Alternative, accuracy: Accuracy | None) -> Alternative:
    """The same with what is known of its accuracy."""
    if accuracy is None:
        return alternative
    return replace(alternative, accuracy=accuracy.accuracy, accuracy_source=accuracy.source)


def on_gpu(
    spiking: ScalingWork,
    ann: ScalingWork,
    steps: int,
    device: Device,
    *,
    seed: int = 0,
    accuracies: Mapping[Kind, Accuracy] | None = None,
) -> tuple[Alternative, ...]:
    """The task on a GPU, each kind at batch 1 and at its best batch.

    Args:
        spiking: The spiking network run densely, step by step.
        ann: An ANN with the same layers, run once.
        steps: Time steps of the spiking network.
        device: The GPU.
        seed: Seed of the bands.
        accuracies: What is known of the accuracy of each kind.
    """
    bits = bits_of(steps)
    fitting = [name for name, width in WIDTHS.items() if width >= bits and name in device.operation_energy]
    narrow = min(fitting, key=lambda name: WIDTHS[name], default="float32")
    kinds = (
        (Kind.SPIKING, "spiking network, step by step", spiking, "float32"),
        (Kind.ANN, "float ANN", ann, "float32"),
        (Kind.QUANTISED, f"ANN of {bits} bits, computed as {narrow}", ann, narrow),
    )
    draws, known = Draws(seed), accuracies or {}
    return tuple(
        with_accuracy(replace(_alternative(name, work, precision, batch, device, draws), kind=kind), known.get(kind))
        for kind, name, work, precision in kinds
        for batch in dict.fromkeys((1, best_batch(work, precision, device)))
    )


def best_batch(work: ScalingWork, precision: str, device: Device) -> int:
    """The smallest power of two up to 4096 whose energy per inference is within 5 % of the least."""
    nominal = Extremes(())
    energies = {}
    for exponent in range(LARGEST_BATCH.bit_length()):
        priced = price_dense("", work.at(1 << exponent, precision), device, nominal)
        energies[1 << exponent] = sum(float(line.energy[0]) for line in priced.lines)
    return next(batch for batch, energy in energies.items() if energy <= NEAR_BEST * min(energies.values()))


def _alternative(
    name: str, work: ScalingWork, precision: str, batch: int, device: Device, draws: Values
) -> Alternative:
    part = summarise(price_dense(name, work.at(batch, precision), device, draws))
    return Alternative(name, device.name, batch, part.total, part.terms[Term.DYNAMIC], part.seconds)

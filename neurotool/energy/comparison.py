"""The split model beside the same task on a GPU, and where the two meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from neurotool.chips import Chip, Device
from neurotool.energy.accuracy import EQUAL_WITHIN, Accuracy, Kind
from neurotool.energy.breakeven import BreakEven, break_even
from neurotool.energy.compare import Alternative, ScalingWork, on_gpu, own
from neurotool.energy.report import EnergyReport
from neurotool.energy.split import CountedWork, DenseWork

NOTES = (
    "The ANNs have the layers of the spiking network, run once, with one activation function for each neuron. They are "
    "not trained here: --accuracies may say how accurate they are, and energy at unequal accuracy does not compare. "
    f"Accuracies within {100 * EQUAL_WITHIN:g} point of the first row count as equal.",
    "The quantised ANN has ceil(log2(T + 1)) bits, as many as a count of spikes over T steps needs (Yan et al., "
    "arXiv 2409.08290), computed in the narrowest number format of the GPU that holds them.",
    "The best batch is the smallest power of two up to 4096 within 5 % of the least energy per inference; latency is "
    "that of the whole batch.",
    "EDP is energy times latency. Its band multiplies the ends of both.",
    "Break-even is of nominal energies: bands of factors lie around them.",
)


@dataclass(frozen=True)
class Comparison:
    """Alternatives, the split model first.

    Attributes:
        alternatives: Ways to do the task.
        break_even: Where the split model needs as much as each of the others.
        steps: Time steps of the spiking network.
        notes: How to read the figures, one sentence each.
    """

    alternatives: tuple[Alternative, ...]
    break_even: tuple[BreakEven, ...]
    steps: int
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as plain JSON values."""
        return {
            "alternatives": [each.to_json() for each in self.alternatives],
            "break_even": [each.to_json() for each in self.break_even],
            "steps": self.steps,
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class Task:
    """What the alternatives have to do.

    Attributes:
        spiking: The whole model as a spiking network, step by step.
        ann: The whole model as an ANN with the same layers.
        steps: Time steps of the spiking network.
        accuracies: What is known of the accuracy of each kind.
        others: Further alternatives that were estimated before, such as another split of the model.
    """

    spiking: ScalingWork
    ann: ScalingWork
    steps: int
    accuracies: Mapping[Kind, Accuracy] = field(default_factory=dict)
    others: tuple[Alternative, ...] = ()


def compare(
    report: EnergyReport,
    spiking: Sequence[CountedWork],
    dense: Sequence[DenseWork],
    places: tuple[Chip, Device],
    task: Task,
    gpu: Device,
) -> Comparison:
    """Compare a split model with the same task on a GPU.

    Args:
        report: Estimate of the split model.
        spiking: Its spiking parts with their events.
        dense: Its dense parts.
        places: Chip and device that the estimate is for.
        task: The task.
        gpu: Where the alternatives run.

    Raises:
        UsageError: The GPU has no figures for float32.
    """
    others = on_gpu(task.spiking, task.ann, task.steps, gpu, seed=report.seed, accuracies=task.accuracies)
    mixed = () if not dense else ("The model has dense parts, so that there is no version of it on the chip alone.",)
    return Comparison(
        alternatives=(own(report, task.accuracies.get(Kind.SPLIT)), *task.others, *others),
        break_even=break_even(spiking, dense, *places, others) if spiking else (),
        steps=task.steps,
        notes=(*NOTES, *mixed),
    )

"""One run as a certificate sees it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from neurotool.ir.trace import Raster, Trace


class Arithmetic(StrEnum):
    """Numbers that the neurons compute with."""

    FLOAT = "float"
    INTEGER = "integer"


@dataclass(frozen=True, eq=False)
class NamedRun:
    """A recording of the whole model.

    Attributes:
        name: How reports call it: ``source``, ``float``, ``loihi``, ``lava``.
        arithmetic: Numbers that its neurons compute with.
        samples: Number of samples; the leading ones of what the other runs were given.
        spikes: Spikes ``[time, batch, *shape]`` per layer, in topological order.
        states: States per layer and variable, in the same layout.
        outputs: Outputs of the model, ``[batch, *shape]``, or ``[time, batch, *shape]`` for those in ``timed``.
        timed: Names of the outputs that have a time axis.
        detail: Version, device or mode, for the certificate.
        latency: Start step of each layer, by which its recording was moved back to align with the others.
    """

    name: str
    arithmetic: Arithmetic
    samples: int
    spikes: Mapping[str, Raster]
    states: Mapping[str, Mapping[str, Raster]] = field(default_factory=dict)
    outputs: Mapping[str, Raster] = field(default_factory=dict)
    timed: frozenset[str] = frozenset()
    detail: str = ""
    latency: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of_traces(
        cls,
        name: str,
        arithmetic: Arithmetic,
        traces: Iterable[Trace],
        outputs: Mapping[str, Raster],
        timed: Iterable[str] = (),
        detail: str = "",
    ) -> NamedRun:
        """Put the traces of the parts of a model together, in the order in which they ran."""
        spikes: dict[str, Raster] = {}
        states: dict[str, Mapping[str, Raster]] = {}
        latency: dict[str, int] = {}
        for trace in traces:
            spikes |= trace.spikes
            states |= trace.states
            latency |= trace.latency
        timed = frozenset(timed)
        batches = [raster.shape[1] for raster in spikes.values()]
        batches += [values.shape[1 if output in timed else 0] for output, values in outputs.items()]
        samples = min(batches, default=0)
        return cls(name, arithmetic, samples, spikes, states, outputs, timed, detail, latency)

    def take(self, samples: int) -> NamedRun:
        """Return the run of the first ``samples`` samples."""
        return replace(
            self,
            samples=min(samples, self.samples),
            spikes={name: raster[:, :samples] for name, raster in self.spikes.items()},
            states={
                name: {variable: raster[:, :samples] for variable, raster in variables.items()}
                for name, variables in self.states.items()
            },
            outputs={
                name: values[:, :samples] if name in self.timed else values[:samples]
                for name, values in self.outputs.items()
            },
        )

    def correct(self, labels: npt.NDArray[np.integer]) -> int | None:
        """Count the right answers; see :func:`count_correct`."""
        return count_correct(self.outputs, self.timed, labels[: self.samples])


def count_correct(outputs: Mapping[str, Raster], timed: Collection[str], labels: npt.NDArray[np.integer]) -> int | None:
    """Count the samples whose largest score is at their label.

    Args:
        outputs: Outputs of a model.
        timed: Names of those that have a time axis; their scores are summed over time.
        labels: Class number of each sample, ``[batch]``.

    Returns:
        The number of right answers, or None where there is no single output ``[batch, classes]``, or a label is not
        among its classes.
    """
    if len(outputs) != 1:
        return None
    ((name, scores),) = outputs.items()
    if name in timed:
        scores = scores.sum(axis=0)
    if scores.ndim != 2 or int(labels.min()) < 0 or int(labels.max()) >= scores.shape[1]:
        return None
    return int(np.count_nonzero(scores.argmax(axis=1) == labels))

"""What fine-tuning lowers: the distance to the reference's spikes, and with labels the task's loss besides.

The distance holds the hidden layers near the model that was converted, which labels alone do not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch.nn import functional

from neurotool.errors import UsageError
from neurotool.ir.graph import Graph
from neurotool.ir.tuning import TuningTask
from neurotool.ir.values import ValueKind

MEMORY = 0.75
"""Share of a spike train that its trace keeps per step when trains are compared."""

LOGIT_SPREAD = 4.0
"""Standard deviation that scores of a read-out are scaled to in the reference: their unit is arbitrary, and the cross
entropy must neither saturate nor vanish. Counts of spikes are taken as they are."""


class TaskLoss:
    """Cross entropy of the scores, summed over time as ``verify`` sums them.

    Args:
        task: The task; it has labels.
        scores: Scores of all samples before training, to find their unit.

    Raises:
        UsageError: There is no single output with one score per class, or a label is not among the classes.
    """

    def __init__(self, task: TuningTask, scores: torch.Tensor) -> None:
        assert task.labels is not None
        self.labels = torch.from_numpy(task.labels).to(scores.device)
        if scores.dim() != 2 or int(self.labels.max()) >= scores.shape[1]:
            shape = list(scores.shape)
            raise UsageError(
                f"labels 0 to {int(self.labels.max())} do not name a class of the output, whose scores are {shape}",
                hint="leave y out of the file of --fine-tune to learn the spikes of the float reference instead",
            )
        counts = task.graph.nodes[task.graph.outputs[0]].kind is ValueKind.SPIKES
        spread = float(scores.std(dim=1).mean())
        self.scale = 1.0 if counts or not spread else LOGIT_SPREAD / spread

    def __call__(self, scores: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
        """Mean loss of the scores ``[batch, classes]`` of some samples."""
        return functional.cross_entropy(scores * self.scale, self.labels[chosen])


def scores_of(graph: Graph, outputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Scores of the one output, ``[batch, classes]``; those with a time axis are summed over it.

    Raises:
        UsageError: There are several outputs.
    """
    if len(graph.outputs) != 1:
        raise UsageError(
            f"labels cannot be learnt: the model has {len(graph.outputs)} outputs ({', '.join(graph.outputs)})",
            hint="leave y out of the file of --fine-tune",
        )
    name = graph.outputs[0]
    return outputs[name].sum(dim=0) if graph.nodes[name].timed else outputs[name]


def spike_distance(made: Sequence[torch.Tensor], wanted: Sequence[torch.Tensor]) -> torch.Tensor:
    """Mean square difference of rasters ``[time, batch, *shape]`` after a leaky trace, as a share of the wanted.

    Source: van Rossum, "A novel spike distance", Neural Computation 13 (2001), in steps of time. Potentials of
    read-outs are compared in the same way.
    """
    total = torch.zeros(())
    for a, b in zip(made, wanted, strict=True):
        total = total.to(a.device) + _trace(a - b).square().mean() / _trace(b).square().mean().clamp(min=1e-12)
    return total / max(1, len(made))


def _trace(raster: torch.Tensor) -> torch.Tensor:
    rows, kept = [], torch.zeros_like(raster[0])
    for row in raster:
        kept = MEMORY * kept + row
        rows.append(kept)
    return torch.stack(rows)

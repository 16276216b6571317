"""The target object that the entry point names. Torch is imported by the methods, not here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from neurotool.ir.adapters import Array, Availability, DenseCall, Progress, RunOptions
from neurotool.ir.costs import DenseCounts
from neurotool.ir.graph import Graph
from neurotool.ir.trace import Trace
from neurotool.ir.tuning import Tuned, TuningTask


class GpuTarget:
    """Runs float graphs and dense parts in torch: a :class:`neurotool.ir.adapters.TorchTarget`."""

    name = "gpu"

    def available(self) -> Availability:
        """Whether torch can be imported, its version, and the device that would be used."""
        try:
            from neurotool.targets.torch_device import describe
        except ImportError as error:
            return Availability(False, f"torch cannot be imported: {error}", "pip install torch")
        return Availability(True, describe())

    def run_graph(self, graph: Graph, inputs: Mapping[str, Array], options: RunOptions) -> Trace:
        """Run a discretised float graph; see :func:`neurotool.targets.gpu.reference.run_graph`."""
        from neurotool.targets.gpu import reference

        return reference.run_graph(graph, inputs, options)

    def evaluate(
        self, graph: Graph, inputs: Mapping[str, Array], progress: Progress | None = None, batch_size: int = 64
    ) -> dict[str, Array]:
        """Run a large data set and keep only the outputs; see :func:`neurotool.targets.gpu.dataset.evaluate`."""
        from neurotool.targets.gpu import dataset

        return dataset.evaluate(graph, inputs, progress, batch_size)

    def calibrate(
        self, graph: Graph, inputs: Mapping[str, Array], progress: Progress | None = None, batch_size: int = 64
    ) -> dict[str, dict[str, float]]:
        """Ranges of the neuron states over data; see :func:`neurotool.targets.gpu.dataset.state_ranges`."""
        from neurotool.targets.gpu import dataset

        return dataset.state_ranges(graph, inputs, progress, batch_size)

    def export_dense(self, graph: Graph, inputs: Mapping[str, Array], path: Path) -> None:
        """Write a dense part as ``.pt2``; see :func:`neurotool.targets.gpu.export.export_dense`."""
        from neurotool.targets.gpu import export

        export.export_dense(graph, inputs, path)

    def run_dense(self, path: Path, inputs: Sequence[Array]) -> tuple[Array, ...]:
        """Check, load and run a ``.pt2`` file; see :func:`neurotool.targets.gpu.dense.run_dense`."""
        from neurotool.targets.gpu import dense

        return dense.run_dense(path, inputs)

    def open_dense(self, path: Path, *, compiled: bool = False) -> DenseCall:
        """Check and load a ``.pt2`` file for many runs; see :class:`neurotool.targets.gpu.dense.DensePart`."""
        from neurotool.targets.gpu.dense import DensePart

        return DensePart(path, compiled=compiled)

    def count_dense(self, path: Path, inputs: Sequence[Array]) -> DenseCounts:
        """Count the work of a ``.pt2`` file; see :func:`neurotool.targets.gpu.count.count_dense`."""
        from neurotool.targets.gpu import count

        return count.count_dense(path, inputs)

    def count_nodes(self, graph: Graph, names: Iterable[str], steps: int, batch: int) -> dict[str, DenseCounts]:
        """Count the work of single nodes; see :func:`neurotool.targets.gpu.node_counts.count_nodes`."""
        from neurotool.targets.gpu import node_counts

        return node_counts.count_nodes(graph, names, steps, batch)

    def tune(self, task: TuningTask, progress: Progress | None = None) -> Tuned:
        """Train a rounded model; see :func:`neurotool.targets.gpu.tuning.train.tune`."""
        from neurotool.targets.gpu.tuning import train

        return train.tune(task, progress)

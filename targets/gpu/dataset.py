"""Whole data sets in batches, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch

from neurotool.errors import UsageError
from neurotool.ir.adapters import Array, Progress
from neurotool.ir.graph import Graph
from neurotool.targets.gpu.device import reference_arithmetic, to_array, to_tensor
from neurotool.targets.gpu.module import GraphModule, StepObserver
from neurotool.targets.gpu.neuron import NeuronStep
from neurotool.targets.gpu.reference import check_inputs
from neurotool.targets.torch_device import choose_device


def evaluate(
    graph: Graph, inputs: Mapping[str, Array], progress: Progress | None = None, batch_size: int = 64
) -> dict[str, Array]:
    """Run a data set through a graph and keep the outputs only.

    Args:
        graph: A discretised graph.
        inputs: Value of each input node: ``[time, samples, *shape]``, or ``[samples, *shape]`` without time.
        progress: Told of samples done.
        batch_size: Samples that run at once.

    Returns:
        Float32 values by the name of the ``nir.Output`` node, with all samples.
    """
    found: dict[str, list[Array]] = {name: [] for name in graph.outputs}
    for values in _batches(graph, inputs, progress, batch_size):
        for name, value in values.items():
            found[name].append(to_array(value))
    return {name: np.concatenate(parts, axis=int(graph.nodes[name].timed)) for name, parts in found.items()}


def state_ranges(
    graph: Graph, inputs: Mapping[str, Array], progress: Progress | None = None, batch_size: int = 64
) -> dict[str, dict[str, float]]:
    """Find how far the states of each population swing over a data set.

    Args:
        graph: A discretised graph.
        inputs: As for :func:`evaluate`.
        progress: Told of samples done.
        batch_size: Samples that run at once.

    Returns:
        For each population: ``x`` the largest magnitude of its input, ``u`` of its synaptic current, ``v`` of its
        membrane potential before the reset, and ``rate`` the mean number of spikes per neuron and step.

    Raises:
        UsageError: A state is not finite.
    """
    ranges = {name: _Ranges() for name in graph.neurons}

    def observe(name: str, step: NeuronStep) -> None:
        ranges[name].add(step)

    for _ in _batches(graph, inputs, progress, batch_size, observe):
        pass
    result = {name: found.numbers() for name, found in ranges.items()}
    for name, numbers in result.items():
        if not np.all(np.isfinite(list(numbers.values()))):
            raise UsageError(f"population {name!r}: its states are not finite on the calibration data: {numbers}")
    return result


class _Ranges:
    """Largest magnitudes so far, kept on the device."""

    def __init__(self) -> None:
        self.largest: dict[str, torch.Tensor] = {}
        self.spikes = torch.zeros((), dtype=torch.float64)
        self.count = 0

    def add(self, step: NeuronStep) -> None:
        for key, value in (("x", step.x), ("u", step.u), ("v", step.v_free)):
            peak = value.abs().amax()
            self.largest[key] = torch.maximum(self.largest[key], peak) if key in self.largest else peak
        if step.spikes:
            self.spikes = self.spikes.to(step.out.device) + step.out.sum(dtype=torch.float64)
        self.count += step.out.numel()

    def numbers(self) -> dict[str, float]:
        return {key: float(value) for key, value in self.largest.items()} | {"rate": float(self.spikes) / self.count}


def _batches(
    graph: Graph,
    inputs: Mapping[str, Array],
    progress: Progress | None,
    batch_size: int,
    observe: StepObserver | None = None,
) -> Iterator[dict[str, torch.Tensor]]:
    """Run the data in slices of the batch axis and yield the outputs of each."""
    check_inputs(graph, inputs)
    device = choose_device()
    module = GraphModule(graph).to(device)
    total = max(array.shape[int(graph.nodes[name].timed)] for name, array in inputs.items())
    for first in range(0, total, batch_size):
        last = min(first + batch_size, total)
        with reference_arithmetic():
            tensors = {n: to_tensor(_cut(graph, n, a, first, last), device) for n, a in inputs.items()}
            outputs = module.evaluate(tensors, observe)
        yield outputs
        if progress is not None:
            progress(last, total)


def _cut(graph: Graph, name: str, array: Array, first: int, last: int) -> Array:
    return array[:, first:last] if graph.nodes[name].timed else array[first:last]

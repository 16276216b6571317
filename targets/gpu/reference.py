"""The float reference: runs a graph on arrays and records what every other target is compared with."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import torch

from neurotool.errors import UsageError
from neurotool.ir.adapters import Array, RunOptions
from neurotool.ir.graph import Graph, Node
from neurotool.ir.trace import Trace
from neurotool.ir.values import ValueKind
from neurotool.targets.gpu.device import reference_arithmetic, to_array, to_tensor
from neurotool.targets.gpu.module import GraphModule, StepObserver
from neurotool.targets.gpu.neuron import NeuronStep
from neurotool.targets.torch_device import choose_device, device_name

PROBES = ("u", "v")
"""States that can be recorded: the synaptic current that the membrane used, and the potential after the reset."""

_States = dict[str, dict[str, list[torch.Tensor]]]


def run_graph(graph: Graph, inputs: Mapping[str, Array], options: RunOptions) -> Trace:
    """Run a discretised graph from rest, in float32.

    Args:
        graph: The graph; its neuron nodes hold their update.
        inputs: Value of each ``nir.Input`` node: ``[time, batch, *shape]``, or ``[batch, *shape]`` where the node has
            no time axis.
        options: ``probes`` (of ``u`` and ``v``) and ``progress`` (over nodes) are followed.

    Returns:
        Spikes of all spike inputs and firing populations, the probed states of all populations, and the outputs by
        the name of their ``nir.Output`` node. No population has a latency.

    Raises:
        UsageError: An input is missing, unknown, or of the wrong shape or kind, or a probe is unknown.
        UnsupportedError: The graph holds something that torch cannot run here.
    """
    check_inputs(graph, inputs)
    _check_probes(options)
    device = choose_device()
    module = GraphModule(graph).to(device)
    states: _States = defaultdict(lambda: defaultdict(list))
    firing = [name for name in graph.neurons if _fires(graph.nodes[name])]
    start = time.perf_counter()
    with reference_arithmetic():
        tensors = {name: to_tensor(array, device) for name, array in inputs.items()}
        observe = _recorder(states, options) if options.probes else None
        values = module.evaluate(tensors, observe, options.progress, keep=firing)
        arrays = {name: to_array(value) for name, value in values.items()}
    seconds = time.perf_counter() - start
    spikes = {n: _spike_raster(n, inputs[n]) for n in graph.inputs if _carries_spikes(graph.nodes[n])}
    spikes |= {name: arrays[name].astype(np.bool_) for name in firing}
    return Trace(
        target="float",
        dt=graph.dt,
        steps=_steps(graph, inputs, values),
        spikes=spikes,
        states={n: {k: to_array(torch.stack(v)) for k, v in found.items()} for n, found in states.items()},
        outputs={name: _output(graph.nodes[name], arrays[name]) for name in graph.outputs},
        latency=dict.fromkeys((*spikes, *graph.neurons), 0),
        seconds=seconds,
        facts={"device": device_name(device), "precision": "float32", "torch": str(torch.__version__)},
    )


def check_inputs(graph: Graph, inputs: Mapping[str, Array]) -> None:
    """Compare arrays with the input nodes of a graph.

    Raises:
        UsageError: A value is missing, unknown, of the wrong shape, or the sizes of batch or time differ.
    """
    names = ", ".join(graph.inputs)
    for name in set(graph.inputs) ^ set(inputs):
        problem = "is missing" if name in graph.inputs else "is not an input of the model"
        raise UsageError(f"input {name!r} {problem}", hint=f"the inputs are: {names}")
    sizes: dict[str, dict[int, str]] = {"samples": {}, "time steps": {}}
    for name, array in inputs.items():
        node = graph.nodes[name]
        leading = ("time", "batch") if node.timed else ("batch",)
        if array.ndim != len(leading) + len(node.shape) or array.shape[len(leading) :] != node.shape:
            expected = ", ".join((*leading, *map(str, node.shape)))
            raise UsageError(f"input {name!r} has shape {tuple(array.shape)}, expected [{expected}]")
        sizes["samples"][array.shape[len(leading) - 1]] = name
        if node.timed:
            sizes["time steps"][array.shape[0]] = name
    for what, found in sizes.items():
        if len(found) > 1 or 0 in found:
            listing = ", ".join(f"{name!r} has {count}" for count, name in found.items())
            raise UsageError(f"the inputs differ in {what}, or have none: {listing}")


def _check_probes(options: RunOptions) -> None:
    for probe in options.probes:
        if probe not in PROBES:
            raise UsageError(f"no state named {probe!r} to record", hint=f"there are: {', '.join(PROBES)}")


def _recorder(states: _States, options: RunOptions) -> StepObserver:
    def record(name: str, step: NeuronStep) -> None:
        for probe in options.probes:
            states[name][probe].append(step.u if probe == "u" else step.v)

    return record


def _fires(node: Node) -> bool:
    return node.update is not None and node.update.spikes


def _carries_spikes(node: Node) -> bool:
    return node.timed and node.kind is ValueKind.SPIKES


def _spike_raster(name: str, array: Array) -> Array:
    """Spikes as bool, or as integers where they carry a payload."""
    if array.dtype == np.bool_:
        return array
    integers = array.astype(np.int64)
    if not np.array_equal(integers, array):
        raise UsageError(f"{name!r} carries spikes but holds values that are not whole numbers")
    return integers.astype(np.bool_) if integers.min() >= 0 and integers.max() <= 1 else integers


def _output(node: Node, array: Array) -> Array:
    return _spike_raster(node.name, array) if node.kind is ValueKind.SPIKES else array


def _steps(graph: Graph, inputs: Mapping[str, Array], values: Mapping[str, torch.Tensor]) -> int:
    """Length of the time axis: that of an input, else of a value made inside; 0 for a graph without time."""
    timed = [inputs[n].shape[0] for n in graph.inputs if graph.nodes[n].timed]
    made = [value.shape[0] for name, value in values.items() if graph.nodes[name].timed]
    return int(next(iter((*timed, *made)), 0))

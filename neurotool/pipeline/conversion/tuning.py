"""Fine-tunes a converted model: its float graph is trained while its integers run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import networkx as nx
import nir
import numpy as np
import numpy.typing as npt

from neurotool.errors import UnsupportedError
from neurotool.ir.adapters import Array, RunOptions
from neurotool.ir.graph import Graph, subgraph
from neurotool.ir.partition import Part, Partition
from neurotool.ir.program import ChipProgram, InputPort
from neurotool.ir.trace import Trace
from neurotool.ir.tuning import Course, Tuned, TuningTask, Weights
from neurotool.passes.quantise import Quantised, Settings, quantise
from neurotool.passes.quantise.meaning import rounded_graph
from neurotool.pipeline.adapters import program_target, torch_target
from neurotool.pipeline.conversion.calibration import boundary_values
from neurotool.pipeline.conversion.trial import ENGINE, enter, only_spiking
from neurotool.pipeline.results import StageProgress, progress_of

FINE_TUNE = "fine-tune"

TRAINED_TYPES = (nir.Linear, nir.Affine, nir.Conv1d, nir.Conv2d)
"""Nodes whose weights and biases are trained."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """A spiking part that is fine-tuned, with the data it is tuned on.

    Attributes:
        partition: The cut model.
        part: Its spiking part.
        ports: How each input enters the chip.
        ranges: Ranges of the calibration.
        settings: Settings of the conversion, with the scales that the training keeps.
        inputs: Values of the inputs of the whole model.
        labels: Class number of each sample, or None.
    """

    partition: Partition
    part: Part
    ports: Mapping[str, InputPort]
    ranges: Mapping[str, Mapping[str, float]]
    settings: Settings
    inputs: Mapping[str, Array]
    labels: npt.NDArray[np.int64] | None

    def quantise(self, weights: Weights) -> Quantised:
        """Round the part with other weights.

        Weights that grow may leave the scale without a proof that a read-out never fires, or the states without room;
        then scales are chosen anew.
        """
        graph = with_weights(self.graph, weights)
        try:
            return quantise(graph, self.ports, self.ranges, self.settings)
        except UnsupportedError:
            return quantise(graph, self.ports, self.ranges, replace(self.settings, scales={}))

    @property
    def graph(self) -> Graph:
        """The float graph of the part."""
        return subgraph(self.partition.graph, self.part.nodes, self.part.outputs)


def only_part(partition: Partition) -> Part:
    """The spiking part that fine-tuning trains.

    Raises:
        UnsupportedError: There is not exactly one.
    """
    parts = only_spiking(partition)
    if len(parts) != 1:
        raise UnsupportedError(
            f"--fine-tune trains models with one spiking part, and this one has {len(parts)}",
            hint="train the parts before they are put together, or use --weight-bits 16 where it is needed",
        )
    return parts[0]


def fine_tune(
    lesson: Lesson, *, epochs: int, learning_rate: float, seed: int, progress: StageProgress | None = None
) -> tuple[Graph, Quantised, Tuned]:
    """Train the weights of a part while its integers run.

    Returns:
        The float graph of the part with the tuned weights, rounded to what the integers stand for where its nodes can
        hold that; the integers; and how training went.
    """
    task = task_of(lesson, epochs=epochs, learning_rate=learning_rate, seed=seed)
    tuned = torch_target().tune(task, progress_of(FINE_TUNE, progress))
    made = lesson.quantise(tuned.weights)
    trained = with_weights(lesson.graph, tuned.weights)
    rounded = rounded_graph(trained, lesson.ports, made.program)
    again = quantise(rounded, lesson.ports, lesson.ranges, replace(lesson.settings, scales=made.scales))
    return (rounded if same_integers(again.program, made.program) else trained), made, tuned


def task_of(lesson: Lesson, *, epochs: int, learning_rate: float, seed: int) -> TuningTask:
    """What torch is given to train: the float graph, the data, and what rounds and runs the integers."""
    whole, part = lesson.partition.graph, lesson.part
    graph = _to_outputs(lesson.partition, part)
    values = boundary_values(whole, graph.inputs, lesson.inputs)
    entering = enter(lesson.partition, part, lesson.ports, values)
    engine = program_target(ENGINE)

    def integers(weights: Weights, chosen: npt.NDArray[np.int64]) -> dict[str, Course]:
        program = lesson.quantise(weights).program
        inputs = {name: raster[:, chosen] for name, raster in entering.items()}
        trace = engine.run_program(program, inputs, RunOptions(probes=("u", "v")))
        return courses(lesson.graph, program, trace)

    return TuningTask(
        graph=graph,
        trained=tuple(n for n in part.nodes if isinstance(whole.nodes[n].op, TRAINED_TYPES)),
        inputs=values,
        labels=lesson.labels,
        reference=_reference(lesson.graph, values),
        integers=integers,
        epochs=epochs,
        learning_rate=learning_rate,
        seed=seed,
    )


def with_weights(graph: Graph, weights: Weights) -> Graph:
    """Return a graph with other weights in some nodes."""
    nodes = dict(graph.nodes)
    for name, fields in weights.items():
        op: Any = nodes[name].op
        nodes[name] = replace(nodes[name], op=replace(op, **fields))
    return replace(graph, nodes=nodes)


def courses(graph: Graph, program: ChipProgram, trace: Trace) -> dict[str, Course]:
    """What the populations of a program did, in the float units of the graph it was made from.

    Args:
        graph: The graph.
        program: The program.
        trace: Its run, with ``u`` and ``v``.
    """
    found = {}
    for name in graph.neurons:
        update, scale = graph.nodes[name].update, program.populations[name].scale
        assert update is not None
        gain = update.current_to_membrane * scale
        zero = update.reset if update.spikes and update.subtract is None else update.initial
        u, v = (np.asarray(trace.states[name][k], np.float64) for k in ("u", "v"))
        if not update.has_current_memory:
            # The chip adds the bias of the weights behind the current. It is part of the input of the float neuron.
            parameters = program.populations[name].parameters
            bias = (parameters["bias_mant"] << parameters["bias_exp"]).reshape(update.shape)
            u = u + bias - update.membrane_decay * (update.leak - zero) * scale
        current = np.divide(u, gain, out=np.zeros_like(u), where=gain != 0.0)
        found[name] = Course(current, v / scale + zero, trace.spikes[name] if update.spikes else None)
    return found


def same_integers(a: ChipProgram, b: ChipProgram) -> bool:
    """Whether two programs have the same weights and parameters."""
    if set(a.projections) != set(b.projections) or set(a.populations) != set(b.populations):
        return False
    weights = all(np.array_equal(p.weights, b.projections[n].weights) for n, p in a.projections.items())
    exponents = all(p.weight_exp == b.projections[n].weight_exp for n, p in a.projections.items())
    parameters = all(
        np.array_equal(values, b.populations[n].parameters[key])
        for n, p in a.populations.items()
        for key, values in p.parameters.items()
    )
    return weights and exponents and parameters


def _to_outputs(partition: Partition, part: Part) -> Graph:
    """The graph from the inputs of a part to the outputs of the model."""
    whole = partition.graph
    connectivity = whole.networkx()
    after = {n for made in part.outputs for n in nx.descendants(connectivity, made)} - set(whole.outputs)
    names = [n for n in whole.nodes if n in after | set(part.nodes)]
    ends = [whole.incoming(name)[0].source for name in whole.outputs]
    return subgraph(whole, names, [n for n in dict.fromkeys(ends) if n in names])


def _reference(graph: Graph, values: Mapping[str, Array]) -> dict[str, Array]:
    """Spikes of the float reference, and potentials of its read-outs."""
    inputs = {name: values[name] for name in graph.inputs}
    trace = torch_target().run_graph(graph, inputs, RunOptions(probes=("v",)))
    return {name: trace.spikes[name] if name in trace.spikes else trace.states[name]["v"] for name in graph.neurons}

"""Runs a spiking part on calibration data, in floats once and as integers as often as wanted, and compares them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurotool.ir.adapters import Array, RunOptions
from neurotool.ir.graph import Graph, subgraph
from neurotool.ir.partition import Part, Partition, Side
from neurotool.ir.program import ChipProgram, InputPort
from neurotool.ir.trace import Trace
from neurotool.pipeline.adapters import program_target, torch_target
from neurotool.pipeline.conversion.calibration import Calibration, boundary_values
from neurotool.runtime.coding import encode
from neurotool.verify import compare_spikes, count_correct

ENGINE = "loihi"
"""The target that tries programs: the compiled integer engine, which is always there."""

TRIAL_SAMPLES = 256
"""At most so many calibration samples are run to judge a program."""


@dataclass(frozen=True, eq=False)
class Trial:
    """A spiking part on trial.

    Attributes:
        partition: The cut model.
        part: The spiking part.
        ports: How each input enters the chip.
        inputs: Values of the inputs of the whole model, in its float meaning.
        labels: Class number of each sample, or None.
    """

    partition: Partition
    part: Part
    ports: Mapping[str, InputPort]
    inputs: Mapping[str, Array]
    labels: Array | None

    @classmethod
    def of(cls, partition: Partition, part: Part, ports: Mapping[str, InputPort], calibration: Calibration) -> Trial:
        """Put a part on trial with the first samples of the calibration data."""
        graph = partition.graph
        inputs = {
            name: values[:, :TRIAL_SAMPLES] if graph.nodes[name].timed else values[:TRIAL_SAMPLES]
            for name, values in calibration.inputs.items()
        }
        return cls(partition, part, ports, inputs, calibration.labels)

    @cached_property
    def graph(self) -> Graph:
        """The float graph of the part."""
        return subgraph(self.partition.graph, self.part.nodes, self.part.outputs)

    @cached_property
    def values(self) -> Mapping[str, Array]:
        """Float values that enter the part."""
        return boundary_values(self.partition.graph, self.part.inputs, self.inputs)

    @cached_property
    def entering(self) -> dict[str, Array]:
        """What enters the chip."""
        return enter(self.partition, self.part, self.ports, self.values)

    @cached_property
    def reference(self) -> Trace:
        """The run of the float reference."""
        return torch_target().run_graph(self.graph, self.values, RunOptions())

    def run(self, program: ChipProgram, probes: tuple[str, ...] = ()) -> Trace:
        """Run a program on the integer engine."""
        return program_target(ENGINE).run_program(program, self.entering, RunOptions(probes))

    def cosines(self, trace: Trace) -> dict[str, float]:
        """Cosine of the spikes of each population to those of the float reference."""
        return {
            name: compare_spikes(spikes, trace.spikes[name]).cosine
            for name, spikes in self.reference.spikes.items()
            if name not in self.graph.inputs
        }

    def score(self, program: ChipProgram) -> dict[str, float]:
        """Run a program and compare its spikes with the float reference."""
        return self.cosines(self.run(program))

    def accuracy(self, trace: Trace) -> float | None:
        """Share of right answers, where the part itself gives the scores of the classes."""
        graph = self.partition.graph
        ends = {graph.incoming(name)[0].source for name in graph.outputs}
        if self.labels is None or len(self.partition.parts) > 1 or ends != set(trace.outputs):
            return None
        labels = np.asarray(self.labels[: trace.batch], np.int64)
        correct = count_correct(trace.outputs, set(trace.outputs), labels)
        return None if correct is None else correct / len(labels)


def enter(
    partition: Partition, part: Part, ports: Mapping[str, InputPort], values: Mapping[str, Array]
) -> dict[str, Array]:
    """Code values for the input ports of a part, as the boundaries of the model say."""
    crossing = {b.value: b for b in partition.boundaries if b.target == part.name}
    return {name: encode(values[name], crossing[name], port).payload for name, port in ports.items()}


def only_spiking(partition: Partition) -> list[Part]:
    """The spiking parts of a model."""
    return [part for part in partition.parts if part.side is Side.SPIKING]

"""Accuracy of a cut: its spiking parts run as integers on labelled samples, its dense parts as floats.

What conversion takes longest for, exporting dense parts, is left out: they run in torch as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from neurotool import data
from neurotool.data import STATIC, Reading, Samples
from neurotool.errors import UsageError
from neurotool.ir.adapters import Array, RunOptions
from neurotool.ir.partition import Partition, Side
from neurotool.ir.trace import Trace
from neurotool.pipeline.adapters import program_target, torch_target
from neurotool.pipeline.conversion.boundaries import code
from neurotool.pipeline.conversion.calibration import Calibration, calibrate
from neurotool.pipeline.conversion.lowering import lower
from neurotool.pipeline.conversion.options import ConvertOptions
from neurotool.pipeline.conversion.splitting import Split
from neurotool.pipeline.conversion.trial import ENGINE, enter
from neurotool.pipeline.samples import float_inputs, read_new
from neurotool.runtime.schedule import Step, execute
from neurotool.verify import count_correct

JUDGED_SAMPLES = 512
"""At most so many samples are run for the accuracy of one cut."""


@dataclass(frozen=True, eq=False)
class CutJudge:
    """Finds the accuracy of cuts of one model.

    Attributes:
        found: The loaded model; its own cut does not matter.
        options: How it is converted.
        path: Samples with labels.
    """

    found: Split
    options: ConvertOptions
    path: Path
    _known: dict[tuple[str, ...], float] = field(default_factory=dict)

    def __call__(self, cut: Partition) -> float:
        """Share of right answers of a cut.

        Raises:
            UsageError: There are no labels, or the model has no output with a score for each class.
        """
        dense = tuple(name for name, side in cut.sides.items() if side is Side.DENSE)
        if dense not in self._known:
            self._known[dense] = self._accuracy(cut)
        return self._known[dense]

    @property
    def judged(self) -> str:
        """What accuracies are found on, for people."""
        used, given = self._samples.batch, self._given.batch
        return str(self.path) if used == given else f"the first {used} of {given} samples of {self.path}"

    @property
    def _samples(self) -> Samples:
        return self._given.take(JUDGED_SAMPLES)

    @cached_property
    def _given(self) -> Samples:
        """The labelled samples, encoded as the calibration data is."""
        calibration, options = self.found.calibration, self.options
        if calibration is None:
            return read_new(self.path, options.encode, options.steps, options.seed)
        readings = {
            name: Reading(one.encode, None if one.encode in (None, STATIC) else one.steps, one.seed, one.peak)
            for name, one in calibration.inputs.items()
        }
        return data.load_samples(self.path, readings)

    @cached_property
    def _calibration(self) -> Calibration | None:
        samples = self.found.calibration
        return None if samples is None else calibrate(self.found.partition.graph, samples, None)

    def _accuracy(self, cut: Partition) -> float:
        samples = self._samples
        if samples.y is None:
            raise UsageError(f"{self.path}: no accuracy without labels", hint="add y, a class for each sample")
        outputs = self._run(self._coded(cut))
        timed = {name for name in outputs if cut.graph.nodes[name].timed}
        correct = count_correct(outputs, timed, samples.y)
        if correct is None:
            shapes = ", ".join(f"{name} {list(value.shape)}" for name, value in outputs.items())
            raise UsageError(f"{self.path}: the labels do not name a class of one output (outputs: {shapes})")
        return correct / samples.batch

    def _coded(self, cut: Partition) -> Split:
        coded = code(cut, self.found.source, self.found.calibration, self.options)
        return replace(self.found, partition=coded.partition, sums=coded.reductions)

    def _run(self, found: Split) -> dict[str, Array]:
        """Run all parts and return the outputs of the model."""
        partition = found.partition
        parts = {part.name: part for part in partition.parts}
        crossing = {(b.value, b.target): b for b in partition.boundaries}
        options = replace(self.options, sensitivity=False)

        def run_spiking(name: str, values: Mapping[str, Array]) -> Trace:
            program = lower(parts[name], found, self._calibration, options).quantised.program
            entering = enter(partition, parts[name], program.inputs, values)
            return program_target(ENGINE).run_program(program, entering, RunOptions())

        def run_dense(name: str, values: Sequence[Array]) -> tuple[Array, ...]:
            graph = found.dense_graph(parts[name])
            inputs = dict(zip(parts[name].inputs, values, strict=True))
            made = torch_target().run_graph(graph, inputs, RunOptions()).outputs
            return tuple(made[f"{output}.out"] for output in parts[name].outputs)

        steps = [
            Step(p.name, p.side, tuple(crossing[value, p.name] for value in p.inputs), p.outputs)
            for p in partition.parts
        ]
        graph = partition.graph
        done = execute(steps, float_inputs(self._samples, graph.inputs), run_spiking, run_dense)
        return {name: done.values[graph.incoming(name)[0].source] for name in graph.outputs}

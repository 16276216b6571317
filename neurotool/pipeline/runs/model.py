"""A bundle as something that runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from neurotool.data import Samples
from neurotool.errors import NegativeAnswerError, UsageError
from neurotool.ir.adapters import Array, DenseCall, RunOptions, SourceOptions
from neurotool.ir.bundle import Bundle
from neurotool.ir.coding import Coding
from neurotool.ir.graph import Graph
from neurotool.ir.partition import Boundary
from neurotool.ir.program import ChipProgram
from neurotool.ir.program_file import load_program
from neurotool.ir.state import RunState
from neurotool.ir.trace import Trace
from neurotool.passes.discretise import discretise
from neurotool.pipeline.adapters import FLOAT_TARGET, program_target, read_source, torch_target
from neurotool.pipeline.samples import float_inputs
from neurotool.runtime.batches import Sides
from neurotool.runtime.boundary import to_tensor
from neurotool.runtime.coding import Coded, encode, error_of, traffic_of
from neurotool.runtime.schedule import Crossing, DenseRunner, Execution, SpikingRunner, Step, execute


@dataclass(frozen=True, eq=False)
class Model:
    """An opened bundle, with its parts read when they are needed.

    Attributes:
        bundle: The bundle.
        compiled: Whether dense parts are compiled.
    """

    bundle: Bundle
    compiled: bool = False

    @cached_property
    def programs(self) -> dict[str, ChipProgram]:
        """Chip programs of the spiking parts."""
        return {name: load_program(path) for name, path in self._files("program").items()}

    @property
    def nir_files(self) -> Mapping[str, Path]:
        """Files with the float networks of the spiking parts, folded, by name of the part."""
        return self._files("nir")

    @cached_property
    def graphs(self) -> dict[str, Graph]:
        """Discretised float graphs of the spiking parts."""
        manifest = self.bundle.manifest
        options = SourceOptions(dt=manifest.dt, convention=manifest.convention.name)
        return {name: discretise(read_source(str(path), options).graph) for name, path in self._files("nir").items()}

    @cached_property
    def dense(self) -> dict[str, Path]:
        """Files of the dense parts."""
        return self._files("pt2")

    @cached_property
    def dense_calls(self) -> dict[str, DenseCall]:
        """Dense parts, loaded."""
        target = torch_target()
        return {name: target.open_dense(path, compiled=self.compiled) for name, path in self.dense.items()}

    @cached_property
    def boundaries(self) -> dict[tuple[str, str], Boundary]:
        """How values cross, by the node that makes a value and the part that takes it."""
        return {(b.value, b.target): b for b in self.bundle.manifest.boundaries}

    @property
    def steps(self) -> tuple[Step, ...]:
        """The schedule."""
        known = self.boundaries
        return tuple(
            Step(p.name, p.side, tuple(known[value, p.name] for value in p.inputs), p.outputs)
            for p in self.bundle.manifest.parts
        )

    def crossing_once(self, part: str) -> frozenset[str]:
        """Values that enter or leave a spiking part once per inference: held currents, counts and weighted sums."""
        held = {b.value for b in self.boundaries.values() if b.target == part and b.coding is Coding.CONSTANT}
        leaving: dict[str, list[bool]] = {}
        for boundary in self.boundaries.values():
            if boundary.source == part:
                leaving.setdefault(boundary.value, []).append(boundary.coding.reduces)
        return frozenset(held | {name for name, reduced in leaving.items() if all(reduced)})

    def _files(self, role: str) -> dict[str, Path]:
        parts = self.bundle.manifest.parts
        return {p.name: self.bundle.file(p.files[role]) for p in parts if role in p.files}

    @property
    def timed_outputs(self) -> frozenset[str]:
        """Output nodes whose value has a time axis."""
        return frozenset(b.target for b in self.bundle.manifest.boundaries if b.timed)

    def outputs(self, execution: Execution) -> dict[str, Array]:
        """Pick the values of the model's outputs, by output node."""
        made = {b.target: b.value for b in self.bundle.manifest.boundaries}
        return {name: execution.values[made[name]] for name in self.bundle.manifest.outputs}

    def execute(
        self,
        inputs: Mapping[str, Array],
        target: str,
        options: RunOptions,
        resume: Mapping[str, RunState] | None = None,
        first: int = 0,
        sides: Sides | None = None,
        batch: int = 0,
    ) -> Execution:
        """Run all parts: the spiking ones on ``target`` and from their states, if any; the dense ones in torch.

        Args:
            inputs: Values of the inputs of the model.
            target: What runs the spiking parts.
            options: How it does.
            resume: Where earlier runs stopped, by spiking part.
            first: Number of the first sample, which random codings draw by.
            sides: Turns of the two sides, where batches run beside each other.
            batch: Number of the batch.
        """
        notes: list[str] = []
        crossings: list[Crossing] = []
        spiking = self._spiking(target, options, resume or {}, first, notes, crossings)
        dense: DenseRunner = self._dense
        if sides is not None:
            spiking, dense = sides.spiking(batch, spiking), sides.dense(batch, dense)
        done = execute(self.steps, inputs, spiking, dense)
        crossings += self._left(done)
        return replace(done, notes=tuple(notes), crossings=tuple(crossings))

    def execute_with(self, inputs: Mapping[str, Array], spiking: SpikingRunner) -> Execution:
        """Run all parts: the spiking ones with a runner of the caller's, the dense ones in torch."""
        return execute(self.steps, inputs, spiking, self._dense)

    def entering(self, part: str, values: Mapping[str, Array], first: int = 0, row: int = 0) -> dict[str, Coded]:
        """Encode the values that enter a spiking part, by port.

        Args:
            part: The part.
            values: Values by port.
            first: Number of the first sample.
            row: Time steps that an earlier run took.
        """
        ports, known = self.programs[part].inputs, self.boundaries
        return {name: encode(value, known[name, part], ports[name], first, row) for name, value in values.items()}

    def _spiking(
        self,
        target: str,
        options: RunOptions,
        resume: Mapping[str, RunState],
        first: int,
        notes: list[str],
        crossings: list[Crossing],
    ) -> SpikingRunner:
        if target == FLOAT_TARGET:
            if options.strict:
                raise UsageError("--strict checks integers, and the float reference has none", hint="--target loihi")
            if resume or options.keep_state:
                raise UsageError(
                    "the float reference neither saves a state nor goes on from one", hint="--target loihi"
                )
            return lambda name, values: _float_part(self.graphs[name], values, options)
        runner = program_target(target)

        def run_part(name: str, values: Mapping[str, Array]) -> Trace:
            begun = resume.get(name)
            coded = self.entering(name, values, first, 0 if begun is None else begun.rows)
            lost = [one.lost for one in coded.values() if one.lost]
            if lost and options.strict:
                raise NegativeAnswerError("; ".join(lost), hint="convert with calibration data that covers this input")
            notes.extend(lost)
            crossings.extend(self._entered(name, coded))
            entering = {port: one.payload for port, one in coded.items()}
            return runner.run_program(self.programs[name], entering, replace(options, resume=begun))

        return run_part

    def _entered(self, part: str, coded: Mapping[str, Coded]) -> list[Crossing]:
        found = []
        for name, one in coded.items():
            boundary, samples = self.boundaries[name, part], one.payload.shape[1]
            found.append(Crossing(boundary, error_of(one), traffic_of(one.payload, boundary), samples))
        return found

    def _left(self, done: Execution) -> list[Crossing]:
        """What left the spiking parts, which is exact."""
        makers = set(done.traces)
        found = []
        for boundary in self.bundle.manifest.boundaries:
            if boundary.source in makers:
                value = done.values[boundary.value]
                found.append(Crossing(boundary, 0.0, traffic_of(value, boundary), value.shape[1]))
        return found

    def _dense(self, name: str, values: Sequence[Array]) -> tuple[Array, ...]:
        return self.dense_calls[name]([to_tensor(v) for v in values])


def _float_part(graph: Graph, values: Mapping[str, Array], options: RunOptions) -> Trace:
    """Run the float meaning of a spiking part, and name its outputs by the nodes that make them."""
    trace = torch_target().run_graph(graph, values, options)
    made = {graph.incoming(name)[0].source: value for name, value in trace.outputs.items()}
    return replace(trace, outputs=made)


def model_inputs(model: Model, samples: Samples) -> dict[str, Array]:
    """Give the samples the float meaning that the model knows, by input."""
    return float_inputs(samples, [record.name for record in model.bundle.manifest.inputs])

"""Runs a bundle as one model."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from neurotool import data
from neurotool.data import Dataset
from neurotool.errors import NegativeAnswerError, UsageError
from neurotool.ir.adapters import Array, RunOptions, SourceOptions
from neurotool.ir.bundle import Bundle
from neurotool.ir.graph import Graph
from neurotool.ir.manifest import InputRecord
from neurotool.ir.program import ChipProgram
from neurotool.ir.program_file import load_program
from neurotool.ir.state import RunState
from neurotool.ir.state_file import check_state, load_states
from neurotool.ir.trace import Trace
from neurotool.ir.trace_file import save_trace
from neurotool.passes.discretise import discretise
from neurotool.pipeline.adapters import FLOAT_TARGET, example_of, program_target, read_source, torch_target
from neurotool.pipeline.results import RunResult, StageProgress, progress_of
from neurotool.runtime.boundary import losses, to_port, to_tensor
from neurotool.runtime.schedule import Execution, SpikingRunner, Step, execute
from neurotool.verify import count_correct


@dataclass(frozen=True, eq=False)
class Model:
    """An opened bundle, with its parts read when they are needed."""

    bundle: Bundle

    @cached_property
    def programs(self) -> dict[str, ChipProgram]:
        """Chip programs of the spiking parts."""
        return {name: load_program(path) for name, path in self._files("program").items()}

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

    @property
    def steps(self) -> tuple[Step, ...]:
        """The schedule."""
        return tuple(Step(p.name, p.side, p.inputs, p.outputs) for p in self.bundle.manifest.parts)

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
    ) -> Execution:
        """Run all parts: the spiking ones on ``target`` and from their states, if any; the dense ones in torch."""
        notes: list[str] = []
        done = execute(self.steps, inputs, self._spiking(target, options, resume or {}, notes), self._dense)
        return replace(done, notes=tuple(notes))

    def _spiking(
        self, target: str, options: RunOptions, resume: Mapping[str, RunState], notes: list[str]
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
            ports = self.programs[name].inputs
            lost = [text for port, value in values.items() if (text := losses(value, ports[port]))]
            if lost and options.strict:
                raise NegativeAnswerError("; ".join(lost), hint="convert with calibration data that covers this input")
            notes.extend(lost)
            entering = {port: to_port(value, ports[port]) for port, value in values.items()}
            return runner.run_program(self.programs[name], entering, replace(options, resume=resume.get(name)))

        return run_part

    def _dense(self, name: str, values: Sequence[Array]) -> tuple[Array, ...]:
        return torch_target().run_dense(self.dense[name], [to_tensor(v) for v in values])


def _float_part(graph: Graph, values: Mapping[str, Array], options: RunOptions) -> Trace:
    """Run the float meaning of a spiking part, and name its outputs by the nodes that make them."""
    trace = torch_target().run_graph(graph, values, options)
    made = {graph.incoming(name)[0].source: value for name, value in trace.outputs.items()}
    return Trace(**{**vars(trace), "outputs": made})


def read_data(path: Path, record: InputRecord, encode: str | None = None, steps: int | None = None) -> Dataset:
    """Read a data file in the way the bundle was calibrated with, unless told otherwise.

    Raises:
        UsageError: The file is damaged, or its samples do not have the shape of the model's input.
    """
    method = encode or record.encode
    length = steps or (record.steps if method else None)
    peak = record.peak if method == record.encode else None
    found = data.load(path, encode=method, steps=length, seed=record.seed, peak=peak)
    if found.shape != record.shape:
        raise UsageError(
            f"{path}: samples have shape {list(found.shape)}, input {record.name!r} takes {list(record.shape)}",
            hint="x is [time, batch, *features], or [batch, *features] with --encode and --steps",
        )
    return found


def model_inputs(model: Model, dataset: Dataset) -> dict[str, Array]:
    """Give the samples the float meaning that the model knows."""
    return {model.bundle.manifest.input.name: example_of(dataset.x, dataset.scale)}


def run(
    path: Path,
    data: Path,
    *,
    target: str = "loihi",
    encode: str | None = None,
    steps: int | None = None,
    probes: Sequence[str] = (),
    limit: int | None = None,
    strict: bool = False,
    timeout: float | None = None,
    resume: Path | None = None,
    keep_state: bool = False,
    progress: StageProgress | None = None,
) -> RunResult:
    """Run a bundle on a data file and keep the run in the bundle.

    Args:
        path: The bundle.
        data: Data file; ``x`` and optionally ``y``.
        target: What runs the spiking parts: ``loihi``, ``lava``, or ``gpu`` for their float meaning.
        encode: Encoder, or None for the one of the calibration.
        steps: Time steps to encode into, or None likewise.
        probes: State variables to record.
        limit: Run only the first samples.
        strict: Raise where a chip could not hold a state.
        timeout: Seconds after which a run in another process is given up.
        resume: File of run states to go on from, with the next time steps of the same samples.
        keep_state: Keep where the spiking parts stopped, as ``state`` of their traces.
        progress: Told of progress.
    """
    model = Model(Bundle.open(path))
    dataset = read_data(data, model.bundle.manifest.input, encode, steps)
    dataset = dataset if limit is None else dataset.take(limit)
    options = RunOptions(tuple(probes), strict, progress_of(target, progress), timeout, keep_state=keep_state)
    states = read_states(resume, model.programs, dataset.batch)
    with model.bundle.new_run("run") as writer:
        began = time.perf_counter()
        execution = model.execute(model_inputs(model, dataset), target, options, states)
        seconds = time.perf_counter() - began
        outputs = model.outputs(execution)
        correct = None if dataset.y is None else count_correct(outputs, model.timed_outputs, dataset.y)
        result = RunResult(
            target=target,
            outputs=outputs,
            traces=execution.traces,
            samples=dataset.batch,
            accuracy=None if correct is None else correct / dataset.batch,
            seconds=seconds,
            run_dir=writer.run.path,
            notes=(*dataset.notes, *execution.notes, *_about_labels(dataset, correct, outputs)),
        )
        for name, trace in execution.traces.items():
            save_trace(trace, writer.path(f"{name}.trace.h5"))
        np.savez_compressed(writer.path("outputs.npz"), **dict[str, Any](outputs))
        writer.write_json("run.json", run_json(result, dataset))
    return result


def read_states(path: Path | None, programs: Mapping[str, ChipProgram], batch: int) -> dict[str, RunState]:
    """Read the states to go on from, one for each spiking part; none without a file.

    Raises:
        UsageError: The file does not belong to these programs or to so many samples.
    """
    if path is None:
        return {}
    states = load_states(path)
    if set(states) != set(programs):
        raise UsageError(f"{path}: holds states of {sorted(states)}, the spiking parts are {sorted(programs)}")
    for name, state in states.items():
        check_state(state, programs[name], batch, f"{path}: {name}")
    return states


def _about_labels(dataset: Dataset, correct: int | None, outputs: Mapping[str, Array]) -> tuple[str, ...]:
    """Say why there is no accuracy although there are labels."""
    if dataset.y is None or correct is not None:
        return ()
    shapes = ", ".join(f"{name} {list(value.shape)}" for name, value in outputs.items())
    return (f"no accuracy: labels 0 to {int(dataset.y.max())} do not name a class of one output (outputs: {shapes})",)


def run_json(result: RunResult, dataset: Dataset) -> dict[str, Any]:
    """Summarise a run as JSON values."""
    return {
        "schema": "neurotool.run/1",
        "target": result.target,
        "data": {
            "path": str(dataset.path),
            "sha256": dataset.sha256,
            "samples": result.samples,
            "steps": dataset.steps,
        },
        "accuracy": result.accuracy,
        "notes": list(result.notes),
        "seconds": result.seconds,
        "outputs": {name: list(value.shape) for name, value in result.outputs.items()},
        "spikes_per_sample": spikes_per_sample(result.traces),
        "facts": {name: dict(trace.facts) for name, trace in result.traces.items()},
    }


def spikes_per_sample(traces: Mapping[str, Trace]) -> dict[str, float]:
    """Mean number of spikes per sample of every port and population."""
    return {
        name: float(counts.sum()) / trace.batch for trace in traces.values() for name, counts in trace.counts().items()
    }

"""The forms that a model takes on its way to the chip, each as something that can be run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from neurotool.data import Samples
from neurotool.ir.adapters import Array, RunOptions, Source
from neurotool.ir.coding import Coding
from neurotool.ir.graph import Graph
from neurotool.ir.trace import Trace
from neurotool.pipeline.adapters import FLOAT_TARGET, torch_target
from neurotool.pipeline.conversion.splitting import PASSES
from neurotool.pipeline.results import StageProgress, progress_of
from neurotool.pipeline.runs.model import Model, model_inputs
from neurotool.pipeline.samples import source_inputs
from neurotool.pipeline.verification.float_networks import NoFloatFormError, Rates, twin
from neurotool.runtime.schedule import Execution
from neurotool.verify import (
    EXACT,
    QUANTISATION,
    ROUNDING,
    TUNING,
    Arithmetic,
    Fault,
    FloatNetwork,
    NamedRun,
    Stage,
    Tolerance,
    round_in_turn,
    simulate,
)

SOURCE, FLOAT, ENGINE, LAVA = "source", "float", "loihi", "lava"
CHAIN = (SOURCE, FLOAT, ENGINE, LAVA)
"""Forms of a model, each closer to the chip than the one before."""

PROBES = ("u", "v")

IDENTITY = ("device", "precision", "torch", "mode", "lava")
"""Facts of a run that say what ran, for the certificate."""

DOES = {
    "delays": "delays as the program has them",
    "weights": "weights rounded to integers",
    "decays": "decays rounded to 12 bits",
    "thresholds": "thresholds and biases rounded to integers",
}

Networks = Mapping[str, FloatNetwork]
"""A network for each spiking part, by its name."""


def run_form(
    model: Model,
    form: str,
    dataset: Samples,
    progress: StageProgress | None,
    seen: dict[str, Execution] | None = None,
    timeout: float | None = None,
) -> NamedRun:
    """Run the files of a bundle: their float meaning, or the integers on a target; ``seen`` keeps what crossed."""
    target = FLOAT_TARGET if form == FLOAT else form
    options = RunOptions(probes=PROBES, progress=progress_of(form, progress), timeout=timeout)
    execution = model.execute(model_inputs(model, dataset), target, options)
    if seen is not None:
        seen[form] = replace(execution, traces={})
    kind = Arithmetic.FLOAT if form == FLOAT else Arithmetic.INTEGER
    traces = list(execution.traces.values())
    detail = ", ".join(dict.fromkeys(f"{k} {t.facts[k]}" for t in traces for k in IDENTITY if k in t.facts))
    return NamedRun.of_traces(form, kind, traces, model.outputs(execution), model.timed_outputs, detail)


def run_source(model: Model, source: Source, dataset: Samples) -> NamedRun:
    """Run the module that a bundle was made of."""
    assert source.run is not None
    return _of_graph(model, source.run(source_inputs(dataset)), SOURCE)


def _of_graph(model: Model, trace: Trace, name: str) -> NamedRun:
    return NamedRun.of_traces(name, Arithmetic.FLOAT, [trace], trace.outputs, model.timed_outputs)


@dataclass(frozen=True, eq=False)
class Forms:
    """What the stages are made of.

    Attributes:
        model: The bundle.
        dataset: The samples that every stage runs.
        runs: Forms of the chain that were run already, by name.
        source: The source, or why it cannot be run again.
        progress: Told of each stage.
        notes: Which stages are missing, and why; filled by :meth:`stages`.
    """

    model: Model
    dataset: Samples
    runs: Mapping[str, NamedRun]
    source: Source | str
    progress: StageProgress | None = None
    notes: list[str] = field(default_factory=list)

    def stages(self) -> list[Stage]:
        """Return the stages in their order."""
        if self.model.bundle.manifest.tuning is None:
            written = self._stage("write", "the files of the bundle", ROUNDING, partial(self._form, FLOAT))
        else:
            written = self._stage("fine-tune", "weights trained anew", TUNING, partial(self._form, FLOAT))
        found = [*self._passes(), written, *self._roundings()]
        found.append(
            self._stage("integers", "currents and potentials in integers", QUANTISATION, partial(self._form, ENGINE))
        )
        if LAVA in self.runs:
            found.append(self._stage("lava", "the same integers in Lava", EXACT, partial(self._form, LAVA)))
        reported = progress_of("stages", self.progress)
        return [replace(s, run=_told(s, i, len(found), reported)) for i, s in enumerate(found)]

    def _stage(
        self, name: str, does: str, tolerance: Tolerance, run: Callable[[], NamedRun], faults: tuple[Fault, ...] = ()
    ) -> Stage:
        return Stage(name, does, tolerance, lambda: replace(run(), name=name), faults)

    def _passes(self) -> Iterator[Stage]:
        """From the source to the cut."""
        if isinstance(self.source, str):
            self.notes.append(f"The passes before the files of the bundle were not run again: {self.source}.")
            return
        if self.source.run is not None:
            yield self._stage(SOURCE, "the module as it was trained", ROUNDING, partial(self._form, SOURCE))
        graph = self.source.graph
        for name, does, apply in PASSES:
            graph = apply(graph)
            yield self._stage(name, does, ROUNDING, partial(self._graph, graph))

    def _form(self, form: str) -> NamedRun:
        known, samples = self.runs.get(form), self.dataset.batch
        if known is not None and (known.samples >= samples or form == LAVA):
            return known.take(samples)
        if form == SOURCE:
            assert isinstance(self.source, Source)
            return run_source(self.model, self.source, self.dataset)
        return run_form(self.model, form, self.dataset, None)

    def _graph(self, graph: Graph) -> NamedRun:
        trace = torch_target().run_graph(graph, model_inputs(self.model, self.dataset), RunOptions(PROBES))
        return _of_graph(self.model, trace, "")

    def _roundings(self) -> Iterator[Stage]:
        """From the float graphs of the bundle to its programs, one kind of parameter after the other."""
        try:
            programs = self.model.programs
            twins = {name: twin(graph, programs[name], self._rates(name)) for name, graph in self.model.graphs.items()}
        except NoFloatFormError as error:
            self.notes.append(f"The roundings of the quantiser were not told apart: {error}.")
            return
        floats = {name: found.wanted for name, found in twins.items()}
        does = "all synapses between two populations as one matrix, in float64"
        yield self._stage("compose", does, ROUNDING, partial(self._networks, floats, integers=False))
        if any(b.coding is not Coding.SPIKES for (_, part), b in self.model.boundaries.items() if part in twins):
            does = "values that enter the chip as integers"
            yield self._stage("inputs", does, QUANTISATION, partial(self._networks, floats))
        made = {name: round_in_turn(found.wanted, found.held, found.registers) for name, found in twins.items()}
        for several in zip(*made.values(), strict=True):
            parts = dict(zip(made, several, strict=True))
            kind, faults = several[0].kind, tuple(fault for rounded in several for fault in rounded.faults)
            if kind != "delays":
                explained = {name: rounded.explained for name, rounded in parts.items()}
                yield self._stage(kind, DOES[kind], QUANTISATION, partial(self._networks, explained))
            if faults:
                held = {name: rounded.held for name, rounded in parts.items()}
                run = partial(self._networks, held)
                yield self._stage(f"{kind}, wrong", f"{kind} that no rounding gives", QUANTISATION, run, faults)

    def _rates(self, part: str) -> Rates:
        """What the quantiser took for the rates of sources; bundles from before that was kept do not say it."""
        files = {p.name: p.files for p in self.model.bundle.manifest.parts}[part]
        if "quantisation" not in files:
            return {}
        rows = json.loads(self.model.bundle.file(files["quantisation"]).read_text(encoding="utf-8"))
        return {row["population"]: row["rates"] for row in rows if "rates" in row}

    def _networks(self, networks: Networks, *, integers: bool = True) -> NamedRun:
        """Run float networks in place of the spiking parts.

        Args:
            networks: The networks.
            integers: Whether values enter them as integers, as they enter the chip.
        """

        def run_part(name: str, values: Mapping[str, Array]) -> Trace:
            if integers:
                coded = self.model.entering(name, values)
                return simulate(networks[name], {port: one.payload for port, one in coded.items()})
            return simulate(
                networks[name], {port: self._unrounded(name, port, value) for port, value in values.items()}
            )

        execution = self.model.execute_with(model_inputs(self.model, self.dataset), run_part)
        outputs = self.model.outputs(execution)
        return NamedRun.of_traces("", Arithmetic.FLOAT, execution.traces.values(), outputs, self.model.timed_outputs)

    def _unrounded(self, part: str, port: str, value: Array) -> Array:
        """A value in units of the payload of a port, at every step."""
        boundary, scale = self.model.boundaries[port, part], self.model.programs[part].inputs[port].scale
        raster = value if boundary.timed else np.repeat(value[np.newaxis], boundary.steps, axis=0)
        return raster if raster.dtype == np.bool_ or scale == 1.0 else raster.astype(np.float64) / scale


def _told(stage: Stage, number: int, total: int, progress: Callable[[int, int], None] | None) -> Callable[[], NamedRun]:
    """The run of a stage, with a report before and after."""
    if progress is None:
        return stage.run

    def run() -> NamedRun:
        progress(number, total)
        made = stage.run()
        progress(number + 1, total)
        return made

    return run

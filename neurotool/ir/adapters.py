"""What a converter, a program format and a target must offer.

All are found through entry points (:mod:`neurotool.plugins`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from neurotool.ir.costs import DenseCounts
from neurotool.ir.graph import Graph
from neurotool.ir.program import ChipProgram
from neurotool.ir.state import RunState
from neurotool.ir.trace import Trace
from neurotool.ir.tuning import Tuned, TuningTask

Array = npt.NDArray[np.generic]
Progress = Callable[[int, int], None]
"""Called with (done, total) units of work while something long runs."""


@dataclass(frozen=True)
class Availability:
    """Whether an adapter can be used here.

    Attributes:
        ok: Whether it can.
        detail: Version or device when it can, the reason when it cannot.
        fix: Exact command that would make it work, or empty.
    """

    ok: bool
    detail: str
    fix: str = ""


@dataclass(frozen=True)
class SourceOptions:
    """What a converter is told about a source.

    Attributes:
        dt: Time step in seconds, or None to take the source's own.
        convention: Name in ``CONVENTIONS``, or None for the source's own or the default.
        example: Example input ``[time, batch, *features]`` (or ``[batch, *features]``), for a model with several inputs
            one for each by its name; or None.
        seed: Seed for anything drawn.
        progress: Told of the progress of reading, in megabytes.
    """

    dt: float | None = None
    convention: str | None = None
    example: Array | Mapping[str, Array] | None = None
    seed: int = 0
    progress: Progress | None = None


Runner = Callable[[Array | Mapping[str, Array]], Trace]
"""Runs the source itself on ``[time, batch, *features]``, for several inputs by name, and records the value of every
graph node that it can."""


@dataclass(frozen=True, eq=False)
class Source:
    """A loaded source.

    Attributes:
        spec: What the user wrote: ``package.module:factory`` or a file.
        graph: The float graph, not yet discretised.
        sha256: Digest of the source file, or of the state of the module.
        run: Runs the original (a torch module); None for files, where the float reference is the source.
        example: Input that the source was traced with, ``[time, batch, *features]``, for several inputs by name; None
            for files.
        converter: Name of the converter that read it; filled in by who chose the converter.
    """

    spec: str
    graph: Graph
    sha256: str
    run: Runner | None = None
    example: Array | Mapping[str, Array] | None = None
    converter: str = ""


@runtime_checkable
class Converter(Protocol):
    """Turns something a user has into a float graph."""

    name: str

    def accepts(self, spec: str) -> bool:
        """Whether this converter reads ``spec``, judged by its form alone."""
        ...

    def load(self, spec: str, options: SourceOptions) -> Source:
        """Read the source.

        Raises:
            UsageError: The source cannot be found or read.
            UnsupportedError: The source holds something that has no meaning here; lists all of it.
        """
        ...


@runtime_checkable
class ObjectConverter(Protocol):
    """A converter that also takes models which are objects of this process; the one named ``torch`` is asked."""

    def describe(self, module: object, options: SourceOptions) -> Source:
        """Describe an object, which is named by what it is.

        Raises:
            UsageError: It is no model of this converter, or cannot be described with these options.
            UnsupportedError: It holds something that has no meaning here; lists all of it.
        """
        ...


@runtime_checkable
class GraphWriter(Protocol):
    """A converter that also writes float graphs; the one named ``nir`` writes those of a bundle."""

    def write(self, graph: Graph, path: Path) -> None:
        """Write a float graph.

        Raises:
            UnsupportedError: The format has no room for something in the graph; lists all of it.
            UsageError: The file cannot be written.
        """
        ...


@runtime_checkable
class ProgramFormat(Protocol):
    """Reads and writes files that hold a chip program and nothing else."""

    name: str
    suffix: str

    def read(self, path: Path) -> ChipProgram:
        """Read a program.

        Raises:
            UsageError: The file is missing, damaged or of another kind; names file, layer and field.
            UnsupportedError: The file holds something that has no meaning here; lists all of it.
        """
        ...

    def write(self, program: ChipProgram, path: Path) -> None:
        """Write a program; the file appears whole or not at all.

        Raises:
            UnsupportedError: The format has no room for something in the program; lists all of it.
            UsageError: The file cannot be written.
        """
        ...


@dataclass(frozen=True)
class RunOptions:
    """How to run a program or graph.

    Attributes:
        probes: State variables to record for every population, such as ``("v",)`` or ``("u", "v")``.
        strict: Raise where a chip could not hold a value, instead of following Lava's simulation.
        progress: Told of progress.
        timeout: Seconds after which a run is given up, by targets that can (:func:`limits_time`), or None for the
            target's own bound.
        resume: Where an earlier run of the program stopped, to go on from there instead of from reset.
        keep_state: Return where this run stopped, as ``state`` of the trace.
    """

    probes: Sequence[str] = field(default=())
    strict: bool = False
    progress: Progress | None = None
    timeout: float | None = None
    resume: RunState | None = None
    keep_state: bool = False


@runtime_checkable
class ProgramTarget(Protocol):
    """Runs integer programs.

    One that keeps :attr:`RunOptions.timeout` says so by an attribute ``limits_time = True`` (:func:`limits_time`).
    """

    name: str

    def available(self) -> Availability:
        """Whether the target works on this machine."""
        ...

    def run_program(self, program: ChipProgram, inputs: Mapping[str, Array], options: RunOptions) -> Trace:
        """Run a program from reset on spikes ``[time, batch, *shape]`` per input port."""
        ...


def limits_time(target: object) -> bool:
    """Whether a target ends a run at its time limit; one that does not say so, by ``limits_time``, does not."""
    return bool(getattr(target, "limits_time", False))


@runtime_checkable
class ScriptWriter(Protocol):
    """A target that also writes programs as scripts that need no neurotool; the one named ``lava`` is asked."""

    def write_script(self, program: ChipProgram, folder: Path) -> tuple[str, ...]:
        """Write a program into a folder and return the names of the files.

        Raises:
            UnsupportedError: The script has no room for something in the program; lists all of it.
        """
        ...


DenseCall = Callable[[Sequence[Array]], tuple[Array, ...]]
"""Runs a dense part that is loaded; inputs and outputs in the order of the part."""


@runtime_checkable
class TorchTarget(Protocol):
    """Runs float graphs and dense parts in torch."""

    name: str

    def available(self) -> Availability:
        """Whether the target works on this machine."""
        ...

    def run_graph(self, graph: Graph, inputs: Mapping[str, Array], options: RunOptions) -> Trace:
        """Run a discretised float graph, the float reference of every other target."""
        ...

    def calibrate(
        self, graph: Graph, inputs: Mapping[str, Array], progress: Progress | None = None
    ) -> Mapping[str, Mapping[str, float]]:
        """Return the largest |u|, |v| before the reset and |x|, and the ``rate``, of every neuron node over data."""
        ...

    def tune(self, task: TuningTask, progress: Progress | None = None) -> Tuned:
        """Train a rounded model: the integers run forward, torch finds the gradient.

        Raises:
            UsageError: The labels do not fit the model, or training diverges.
        """
        ...

    def export_dense(self, graph: Graph, inputs: Mapping[str, Array], path: Path) -> None:
        """Write a dense part as a ``.pt2`` file with a dynamic batch dimension.

        Args:
            graph: The part, cut out with :func:`neurotool.ir.graph.subgraph`.
            inputs: Example values of its inputs.
            path: File to write.
        """
        ...

    def run_dense(self, path: Path, inputs: Sequence[Array]) -> tuple[Array, ...]:
        """Load a ``.pt2`` file after the safety checks and run it; inputs and outputs in the order of the part."""
        ...

    def open_dense(self, path: Path, *, compiled: bool = False) -> DenseCall:
        """Load a ``.pt2`` file after the safety checks, to run it many times.

        Args:
            path: The file.
            compiled: Compile it with ``torch.compile``.
        """
        ...

    def count_dense(self, path: Path, inputs: Sequence[Array]) -> DenseCounts:
        """Count the work of a dense part for inputs of these shapes, on meta tensors.

        Raises:
            UnsupportedError: The part holds an operator whose work cannot be counted.
        """
        ...

    def count_nodes(self, graph: Graph, names: Iterable[str], steps: int, batch: int) -> Mapping[str, DenseCounts]:
        """Count the work of single nodes as they would be exported, each in one call on so many steps and samples.

        Raises:
            UnsupportedError: The work of a node cannot be counted; lists all such nodes.
        """
        ...

"""Results of the pipeline's functions, and how they tell of their progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from neurotool.diagnostics import Diagnostic
from neurotool.energy import EnergyReport
from neurotool.energy.bands import Band
from neurotool.energy.comparison import Comparison
from neurotool.energy.crosscheck import CrossCheck
from neurotool.ir.adapters import Array, Progress
from neurotool.ir.bundle import Bundle
from neurotool.ir.manifest import PartRecord
from neurotool.ir.partition import Part, Partition
from neurotool.ir.placement import Placement
from neurotool.ir.program import ChipProgram
from neurotool.ir.trace import Trace
from neurotool.passes.quantise import PopulationRecord
from neurotool.pipeline.conversion.sensitivity import LayerLoss
from neurotool.pipeline.display import Rows, Shown
from neurotool.pipeline.verification.boundary_checks import BoundaryCheck
from neurotool.pipeline.verification.tables import proof_tables
from neurotool.runtime.schedule import Crossing
from neurotool.units import format_si
from neurotool.verify import Certificate

StageProgress = Callable[[str, int, int], None]
"""Called with the stage, and (done, total) units of its work."""


def progress_of(stage: str, progress: StageProgress | None) -> Progress | None:
    """Return what tells of the progress of one stage, or None where nobody listens."""
    if progress is None:
        return None
    return lambda done, total: progress(stage, done, total)


@contextmanager
def told(stage: str, progress: StageProgress | None) -> Iterator[None]:
    """Tell of a stage whose work cannot be counted: that it begins, and that it is done."""
    if progress is not None:
        progress(stage, 0, 1)
    yield
    if progress is not None:
        progress(stage, 1, 1)


@dataclass(frozen=True, eq=False, repr=False)
class ConvertResult(Shown):
    """A converted model.

    Attributes:
        bundle: The bundle on disk.
        partition: The cut.
        programs: Chip program of each spiking part.
        records: Scales and roundings of each spiking part.
        placements: Layout of each spiking part on the chip.
        diagnostics: Warnings and notes.
        losses: What rounding each layer costs, for each spiking part; empty if it was not asked for.
        proof: The comparison of all forms of the model that ended the conversion, if one was asked for.
    """

    bundle: Bundle
    partition: Partition
    programs: Mapping[str, ChipProgram]
    records: Mapping[str, tuple[PopulationRecord, ...]]
    placements: Mapping[str, Placement]
    diagnostics: tuple[Diagnostic, ...]
    losses: Mapping[str, tuple[LayerLoss, ...]] = field(default_factory=dict)
    proof: VerifyResult | None = None

    def tables(self) -> list[Rows]:
        """The parts: where they run and what they hold; and whether all forms agree, where that was asked."""
        parts = part_table(self.partition.parts, self.programs, self.placements)
        return [parts] if self.proof is None else [parts, *self.proof.tables()]


def part_table(
    parts: Iterable[Part | PartRecord], programs: Mapping[str, ChipProgram], placements: Mapping[str, Placement]
) -> Rows:
    """One row for each part: its side, and what it holds."""
    rows = []
    for part in parts:
        program = programs.get(part.name)
        neurons = "" if program is None else f"{sum(p.size for p in program.populations.values()):,}"
        cores = "" if program is None else str(len(placements[part.name].cores))
        rows.append((part.name, str(part.side), str(len(part.nodes)), neurons, cores))
    return ("part", "side", ">nodes", ">neurons", ">cores"), rows


@dataclass(frozen=True, eq=False, repr=False)
class RunResult(Shown):
    """A run of a whole model.

    Attributes:
        target: What ran the spiking parts.
        outputs: Value of each output node.
        traces: Recording of each spiking part.
        samples: Number of samples.
        accuracy: Share of right answers, if the data has labels and there is one class score per label.
        seconds: Wall-clock time of the parts.
        run_dir: Where the bundle keeps the run.
        notes: What a user should know: values that were clipped, labels that do not fit.
        crossings: What was seen at the boundaries between chip and torch.
    """

    target: str
    outputs: Mapping[str, Array]
    traces: Mapping[str, Trace]
    samples: int
    accuracy: float | None
    seconds: float
    run_dir: Path | None
    notes: tuple[str, ...] = ()
    crossings: tuple[Crossing, ...] = ()

    def tables(self) -> list[Rows]:
        """What ran and what came out."""
        accuracy = "" if self.accuracy is None else f"{self.accuracy:.2%}"
        ran = (self.target, f"{self.samples:,}", accuracy, format_si(self.seconds, "s"))
        shapes = [(name, str(value.shape), str(value.dtype)) for name, value in self.outputs.items()]
        return [
            (("target", ">samples", ">accuracy", ">time"), [ran]),
            (("output", "shape", "kind"), shapes),
        ]


@dataclass(frozen=True, eq=False, repr=False)
class VerifyResult(Shown):
    """A certificate, where the bundle keeps it, and what was seen at the boundaries between chip and torch."""

    certificate: Certificate
    run_dir: Path
    figures: tuple[Path, ...] = ()
    boundaries: tuple[BoundaryCheck, ...] = ()

    def tables(self) -> list[Rows]:
        """The outcome of each pair of runs, their outputs and layers, and the stage that differences come from."""
        return proof_tables(self.certificate)


@dataclass(frozen=True, eq=False, repr=False)
class EnergyResult(Shown):
    """An energy report, where the bundle keeps it if there is one, and a comparison if one was asked for.

    ``notes`` say what could not be written beside the report.
    """

    report: EnergyReport
    run_dir: Path | None
    figures: tuple[Path, ...] = ()
    comparison: Comparison | None = None
    cross_checks: tuple[CrossCheck, ...] = ()
    notes: tuple[str, ...] = ()

    def tables(self) -> list[Rows]:
        """Energy by term and in all, and latency, each with its band."""
        bands = {**{str(term): band for term, band in self.report.terms.items()}, "total": self.report.total}
        rows = [(name, *_band(band, "J")) for name, band in bands.items()]
        rows.append(("latency", *_band(self.report.latency, "s")))
        return [(("of one inference", ">low", ">nominal", ">high"), rows)]


def _band(band: Band, unit: str) -> tuple[str, str, str]:
    return format_si(band.low, unit), format_si(band.nominal, unit), format_si(band.high, unit)

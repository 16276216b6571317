"""Options and results of the pipeline's functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurotool.diagnostics import Diagnostic
from neurotool.energy import EnergyReport
from neurotool.energy.comparison import Comparison
from neurotool.ir.adapters import Array, Progress
from neurotool.ir.bundle import Bundle
from neurotool.ir.manifest import Manifest
from neurotool.ir.partition import Partition
from neurotool.ir.placement import Placement
from neurotool.ir.program import ChipProgram
from neurotool.ir.trace import Trace
from neurotool.passes.quantise import PopulationRecord
from neurotool.verify import Certificate

StageProgress = Callable[[str, int, int], None]
"""Called with the stage, and (done, total) units of its work."""


def progress_of(stage: str, progress: StageProgress | None) -> Progress | None:
    """Return what tells of the progress of one stage, or None where nobody listens."""
    if progress is None:
        return None
    return lambda done, total: progress(stage, done, total)


@dataclass(frozen=True)
class ConvertOptions:
    """How to convert a model.

    Attributes:
        dt: Time step in seconds, or None for the source's own.
        convention: Discrete meaning of a file's neurons, or None for the source's own or the default.
        calib: Data file that scales are chosen with, or None to scale for the worst case.
        encode: Encoder for data without a time axis.
        steps: Number of time steps to encode into.
        weight_bits: Width of synaptic weights, 1 to 16; above 8 by two synapses each.
        chip: Chip description to place for.
        spiking: Node name patterns that must go to the chip.
        dense: Node name patterns that must stay in torch.
        seed: Seed for everything drawn.
        force: Replace an existing bundle.
        chips: Most chips to place on, or None for as many as needed.
        placement_seconds: Time to search for a better placement than the fast one.
    """

    dt: float | None = None
    convention: str | None = None
    calib: Path | None = None
    encode: str | None = None
    steps: int | None = None
    weight_bits: int = 8
    chip: str = "loihi2"
    spiking: tuple[str, ...] = ()
    dense: tuple[str, ...] = ()
    seed: int = 0
    force: bool = False
    chips: int | None = None
    placement_seconds: float = 0.0


@dataclass(frozen=True, eq=False)
class PartitionResult:
    """A split model: the cut, and what was assumed on the way."""

    partition: Partition
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class ConvertResult:
    """A converted model.

    Attributes:
        bundle: The bundle on disk.
        partition: The cut.
        programs: Chip program of each spiking part.
        records: Scales and roundings of each spiking part.
        placements: Layout of each spiking part on the chip.
        diagnostics: Warnings and notes.
    """

    bundle: Bundle
    partition: Partition
    programs: Mapping[str, ChipProgram]
    records: Mapping[str, tuple[PopulationRecord, ...]]
    placements: Mapping[str, Placement]
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, eq=False)
class Inspection:
    """What a bundle holds."""

    path: Path
    manifest: Manifest
    programs: Mapping[str, ChipProgram]
    placements: Mapping[str, Placement]
    records: Mapping[str, list[dict[str, Any]]]
    runs: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class RunResult:
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
    """

    target: str
    outputs: Mapping[str, Array]
    traces: Mapping[str, Trace]
    samples: int
    accuracy: float | None
    seconds: float
    run_dir: Path | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class VerifyResult:
    """A certificate and where the bundle keeps it."""

    certificate: Certificate
    run_dir: Path
    figures: tuple[Path, ...] = ()


@dataclass(frozen=True, eq=False)
class EnergyResult:
    """An energy report, where the bundle keeps it if there is one, and a comparison if one was asked for."""

    report: EnergyReport
    run_dir: Path | None
    figures: tuple[Path, ...] = ()
    comparison: Comparison | None = None


@dataclass(frozen=True, eq=False)
class DemoResult:
    """The whole story: test data, conversion, run, certificate and energy of the trained example."""

    data: Path
    converted: ConvertResult
    engine: RunResult
    verified: VerifyResult
    energy: EnergyResult

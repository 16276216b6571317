"""The Python interface: the same stages as the command line, composed in the only place that knows their order."""

from neurotool.pipeline.convert import convert
from neurotool.pipeline.costing import EnergyOptions, estimate_counts, estimate_energy
from neurotool.pipeline.demo import demo
from neurotool.pipeline.exporting import export, export_formats
from neurotool.pipeline.inspection import inspect
from neurotool.pipeline.layouts import draw_cores, placements
from neurotool.pipeline.programs import PROGRAM_PART, ProgramRun, program_format, read_program, run_program
from neurotool.pipeline.results import (
    ConvertOptions,
    ConvertResult,
    DemoResult,
    EnergyResult,
    Inspection,
    PartitionResult,
    RunResult,
    VerifyResult,
)
from neurotool.pipeline.running import run
from neurotool.pipeline.splitting import partition
from neurotool.pipeline.verification import verify

__all__ = [
    "PROGRAM_PART",
    "ConvertOptions",
    "ConvertResult",
    "DemoResult",
    "EnergyOptions",
    "EnergyResult",
    "Inspection",
    "PartitionResult",
    "ProgramRun",
    "RunResult",
    "VerifyResult",
    "convert",
    "demo",
    "draw_cores",
    "estimate_counts",
    "estimate_energy",
    "export",
    "export_formats",
    "inspect",
    "partition",
    "placements",
    "program_format",
    "read_program",
    "run",
    "run_program",
    "verify",
]

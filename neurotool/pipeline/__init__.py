"""The Python interface: the same stages as the command line, composed in the only place that knows their order."""

from neurotool.energy.measure.protocol import Plan
from neurotool.pipeline.checked import convert_and_verify
from neurotool.pipeline.convert import convert
from neurotool.pipeline.costing import EnergyOptions, estimate_counts, estimate_energy
from neurotool.pipeline.demo import DemoResult, demo
from neurotool.pipeline.estimating import estimate_from
from neurotool.pipeline.exporting import export, export_formats
from neurotool.pipeline.inspection import Inspection, inspect
from neurotool.pipeline.launching import launch
from neurotool.pipeline.layouts import draw_cores, placements
from neurotool.pipeline.looking import PlacementResult, ProgramInspection, look
from neurotool.pipeline.measuring import MeasuredDevice, calibrate_device
from neurotool.pipeline.partitioning import PartitionResult, partition
from neurotool.pipeline.programs import PROGRAM_PART, ProgramRun, program_format, read_program, run_program
from neurotool.pipeline.rated import estimate_rates
from neurotool.pipeline.results import (
    ConvertOptions,
    ConvertResult,
    EnergyResult,
    RunResult,
    VerifyResult,
)
from neurotool.pipeline.running import run
from neurotool.pipeline.verification import verify

__all__ = [
    "PROGRAM_PART",
    "ConvertOptions",
    "ConvertResult",
    "DemoResult",
    "EnergyOptions",
    "EnergyResult",
    "Inspection",
    "MeasuredDevice",
    "PartitionResult",
    "PlacementResult",
    "Plan",
    "ProgramInspection",
    "ProgramRun",
    "RunResult",
    "VerifyResult",
    "calibrate_device",
    "convert",
    "convert_and_verify",
    "demo",
    "draw_cores",
    "estimate_counts",
    "estimate_energy",
    "estimate_from",
    "estimate_rates",
    "export",
    "export_formats",
    "inspect",
    "launch",
    "look",
    "partition",
    "placements",
    "program_format",
    "read_program",
    "run",
    "run_program",
    "verify",
]

from neurotool.pipeline import api as _api  # noqa: F401  # makes neurotool.verify callable, and needs what is above

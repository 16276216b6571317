"""The Python interface: the same stages as the command line, composed in the only place that knows their order."""

from neurotool.energy.measure.protocol import Plan
from neurotool.pipeline.adapters import program_format
from neurotool.pipeline.conversion.certified import convert_and_verify
from neurotool.pipeline.conversion.convert import convert
from neurotool.pipeline.conversion.options import ConvertOptions
from neurotool.pipeline.cuts.partition import PartitionResult, partition
from neurotool.pipeline.demo import DemoResult, demo
from neurotool.pipeline.energy.device import MeasuredDevice, calibrate_device
from neurotool.pipeline.energy.estimate import estimate_counts, estimate_energy
from neurotool.pipeline.energy.options import EnergyOptions
from neurotool.pipeline.energy.rates import estimate_rates
from neurotool.pipeline.energy.sources import estimate_from
from neurotool.pipeline.inspection.export import export, export_formats
from neurotool.pipeline.inspection.inspect import Inspection, inspect
from neurotool.pipeline.inspection.layouts import draw_cores, placements
from neurotool.pipeline.inspection.look import PlacementResult, ProgramInspection, look
from neurotool.pipeline.results import (
    ConvertResult,
    EnergyResult,
    RunResult,
    VerifyResult,
)
from neurotool.pipeline.runs.launch import launch
from neurotool.pipeline.runs.programs import PROGRAM_PART, ProgramRun, read_program, run_program
from neurotool.pipeline.runs.run import run
from neurotool.pipeline.verification.verify import verify

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

from neurotool.pipeline.session import api as _api  # noqa: F401  # makes neurotool.verify callable, and needs what is above

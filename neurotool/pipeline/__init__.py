"""The Python interface: the same stages as the command line, composed in the only place that knows their order."""

from neurotool.pipeline.convert import convert
from neurotool.pipeline.costing import estimate_energy
from neurotool.pipeline.demo import demo
from neurotool.pipeline.exporting import export
from neurotool.pipeline.inspection import inspect
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
    "ConvertOptions",
    "ConvertResult",
    "DemoResult",
    "EnergyResult",
    "Inspection",
    "PartitionResult",
    "RunResult",
    "VerifyResult",
    "convert",
    "demo",
    "estimate_energy",
    "export",
    "inspect",
    "partition",
    "run",
    "verify",
]

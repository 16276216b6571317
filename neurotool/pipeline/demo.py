"""The quickstart story: train, convert, run, verify, cost."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path

from neurotool.ir.bundle import check_output
from neurotool.pipeline.conversion.convert import convert
from neurotool.pipeline.conversion.options import ConvertOptions
from neurotool.pipeline.display import Rows, Shown
from neurotool.pipeline.energy.estimate import estimate_energy
from neurotool.pipeline.numbers import whole
from neurotool.pipeline.results import (
    ConvertResult,
    EnergyResult,
    RunResult,
    StageProgress,
    VerifyResult,
    progress_of,
)
from neurotool.pipeline.runs.run import run
from neurotool.pipeline.verification.verify import LAVA, verify

EXAMPLE = "neurotool.examples.quickstart"
"""The example as it is installed; it is named, not imported, since examples stand above the pipeline."""


@dataclass(frozen=True, eq=False, repr=False)
class DemoResult(Shown):
    """The whole story: test data, conversion, run, certificate and energy of the trained example."""

    data: Path
    converted: ConvertResult
    engine: RunResult
    verified: VerifyResult
    energy: EnergyResult

    def tables(self) -> list[Rows]:
        """The first table of each step: parts, run, pairs of runs, energy."""
        return [step.tables()[0] for step in (self.converted, self.engine, self.verified, self.energy)]


def demo(
    out: Path, *, lava_samples: int = 100, force: bool = False, progress: StageProgress | None = None
) -> DemoResult:
    """Train the digits network and take it through every stage.

    The data files are written beside the bundle, so that the same steps can be repeated one by one.

    Args:
        out: Directory of the bundle.
        lava_samples: Number of test samples that Lava runs, where it can be used.
        force: Replace an existing bundle.
        progress: Told of the progress of each stage.
    """
    lava_samples = whole("--lava-samples", lava_samples, 1)
    check_output(out, force)
    data = importlib.import_module(f"{EXAMPLE}.data")
    training = importlib.import_module(f"{EXAMPLE}.train")
    training.trained(progress=progress_of("train", progress))
    out.parent.mkdir(parents=True, exist_ok=True)
    train_file, test_file = data.write(out.parent)
    options = ConvertOptions(calib=train_file, encode="latency", steps=data.STEPS, force=force)
    converted = convert(f"{EXAMPLE}:model", out, options, progress)
    engine = run(out, test_file, progress=progress)
    verified = verify(out, test_file, limits={LAVA: lava_samples}, progress=progress)
    energy = estimate_energy(out, test_file, progress=progress)
    return DemoResult(test_file, converted, engine, verified, energy)

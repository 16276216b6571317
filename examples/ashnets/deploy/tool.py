"""The encoder through the tool: converted, run on the engine and on Lava, verified, costed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor

from neurotool import data, pipeline
from neurotool.ir.adapters import Array
from neurotool.ir.program import ChipProgram

FACTORY = "neurotool.examples.ashnets.deploy"
CALIBRATION = 1800
"""Tokens that scales are chosen with."""


@dataclass(frozen=True, eq=False)
class Chip:
    """A converted encoder.

    Attributes:
        bundle: Where it is.
        program: Its integers.
        cores: Cores that it takes.
    """

    bundle: Path
    program: ChipProgram
    cores: int


def converted(name: str, tokens: Tensor, folder: Path) -> Chip:
    """Convert ``encoder`` or ``replicated`` with tokens ``[sample, features]`` to choose the scales with."""
    calibration, bundle = folder / f"{name}-calibration.npz", folder / name
    data.save(calibration, tokens.cpu().numpy())
    options = pipeline.ConvertOptions(calib=calibration, encode="static", force=True)
    made = pipeline.convert(f"{FACTORY}:{name}", bundle, options)
    (program,) = made.programs.values()
    (placement,) = made.placements.values()
    return Chip(bundle, program, len(placement.cores))


def latents(chip: Chip, tokens: Tensor, path: Path, target: str) -> Array:
    """Latents ``[sample, features]`` of tokens as a target computes them; the tokens are kept in a file."""
    data.save(path, tokens.cpu().numpy())
    (output,) = pipeline.run(chip.bundle, path, target=target).outputs.values()
    return np.asarray(output)


def verified(chip: Chip, path: Path, lava: int, figures: Path) -> pipeline.VerifyResult:
    """Compare source, float reference, engine and Lava on the tokens of a file."""
    return pipeline.verify(chip.bundle, path, limits={"lava": lava, "stages": lava}, figures=figures, force=True)


def costed(chip: Chip, path: Path, samples: int, figures: Path | None) -> pipeline.EnergyResult:
    """Energy and latency per sample, beside the same on a GPU."""
    options = pipeline.EnergyOptions(compare=True, figures=figures, force=True)
    return pipeline.estimate_energy(chip.bundle, path, limit=samples, options=options)

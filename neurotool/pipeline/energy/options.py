"""What an estimate of energy is made for, and what is written beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neurotool.errors import UsageError
from neurotool.pipeline.numbers import whole

GPU = "h100-sxm"
"""GPU of a comparison where none is named."""


@dataclass(frozen=True)
class EnergyOptions:
    """What to estimate for, and what to write beside the report.

    Attributes:
        chip: Chip description, or None for the one the bundle was placed on.
        device: Device description of the dense side.
        constants: Files of constants that replace built-in ones.
        seed: Seed of the bands.
        compare: Compare with the same task on a GPU.
        gpu: Device description of that GPU; None for the usual one.
        plot: Draw the figures.
        figures: Folder to write the figures to as well, or None.
        neurobench: File for the counts in NeuroBench's terms, or None.
        force: Replace the file and the figures that are there.
        cross_check: ``sana-fe`` for a second opinion by SANA-FE, or None.
        accuracies: File that says how accurate the alternatives of the comparison are, or None.
        compare_with: Other bundles for the same task, whose newest estimates are compared too.

    Raises:
        UsageError: The seed is none, or an option goes with a comparison that is not asked for.
    """

    chip: str | None = None
    device: str = "cpu-generic"
    constants: tuple[Path, ...] = ()
    seed: int = 0
    compare: bool = False
    gpu: str | None = None
    plot: bool = True
    figures: Path | None = None
    neurobench: Path | None = None
    cross_check: str | None = None
    accuracies: Path | None = None
    compare_with: tuple[Path, ...] = ()
    force: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be meant, before anything is read."""
        object.__setattr__(self, "seed", whole("--seed", self.seed, 0))
        about = {"--gpu": self.gpu, "--accuracies": self.accuracies, "--compare-with": self.compare_with or None}
        given = [name for name, value in about.items() if value is not None]
        if given and not self.compare:
            raise UsageError(f"{given[0]} goes with --compare: it says something of a comparison", hint="add --compare")

"""Layouts of programs on chips: those a bundle holds, or new ones; and their picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from neurotool.chips import Chip, load_chip
from neurotool.chips.wiring import tiles
from neurotool.ir.placement import CoreUse, Placement
from neurotool.passes.place import place
from neurotool.pipeline.inspection import inspect
from neurotool.pipeline.programs import PROGRAM_PART, program_format, read_program

DEFAULT_CHIP = "loihi2"


def placements(
    path: Path, *, chip: str | None = None, chips: int | None = None, seconds: float = 0.0, seed: int = 0
) -> Mapping[str, Placement]:
    """Return the layout of every spiking part of a bundle, or of a file with a program.

    Args:
        path: Bundle or program file.
        chip: Chip to place on; None for the layout that the bundle holds, or for :data:`DEFAULT_CHIP`.
        chips: Most chips to use.
        seconds: Time to search for a better layout.
        seed: Seed of the search.

    Raises:
        UsageError: The file cannot be read, or there is no such chip.
        NegativeAnswerError: A program does not fit.
    """
    if program_format(path) is not None:
        programs = {PROGRAM_PART: read_program(path)}
    else:
        found = inspect(path)
        if chip is None and chips is None and seconds == 0:
            return found.placements
        programs, chip = dict(found.programs), chip or found.manifest.options.chip
    target = load_chip(chip or DEFAULT_CHIP)
    return {
        name: place(program, target, chips=chips, optimise_seconds=seconds, seed=seed)
        for name, program in programs.items()
    }


def draw_cores(placed: Mapping[str, Placement], path: Path) -> tuple[Path, ...]:
    """Draw the core map of every placement; of several, the name of the part is added to that of the file."""
    paths = []
    for part, placement in placed.items():
        paths.append(path if len(placed) == 1 else path.with_name(f"{path.stem}-{part}{path.suffix}"))
        title = f"{part} on {placement.chip}: {len(placement.cores)} cores"
        _draw(placement, paths[-1], title)
    return tuple(paths)


def _draw(placement: Placement, path: Path, title: str) -> None:
    from neurotool.report.core_map import CoreMark, core_map
    from neurotool.report.files import save

    chip = load_chip(placement.chip)
    marks = []
    for core in placement.cores:
        row, column, _ = (int(axis[0]) for axis in tiles([(0, core.core)], chip.mesh))
        largest = max(core.slices, key=lambda held: held.size).population
        slot, memory = core.core % chip.mesh.cores_per_tile, _memory(core, chip)
        marks.append(CoreMark(core.chip, row, column, slot, largest, memory, core.synops))
    save(core_map(marks, chip.mesh.rows, chip.mesh.columns, chip.mesh.cores_per_tile, title), path)


def _memory(core: CoreUse, chip: Chip) -> float:
    limit = chip.limits.synapse_bits_per_core.value
    return core.synapse_bits / limit if limit else 0.0

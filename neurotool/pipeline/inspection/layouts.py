"""Layouts of programs on chips: those a bundle holds, or new ones; and their picture."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from neurotool.chips import Chip, load_chip
from neurotool.chips.wiring import tiles
from neurotool.ir.bundle import Bundle
from neurotool.ir.placement import CoreUse, Placement
from neurotool.ir.program import ChipProgram
from neurotool.passes.place import place
from neurotool.passes.place.limits import core_limits
from neurotool.pipeline.adapters import program_format
from neurotool.pipeline.inspection.inspect import inspect, stored_placement
from neurotool.pipeline.runs.programs import PROGRAM_PART, read_program

DEFAULT_CHIP = "loihi2"


def placements(
    path: Path, *, chip: str | None = None, chips: int | None = None, seconds: float = 0.0, seed: int = 0
) -> tuple[Chip, Mapping[str, Placement]]:
    """Return the layout of every spiking part of a bundle, or of a file with a program, and the chip it is for.

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
        programs, target = {PROGRAM_PART: read_program(path)}, load_chip(chip or DEFAULT_CHIP)
        rates: dict[str, dict[str, float]] = {}
    else:
        found = inspect(path)
        programs, target = dict(found.programs), load_chip(chip or found.manifest.options.chip)
        if chip is None and chips is None and seconds == 0:
            return target, found.placements
        rates = {name: placement.rates for name, placement in found.placements.items()}
    return target, {
        name: place(program, target, rates=rates.get(name) or None, chips=chips, optimise_seconds=seconds, seed=seed)
        for name, program in programs.items()
    }


def placement_for(bundle: Bundle, part: str, program: ChipProgram, chip: Chip) -> Placement:
    """Return the layout that a bundle holds of a part, or a new one where that is for other cores.

    Raises:
        NegativeAnswerError: The program does not fit the chip.
    """
    stored = stored_placement(bundle, part)
    limits = {resource.name: resource.limit for resource in stored.resources}
    same = all(limits.get(name) == limit.value for name, (limit, _) in core_limits(chip).items())
    return stored if stored.chip == chip.name and same else place(program, chip, rates=stored.rates or None)


def map_files(parts: Collection[str], path: Path) -> dict[str, Path]:
    """Files of the core maps, by part; of several parts, the name of each is added to that of the file."""
    if len(parts) == 1:
        return dict.fromkeys(parts, path)
    return {part: path.with_name(f"{path.stem}-{part}{path.suffix}") for part in parts}


def draw_cores(placed: Mapping[str, Placement], chip: Chip, path: Path) -> tuple[Path, ...]:
    """Draw the core map of every placement into the files of :func:`map_files`.

    Raises:
        UsageError: A file cannot be written.
    """
    files = map_files(placed, path)
    for part, placement in placed.items():
        _draw(placement, chip, files[part], f"{part} on {placement.chip}: {len(placement.cores)} cores")
    return tuple(files.values())


def _draw(placement: Placement, chip: Chip, path: Path, title: str) -> None:
    from neurotool.report.core_map import CoreMark, core_map
    from neurotool.report.files import save

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

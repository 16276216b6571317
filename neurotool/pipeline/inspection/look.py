"""Looks into whatever holds a program, a bundle or a file that stands alone, and at where it lies on the cores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from neurotool.errors import UsageError
from neurotool.ir.placement import Placement
from neurotool.ir.program import ChipProgram
from neurotool.pipeline.adapters import program_format
from neurotool.pipeline.display import Rows, Shown
from neurotool.pipeline.inspection.inspect import Inspection, inspect
from neurotool.pipeline.inspection.layouts import draw_cores, map_files, placements
from neurotool.pipeline.numbers import optional_whole, real, whole
from neurotool.pipeline.runs import result_files
from neurotool.pipeline.runs.programs import read_program
from neurotool.units import format_si


@dataclass(frozen=True, eq=False, repr=False)
class ProgramInspection(Shown):
    """What a file with a chip program holds.

    Attributes:
        path: The file.
        program: The program.
    """

    path: Path
    program: ChipProgram

    def tables(self) -> list[Rows]:
        """The populations, and the projections between them."""
        program = self.program
        neurons = [(p.name, p.model, f"{p.size:,}", str(p.start)) for p in program.populations.values()]
        projections = [
            (p.name, p.source, p.target, " x ".join(map(str, p.weights.shape))) for p in program.projections.values()
        ]
        return [
            (("population", "neurons", ">number", ">starts at step"), neurons),
            (("projection", "from", "to", "weights"), projections),
        ]


@dataclass(frozen=True, eq=False, repr=False)
class PlacementResult(Shown):
    """Where the spiking parts of a model lie.

    Attributes:
        path: Bundle or file.
        placements: Layout of each spiking part.
        maps: Drawings of the cores, if they were asked for.
    """

    path: Path
    placements: Mapping[str, Placement]
    maps: tuple[Path, ...] = ()

    def tables(self) -> list[Rows]:
        """Each part and what a time step of it takes; the resources it uses, with their limits."""
        parts = [
            (part, each.chip, str(each.chips), str(len(each.cores)), format_si(each.quality.seconds, "s"))
            for part, each in self.placements.items()
        ]
        used = [
            (part, resource.name, f"{resource.used:,.10g}", f"{resource.limit:,.10g}")
            for part, each in self.placements.items()
            for resource in each.resources
        ]
        return [
            (("part", "chip", ">chips", ">cores", ">modelled time of a step"), parts),
            (("part", "resource", ">used", ">limit"), used),
        ]


def look(
    path: Path,
    *,
    placement: bool = False,
    chip: str | None = None,
    chips: int | None = None,
    placement_seconds: float = 0.0,
    seed: int = 0,
    core_map: Path | None = None,
    force: bool = False,
) -> Inspection | ProgramInspection | PlacementResult:
    """Look into a bundle or a file with a chip program; of a bundle, every file is checked first.

    Args:
        path: Bundle or file.
        placement: Look at the layout on the cores. All that follows goes with it.
        chip: Chip to place on, or None for the bundle's own (for a file the default one).
        chips: Most chips to use, or None for as many as needed.
        placement_seconds: Time to search for a better layout.
        seed: Seed of the search.
        core_map: Picture of the cores to write, or None for none. Of several parts each has its own, whose name ends
            in that of the part.
        force: Replace pictures that are there.

    Raises:
        UsageError: The file is damaged or of the wrong kind, an option goes with another that was not given, or the
            picture cannot be written.
        NegativeAnswerError: A program does not fit the chip.
    """
    chips, seed = optional_whole("--chips", chips, 1), whole("--seed", seed, 0)
    placement_seconds = real("--placement-seconds", placement_seconds)
    if force and core_map is None:
        raise UsageError("--force goes with --map: nothing else is written", hint="add --map FILE")
    if placement:
        if core_map is not None:
            result_files.check(
                core_map, True, "--map", result_files.FIGURES
            )  # whether it is there is asked for each part below
        target, found = placements(path, chip=chip, chips=chips, seconds=placement_seconds, seed=seed)
        maps = () if core_map is None else tuple(map_files(found, core_map).values())
        for file in maps:
            result_files.check(file, force, "--map", result_files.FIGURES)
        if core_map is not None:
            draw_cores(found, target, core_map)
        return PlacementResult(path, found, maps)
    given = {"--chip": chip, "--chips": chips, "--placement-seconds": placement_seconds or None, "--seed": seed or None,
             "--map": core_map}  # fmt: skip
    lone = [name for name, value in given.items() if value is not None]
    if lone:
        raise UsageError(f"{lone[0]} goes with --placement", hint="add --placement")
    return inspect(path) if program_format(path) is None else ProgramInspection(path, read_program(path))

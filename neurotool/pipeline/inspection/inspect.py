"""Looks into a bundle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurotool.ir.bundle import Bundle
from neurotool.ir.manifest import Manifest
from neurotool.ir.placement import Placement
from neurotool.ir.program import ChipProgram
from neurotool.pipeline.display import Rows, Shown
from neurotool.pipeline.results import part_table
from neurotool.pipeline.runs.model import Model
from neurotool.units import format_si


@dataclass(frozen=True, eq=False, repr=False)
class Inspection(Shown):
    """What a bundle holds.

    Attributes:
        path: The bundle.
        manifest: Where it comes from, and how to read it.
        programs: Chip program of each spiking part.
        placements: Layout of each spiking part on the chip.
        records: Scales and roundings of each spiking part, as JSON values.
        runs: Names of the runs that it keeps.
    """

    path: Path
    manifest: Manifest
    programs: Mapping[str, ChipProgram]
    placements: Mapping[str, Placement]
    records: Mapping[str, list[dict[str, Any]]]
    runs: tuple[str, ...]

    def tables(self) -> list[Rows]:
        """Where it comes from, and its parts."""
        known = self.manifest
        about = (known.source.spec, format_si(known.dt, "s"), known.options.chip, str(len(self.runs)))
        return [
            (("source", ">time step", "chip", ">runs kept"), [about]),
            part_table(known.parts, self.programs, self.placements),
        ]


def inspect(path: Path) -> Inspection:
    """Open a bundle, check every file of it, and return what it holds.

    Raises:
        UsageError: The bundle is damaged; the message names the file.
    """
    bundle = Bundle.open(path)
    model = Model(bundle)
    return Inspection(
        path=path,
        manifest=bundle.manifest,
        programs=model.programs,
        placements={name: stored_placement(bundle, name) for name in model.programs},
        records={name: _json(bundle, name, "quantisation") for name in model.programs},
        runs=tuple(run.record.id for run in bundle.runs()),
    )


def stored_placement(bundle: Bundle, part: str) -> Placement:
    """Read the layout of a spiking part.

    Raises:
        UsageError: The file holds no placement, or one of another version.
    """
    return Placement.from_json(_json(bundle, part, "placement"), f"{bundle.path}: placement of {part}")


def _json(bundle: Bundle, part: str, role: str) -> Any:
    files = {p.name: p.files for p in bundle.manifest.parts}
    return json.loads(bundle.file(files[part][role]).read_text(encoding="utf-8"))

"""Looks into a bundle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from neurotool.ir.bundle import Bundle
from neurotool.ir.placement import Placement
from neurotool.pipeline.model import Model
from neurotool.pipeline.results import Inspection


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

"""Writes the JSON schemas that are published in ``docs/schema``: ``python -m neurotool.ir.schemas docs/schema``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pydantic import TypeAdapter

from neurotool.ir.activity_counts import ActivityCounts
from neurotool.ir.envelope import Envelope
from neurotool.ir.manifest import Manifest
from neurotool.ir.placement import Placement
from neurotool.ir.runs import RunRecord

PUBLISHED: dict[str, type] = {
    "manifest.schema.json": Manifest,
    "envelope.schema.json": Envelope,
    "record.schema.json": RunRecord,
    "activity.schema.json": ActivityCounts,
    "placement.schema.json": Placement,
}


def text(model: type) -> str:
    """Return the JSON schema (draft 2020-12) of what ``model`` writes."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    # The version of the tool is its default; as part of the schema it would change with every release.
    body = TypeAdapter(model).json_schema(mode="serialization")
    body.get("$defs", {}).get("Tool", {}).get("properties", {}).get("version", {}).pop("default", None)
    return json.dumps(schema | body, indent=2) + "\n"


def main(folder: Path) -> None:
    """Write every published schema into a folder."""
    for name, model in PUBLISHED.items():
        (folder / name).write_text(text(model))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

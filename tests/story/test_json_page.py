"""``docs/json.md`` names every field that ``--json`` prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__, "../../../docs/json.md").resolve()
SPEC = "neurotool.examples.quickstart:model"


def fields_of(schema: str, printed_by: str) -> set[str]:
    """Fields in the row of the page for a schema and a command."""
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[:2] == [f"`{schema}`", f"`{printed_by}`"]:
            return set(re.findall(r"`(\w+)`", cells[2])) | {"schema"}
    raise AssertionError(f"{PAGE.name} has no row for {schema} of {printed_by}")


@pytest.mark.parametrize(
    ("printed_by", "arguments"),
    [
        ("partition", ["partition", SPEC]),
        ("partition --explain", ["partition", SPEC, "--explain", "mean"]),
        ("inspect BUNDLE", ["inspect", "BUNDLE"]),
        ("run BUNDLE", ["run", "BUNDLE", "--input", "DATA", "--limit", "3"]),
        ("verify", ["verify", "BUNDLE", "--input", "DATA", "--against", "float", "--limit", "stages=2"]),
        ("estimate-energy", ["estimate-energy", "BUNDLE", "--no-plot"]),
        ("explain RULE", ["explain", "NT-PART-001"]),
        ("explain", ["explain"]),
        ("doctor", ["doctor"]),
    ],
)
def test_the_page_names_the_fields(neurotool, told, printed_by, arguments):
    given = [{"BUNDLE": str(told.bundle), "DATA": str(told.test)}.get(each, each) for each in arguments]
    done = neurotool(*given, "--json")
    assert done.code == 0, done.err
    envelope = done.json
    assert set(envelope) == {"schema", "tool", "status", "data", "diagnostics"}
    assert set(envelope["data"]) == fields_of(envelope["data"]["schema"], printed_by)

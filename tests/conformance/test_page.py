"""docs/conformance.md: every neuron model was compared on both targets, and nothing differed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from neurotool.neurons import MODELS
from neurotool.testing.tally import TITLES

PAGE = (Path(__file__).parents[2] / "docs" / "conformance.md").read_text(encoding="utf-8")


def rows(target: str) -> dict[str, dict[str, str]]:
    """The table below the line that names a target, by neuron model."""
    lines = PAGE[PAGE.index(f"Target `{target}`:") :].splitlines()[4:]
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[: len(MODELS)]]
    return {cells[0].strip("`"): dict(zip(TITLES, cells, strict=True)) for cells in table}


@pytest.mark.parametrize("target", ["loihi", "lava"])
def test_the_table_names_every_model_and_no_mismatch(target):
    found = rows(target)
    assert list(found) == list(MODELS)
    for name, row in found.items():
        assert row["Lava process"] == f"`{MODELS[name].process}`"
        assert row["whose"] == MODELS[name].owner
        assert row["mismatches"] == "0"
        assert int(row["neuron-steps"].replace(",", "")) > 1000


def test_the_page_names_the_options_that_exist(pytestconfig: pytest.Config):
    for option in re.findall(r"--neurotool-[a-z-]+", PAGE):
        pytestconfig.getoption(option)

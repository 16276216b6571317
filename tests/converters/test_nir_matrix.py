"""The support matrix is current, complete, and says what the passes do."""

from __future__ import annotations

from pathlib import Path

import nir

from neurotool.converters.nir.matrix import SUPPORT, page
from neurotool.converters.nir.support import CARRIERS, ENDS, LINEAR, NEURONS, TYPES
from neurotool.ir.graph import SPIKING_TYPES
from neurotool.passes.linear.operations import STEPS
from neurotool.passes.partition.capability import CHIP_TYPES
from neurotool.rules import RULES

ROOT = Path(__file__).parents[2]


def test_the_published_page_is_current():
    renew = "python -m neurotool.converters.nir.matrix > docs/nir.md"
    assert (ROOT / "docs" / "nir.md").read_text(encoding="utf-8") == page(), renew


def test_every_node_type_has_its_row_and_the_passes_take_what_it_promises():
    assert set(SUPPORT) == set(TYPES)
    assert set(STEPS) == {*LINEAR, nir.Flatten}
    assert {*LINEAR, *CARRIERS, *NEURONS} == {*CHIP_TYPES} == {*TYPES.values()} - {*ENDS}
    for name, kind in TYPES.items():
        chip = SUPPORT[name].chip
        assert ("composed" in chip) == (kind in LINEAR), name
        assert chip.startswith("approximation") == (kind in NEURONS), name
        assert ("feeds on" in chip) == (kind in NEURONS and kind not in SPIKING_TYPES), name


def test_the_rules_it_names_exist():
    named = {word.strip("().,;") for word in page().split() if word.strip("(").startswith("NT-")}
    assert len(named) >= 5 and named <= set(RULES)

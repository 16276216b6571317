"""A check against silicon: Quartz on Loihi 1 (arXiv 2309.16795), whose published counts bracket the active updates.

The page docs/energy.md prints the same figures.
"""

from pathlib import Path

import pytest

from neurotool.chips import load_chip
from neurotool.chips.table import fill_tables

PAGE = Path(__file__).parents[2] / "docs" / "energy.md"

COMPARTMENTS, SPIKES, SYNOPS = 6194, 5.4e3, 230e3
MEASURED = {51: 33.8e-6, 171: 85.8e-6, 651: 290.1e-6}


def dynamic(steps, update):
    costs = load_chip("loihi1").costs
    events = SYNOPS * costs.synop_sparse.si + SPIKES * (costs.firing.si + costs.message.si)
    return events + steps * COMPARTMENTS * update.si


@pytest.mark.parametrize("steps", MEASURED)
def test_measured_dynamic_energy_is_near_the_counts(steps):
    costs = load_chip("loihi1").costs
    at_rest, active = dynamic(steps, costs.update_inactive), dynamic(steps, costs.update_active)
    assert at_rest / 1.25 <= MEASURED[steps] <= active * 1.25
    assert active / MEASURED[steps] == pytest.approx(1, abs=0.25)
    row = f"| {steps} | {at_rest * 1e6:.1f} | {active * 1e6:.1f} | {MEASURED[steps] * 1e6:.1f} |"
    row += f" {at_rest / MEASURED[steps]:.2f} | {active / MEASURED[steps]:.2f} |"
    assert row in PAGE.read_text(encoding="utf-8")


def test_the_tables_of_the_page_are_up_to_date():
    text = PAGE.read_text(encoding="utf-8")
    assert fill_tables(text) == text, "run: python -m neurotool.chips.table docs/energy.md"

"""The page of predictions and measurements is current, and the check against silicon holds."""

from pathlib import Path

import pytest

from neurotool.energy.calibration import QUANTITIES, checks, fill, workloads

PAGE = Path(__file__).parents[2] / "docs" / "calibration.md"


def test_the_page_is_current():
    text = PAGE.read_text(encoding="utf-8")
    assert fill(text) == text, "run: python -m neurotool.energy.calibration docs/calibration.md"


def test_dynamic_energy_of_quartz_is_within_a_quarter_and_inside_its_band():
    found = [check for check in checks() if check.key == "V2" and check.quantity == "dynamic"]
    assert len(found) == 3
    for check in found:
        assert 1 / 1.25 <= check.ratio <= 1.25
        assert check.inside


def test_every_miss_is_said_on_the_page():
    missed = {check.key for check in checks() if "no" in check.verdict}
    said = PAGE.read_text(encoding="utf-8").partition("## Where it misses")[2].partition("## What is known")[0]
    assert missed
    assert all(f"({key})" in said for key in missed)


@pytest.mark.parametrize("workload", workloads(), ids=lambda workload: workload["key"])
def test_every_workload_has_a_source_and_known_quantities(workload):
    assert workload["source"].strip()
    assert workload["detail"].strip()
    assert all(name in QUANTITIES for run in workload["runs"] for name in run["measured"])

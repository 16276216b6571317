"""The verbs from Python take the options of the command line by name."""

from __future__ import annotations

import neurotool as package


def test_energy_takes_its_options_by_name(told, tmp_path):
    counts = tmp_path / "counts.json"
    result = package.estimate_energy(told.bundle, str(told.test), limit=5, compare=True, plot=False, neurobench=counts)
    assert result.comparison is not None
    assert result.report.samples == 5
    assert result.figures == ()
    assert counts.is_file()

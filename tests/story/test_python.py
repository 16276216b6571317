"""The verbs from Python take the options of the command line by name."""

from __future__ import annotations

import shutil

import neurotool as package


def test_energy_takes_its_options_by_name(told, tmp_path):
    counts = tmp_path / "counts.json"
    result = package.estimate_energy(told.bundle, str(told.test), limit=5, compare=True, plot=False, neurobench=counts)
    assert result.comparison is not None
    assert result.report.samples == 5
    assert result.figures == ()
    assert counts.is_file()


def test_results_show_themselves_as_short_tables(told, tmp_path):
    result = package.estimate_energy(told.bundle, str(told.test), limit=5, plot=False)
    shown = repr(result)
    assert shown.splitlines()[0].split() == ["of", "one", "inference", "low", "nominal", "high"]
    assert {line.split()[0] for line in shown.splitlines()[1:]} == {
        "dynamic", "static", "host", "boundary", "waiting", "total", "latency",
    }  # fmt: skip
    copy = shutil.copytree(told.bundle, tmp_path / "copy")  # the runs of the shared bundle are counted elsewhere
    ran = package.run(copy, str(told.test), limit=5)
    assert "loihi" in repr(ran)
    assert "(5, 10)" in ran._repr_html_()

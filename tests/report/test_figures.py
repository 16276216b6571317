"""Figures hold the data they were given, say what their axes are, and are written whole."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from neurotool.errors import UsageError
from neurotool.report.agreement import agreement_bars, similarity
from neurotool.report.energy_bars import energy_of_devices, energy_per_layer
from neurotool.report.files import save
from neurotool.report.membrane import membrane_traces
from neurotool.report.raster import spike_difference, spike_raster
from neurotool.report.style import PALETTE, WIDTH, si_scale

RNG = np.random.default_rng(0)


def ticks(collection) -> set[tuple[int, int]]:
    """(step, neuron) of the vertical strokes in a raster."""
    return {(round(x), round((y0 + y1) / 2)) for (x, y0), (_, y1) in collection.get_segments()}


def spots(raster) -> set[tuple[int, int]]:
    return {(int(t), int(n)) for t, n in zip(*np.nonzero(raster), strict=True)}


def labels(figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()] if figure.legends else []


def widths(axes) -> list[float]:
    return [bar.get_width() for bar in axes.patches]


def test_importing_the_package_imports_no_matplotlib():
    code = "import sys, neurotool.report; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_figures_leave_pyplot_alone():
    code = "import sys, neurotool.report.raster, neurotool.report.files; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_raster_shows_every_spike_and_rate():
    image, layer = RNG.random((12, 2, 3)) < 0.3, RNG.integers(0, 3, (12, 4))
    figure = spike_raster({"in": image, "layer": layer}, dt=1e-3, title="sample 4")
    upper, upper_side, lower, lower_side = figure.axes
    assert ticks(upper.collections[0]) == spots(image.reshape(12, 6))
    assert ticks(lower.collections[0]) == spots(layer)
    assert widths(upper_side) == image.reshape(12, 6).mean(0).tolist()
    assert widths(lower_side) == (layer > 0).mean(0).tolist()
    assert lower.get_xlabel() == "time step (one step is 1 ms)"
    assert lower_side.get_xlabel() == "spikes per step"
    assert upper.get_ylabel() == "in\n(6 neurons)"
    assert upper.yaxis_inverted()
    assert figure.get_suptitle() == "sample 4"
    longest = max(*widths(upper_side), *widths(lower_side))
    assert lower_side.get_xlim()[1] >= longest


def test_raster_of_silence_can_be_drawn(tmp_path):
    save(spike_raster({"a": np.zeros((5, 3), bool)}), tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 0


def test_difference_separates_both_and_either():
    a = np.array([[1, 1], [0, 0], [0, 1]], bool)
    b = np.array([[1, 0], [1, 0], [1, 1]], bool)
    figure = spike_difference({"n": a}, {"n": b}, names=("float", "integer"))
    raster, side = figure.axes
    only_a, only_b = raster.lines
    assert ticks(raster.collections[0]) == {(0, 0), (2, 1)}
    assert only_a.get_xydata().tolist() == [[0, 1]]
    assert only_b.get_xydata().tolist() == [[1, 0], [2, 0]]
    assert widths(side) == [2.0, 1.0]
    assert labels(figure) == ["in both: 2", "only in float: 1", "only in integer: 2"]
    assert raster.get_xlabel() == "time step"


def test_rasters_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="same number of time steps"):
        spike_raster({"a": np.zeros((5, 3)), "b": np.zeros((4, 3))})
    with pytest.raises(ValueError, match="needs populations"):
        spike_raster({})
    with pytest.raises(ValueError, match="same populations in the same shapes"):
        spike_difference({"a": np.zeros((5, 3))}, {"a": np.zeros((5, 2))})


def test_membrane_traces_hold_every_run_and_threshold():
    runs = {"float": RNG.random((20, 2)), "integer": RNG.random((20, 2))}
    figure = membrane_traces(runs, ["n 3", "n 7"], threshold=[1.0, 2.0], dt=5e-4, unit="mV")
    assert len(figure.axes) == 2
    for index, axes in enumerate(figure.axes):
        drawn = {line.get_label(): line.get_ydata() for line in axes.lines}
        assert np.array_equal(drawn["float"], runs["float"][:, index])
        assert np.array_equal(drawn["integer"], runs["integer"][:, index])
        assert set(drawn["threshold"]) == {index + 1.0}
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["n 3", "n 7"]
    assert labels(figure) == ["float", "integer", "threshold"]
    assert figure.get_supylabel() == "membrane potential (mV)"
    assert figure.axes[-1].get_xlabel() == "time step (one step is 500 µs)"


def test_membrane_traces_point_at_a_step_and_show_the_spikes():
    runs = {"float": RNG.random((20, 1)), "integer": RNG.random((20, 1))}
    spikes = {"float": np.eye(20, 1, -3, bool), "integer": np.eye(20, 1, -5, bool)}
    figure = membrane_traces(runs, ["n"], begin=100, mark=105, spikes=spikes)
    drawn = {line.get_label(): line for line in figure.axes[0].lines}
    assert drawn["float"].get_xdata().tolist() == list(range(100, 120))
    assert drawn["first difference"].get_xdata() == [105, 105]
    marks = [line.get_xdata().tolist() for line in figure.axes[0].lines if line.get_marker() == "|"]
    assert marks == [[103], [105]]


def test_membrane_of_a_read_out_has_no_threshold():
    figure = membrane_traces({"float": np.zeros((3, 1))}, ["class 0"])
    assert labels(figure) == ["float"]
    with pytest.raises(ValueError, match="one shape"):
        membrane_traces({"float": np.zeros((3, 1))}, ["a", "b"])


def test_energy_per_layer_stacks_terms_under_a_whisker():
    terms = {"synapses": [1e-9, 2e-9], "updates": [3e-9, 0.0]}
    figure = energy_per_layer(["a", "b"], terms, low=[2e-9, 1e-9], high=[8e-9, 5e-9])
    axes = figure.axes[0]
    assert widths(axes) == pytest.approx([1, 2, 3, 0])
    assert [bar.get_x() for bar in axes.patches] == pytest.approx([0, 0, 1, 2])
    (whiskers,) = axes.collections
    assert [sorted(s[:, 0]) for s in whiskers.get_segments()] == [pytest.approx([2, 8]), pytest.approx([1, 5])]
    assert axes.get_xlabel().startswith("energy per inference (nJ)")
    assert [t.get_text() for t in axes.get_yticklabels()] == ["a", "b"]
    assert [t.get_text() for t in axes.texts] == ["4 nJ", "2 nJ"]
    assert labels(figure) == ["synapses", "updates"]


def test_energy_of_devices_is_logarithmic_and_survives_a_band_from_zero(tmp_path):
    figure = energy_of_devices(["chip", "gpu"], [2e-6, 3e-3], low=[0.0, 1e-3], high=[9e-6, 9e-3])
    axes = figure.axes[0]
    assert axes.get_xscale() == "log"
    assert next(line for line in axes.lines if line.get_marker() == "o").get_xdata().tolist() == [2e-6, 3e-3]
    chip, gpu = (sorted(s[:, 0]) for s in axes.collections[0].get_segments())
    assert gpu == pytest.approx([1e-3, 9e-3])
    assert chip[0] < axes.get_xlim()[0]
    assert chip[1] == pytest.approx(9e-6)
    save(figure, tmp_path / "d.png")


def test_energies_that_cannot_be_drawn_are_refused():
    with pytest.raises(ValueError, match="one value per name"):
        energy_per_layer(["a"], {"t": [1.0, 2.0]}, [1.0], [1.0])
    with pytest.raises(ValueError, match="at least one term"):
        energy_per_layer(["a"], {}, [1.0], [1.0])
    with pytest.raises(ValueError, match="above zero"):
        energy_of_devices(["a"], [0.0], [0.0], [1.0])


def test_agreement_bars_and_their_labels():
    figure = agreement_bars(["a", "b"], {"float → loihi": [1.0, 0.5], "loihi → lava": [0.99999, float("nan")]})
    axes = figure.axes[0]
    assert np.nan_to_num(widths(axes)).tolist() == pytest.approx([1, 0.5, 0.99999, 0])
    assert [t.get_text() for t in axes.texts] == ["1", "0.5000", "0.9999", "not compared"]
    assert labels(figure) == ["float → loihi", "loihi → lava"]
    with pytest.raises(ValueError, match="between 0 and 1"):
        agreement_bars(["a"], {"p": [1.1]})
    with pytest.raises(ValueError, match="one similarity per layer"):
        agreement_bars(["a"], {"p": [1.0, 1.0]})


def test_only_full_agreement_reads_1():
    assert similarity(1.0) == "1"
    assert similarity(1 - 1e-12) == "0.9999"
    assert similarity(0.57) == "0.5700"


@pytest.mark.parametrize(
    ("top", "expected"), [(3e-7, (1e-9, "n")), (2.0, (1.0, "")), (0.0, (1e-12, "p")), (1e-6, (1e-6, "µ"))]
)
def test_common_prefix(top, expected):
    assert si_scale([top, top / 1000]) == expected


def test_palette_has_no_doubles():
    assert len(set(PALETTE)) == len(PALETTE)


def test_saved_file_is_a_png_of_the_common_width(tmp_path):
    path = tmp_path / "f.png"
    figure = agreement_bars(["a"], {"p": [1.0]})
    save(figure, path)
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(data[16:20], "big") == WIDTH
    assert data[-8:-4] == b"IEND"
    assert figure.axes == []
    assert list(tmp_path.iterdir()) == [path]


def test_unknown_format_is_refused_and_leaves_the_old_file(tmp_path):
    path = tmp_path / "f.xyz"
    path.write_text("old")
    with pytest.raises(UsageError, match=r"cannot write a figure as .xyz"):
        save(agreement_bars(["a"], {"p": [1.0]}), path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_figure_has_the_mode_that_is_usual(tmp_path):
    before = os.umask(0o022)
    try:
        save(agreement_bars(["a"], {"p": [1.0]}), tmp_path / "f.png")
    finally:
        os.umask(before)
    assert (tmp_path / "f.png").stat().st_mode & 0o777 == 0o644


def test_a_figure_in_a_missing_folder_is_named(tmp_path):
    path = tmp_path / "no" / "f.png"
    with pytest.raises(UsageError, match=f"{path} cannot be written: No such file"):
        save(agreement_bars(["a"], {"p": [1.0]}), path)


def test_runs_without_any_spike_are_drawn_without_a_warning(tmp_path, recwarn):
    silent = {"layer": np.zeros((20, 64), bool), "other": np.zeros((20, 8), bool)}
    save(spike_difference(silent, silent, ("float", "loihi"), 1e-3, "Nothing"), tmp_path / "silent.png")
    assert not recwarn.list

"""The second opinion: the real SANA-FE where it is installed, and what is said where it is not."""

from __future__ import annotations

import json
from importlib.util import find_spec

import numpy as np
import pytest

from neurotool.chips import load_chip
from neurotool.chips.memory import Storage
from neurotool.chips.wiring import tiles
from neurotool.energy import SpikingWork
from neurotool.energy.activity import read_activity
from neurotool.energy.crosscheck import cross_check
from neurotool.energy.crosscheck.export import export_job
from neurotool.errors import BackendMissingError, UnsupportedError, UsageError
from neurotool.ir.program import ChipProgram, Convolution, InputPort, Population, Projection
from neurotool.ir.trace import Trace
from neurotool.passes.place import place

LOIHI = load_chip("loihi1")
needs_sanafe = pytest.mark.skipif(find_spec("sanafe") is None, reason="SANA-FE is not installed (pip install sanafe)")


def small_cores(neurons=20):
    limit = LOIHI.limits.neurons_per_core.model_copy(update={"value": neurons})
    return LOIHI.model_copy(update={"limits": LOIHI.limits.model_copy(update={"neurons_per_core": limit})})


def spread_work(chip, seed=0):
    """An image, a convolution and a recurrent layer over many cores, with random weights, zeros among them."""
    rng = np.random.default_rng(seed)
    sizes = {"in": (2, 8, 8), "conv": (3, 8, 8), "dense": (50,)}
    kernel = 2 * rng.integers(-3, 4, (3, 2, 3, 3))
    program = ChipProgram(
        1e-3,
        {"in": InputPort("in", sizes["in"])},
        {name: Population(name, "lif", sizes[name], {}, start, 1.0) for name, start in (("conv", 1), ("dense", 2))},
        {
            "k": Projection("k", "in", "conv", kernel, connectivity=Convolution(padding=(1, 1))),
            "w": Projection("w", "conv", "dense", 2 * rng.integers(-2, 3, (50, 192))),
            "r": Projection("r", "dense", "dense", 2 * rng.integers(-1, 2, (50, 50))),
        },
        (),
    )
    spikes = {name: rng.random((6, 2, *shape)) < 0.2 for name, shape in sizes.items()}
    trace = Trace("loihi", 1e-3, 6, spikes, {}, {}, {"conv": 1, "dense": 2}, 0.0)
    return SpikingWork("spiking-0", program, place(program, chip), trace)


@needs_sanafe
@pytest.mark.parametrize("neurons", [20, 1024])
def test_sana_fe_counts_the_same_spikes_synapses_messages_and_hops(neurons):
    chip = small_cores(neurons)
    work = spread_work(chip)
    assert (len(work.placement.cores) > 8) == (neurons == 20)
    found = cross_check(work, chip)
    exact = {row.quantity: (row.ours, row.theirs) for row in found.rows if row.exact}
    assert len(exact) == 5
    assert all(ours == pytest.approx(theirs, rel=1e-12) for ours, theirs in exact.values()), exact
    assert exact["synaptic operations"][0] > 1000
    energies = {row.quantity: row.ratio for row in found.rows if row.unit == "J"}
    # Its constants are among the sources of ours: only the forms of the lists and roundings differ.
    assert all(ratio == pytest.approx(1.0, abs=0.06) for ratio in energies.values()), energies
    assert json.loads(json.dumps(found.to_json()))["rows"][0]["sana_fe"] == exact["spikes of neurons"][1]


@pytest.mark.skipif(find_spec("sanafe") is not None, reason="SANA-FE is installed")
def test_without_sana_fe_the_command_that_brings_it_is_given(work):
    with pytest.raises(BackendMissingError, match="not installed") as refused:
        cross_check(work, LOIHI)
    assert "pip install sanafe" in (refused.value.hint or "")


def test_other_chips_are_not_described_by_sana_fe(work):
    with pytest.raises(UsageError, match="SANA-FE describes Loihi 1"):
        cross_check(work, load_chip("loihi2"))


def job_of(work, chip, folder):
    forms = {name: dict.fromkeys(range(128), Storage.SPARSE) for name in work.program.populations}
    export_job(folder, work.program, work.placement, read_activity(work.program, work.trace), forms, 9.0, chip)
    return json.loads((folder / "job.json").read_text()), np.load(folder / "job.npz")


def test_a_job_holds_every_neuron_on_its_core_every_synapse_and_every_spike(tmp_path):
    chip = small_cores()
    work = spread_work(chip)
    job, arrays = job_of(work, chip, tmp_path)
    program = work.program
    assert [(g["size"], g["input"]) for g in job["groups"]] == [(128, True), (192, False), (50, False)]
    assert job["steps"] == 6 + program.depth
    pairs = {e["source"] + e["target"]: len(arrays[e["pairs"]]) for e in job["edges"]}
    assert pairs["g1g2"] == np.count_nonzero(program.projections["w"].weights)
    assert pairs["g2g2"] == np.count_nonzero(program.projections["r"].weights)
    # Rows of tiles are numbered by us, columns by SANA-FE: its tile is column * rows + row.
    row, column, _ = tiles([(0, core) for core in range(len(work.placement.cores))], chip.mesh)
    held = {i: core.neurons for i, core in enumerate(work.placement.cores)}
    cores = np.concatenate([arrays["core1"], arrays["core2"]])
    for i, neurons in held.items():
        assert np.count_nonzero(cores == (column[i] * 4 + row[i]) * 4 + i % 4) == neurons
    for i in (1, 2):
        assert len({*zip(arrays[f"core{i}"], arrays[f"unit{i}"], strict=True)}) == job["groups"][i]["size"]


def test_a_network_for_several_chips_is_refused(tmp_path):
    chip = small_cores(1)
    with pytest.raises(UnsupportedError, match="one chip of 128 cores"):
        job_of(spread_work(chip), chip, tmp_path)

"""The engine against recordings that others made with Lava, lava-dl and a real Loihi 2.

The recordings are files of public projects. They are looked for in ``../shared/data`` beside the checkout, or in the
folder that NEUROTOOL_RECORDINGS names; without them these tests are skipped.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import ChipProgram, InputPort, Population, Projection
from neurotool.plugins import CONVERTERS, TARGETS, load

FOLDER = Path(os.environ.get("NEUROTOOL_RECORDINGS", Path(__file__).parents[2].parent / "shared" / "data"))


def recording(name: str) -> Path:
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"{path} is absent: a recording of another project")
    return path


def lif(name, n, start, **values) -> Population:
    known = {"bias_mant": 0, "bias_exp": 0} | values
    return Population(name, "lif", (n,), {k: np.full(n, v, np.int64) for k, v in known.items()}, start, scale=1.0)


def run(program, x, target="loihi", probes=()):
    return load(TARGETS, target).run_program(program, {"in": x}, RunOptions(probes=probes))


def test_a_dense_layer_of_lava_dl_over_2000_steps():
    folder = recording("lava_dl/dense")
    spikes, weights, expected = (np.load(folder / f"{name}.npy") for name in ("in", "weight", "out"))
    program = ChipProgram(
        1e-3,
        {"in": InputPort("in", (200,))},
        {"out": lif("out", 256, 1, vth=6, du=4095, dv=415)},
        {"w": Projection("w", "in", "out", weights)},
        (),
    )
    # The recording has the one step of the connection in it; our rows are aligned with the input.
    ours = run(program, spikes.T[:, None].astype(bool)).spikes["out"][:, 0].T
    assert expected.sum() > 1000
    np.testing.assert_array_equal(ours[:, :-1], expected[:, 1:].astype(bool))


def test_one_neuron_on_a_real_loihi_2():
    """The NIR paper's neuron: τ = 25 steps, threshold 2.5 inputs. The chip reads 128 in the step of a spike, not 0."""
    simulated, chip = (
        np.loadtxt(recording(f"nir_paper/lif_{name}.csv"), delimiter=",")
        for name in ("lava_cpu_fixed", "lava_loihi_fixed")
    )
    program = ChipProgram(
        1e-4,
        {"in": InputPort("in", (1,))},
        {"out": lif("out", 1, 1, vth=25, du=4095, dv=163)},  # 163: the script truncates 0.04 * 4095
        {"w": Projection("w", "in", "out", np.array([[10]]))},
        (),
    )
    trace = run(program, simulated[:, 0].astype(bool).reshape(-1, 1, 1), probes=("v",))
    v, spikes = trace.states["out"]["v"].reshape(-1)[:-1], trace.spikes["out"].reshape(-1)[:-1]
    np.testing.assert_array_equal(v, simulated[1:, 1])
    np.testing.assert_array_equal(spikes, simulated[1:, 2].astype(bool))
    np.testing.assert_array_equal(np.where(spikes, 128, v), chip[1:, 1])
    np.testing.assert_array_equal(spikes, chip[1:, 2].astype(bool))
    assert spikes.sum() == 4


def test_a_file_of_norse_gives_norses_spikes():
    from neurotool.ir.adapters import SourceOptions
    from neurotool.passes.discretise import discretise

    path = recording("nir_paper/lif_norse.nir")
    recorded = np.loadtxt(recording("nir_paper/lif_norse.csv"), delimiter=",")
    graph = discretise(
        load(CONVERTERS, "nir").load(str(path), SourceOptions(dt=1e-4, example=np.full((1, 1, 1), 0.5))).graph
    )
    x = recorded[:, 0].reshape(-1, 1, 1).astype(np.float32)
    trace = load(TARGETS, "gpu").run_graph(graph, {graph.inputs[0]: x}, RunOptions())
    (population,) = graph.neurons
    np.testing.assert_array_equal(trace.spikes[population].reshape(-1), recorded[:, -1].astype(bool))

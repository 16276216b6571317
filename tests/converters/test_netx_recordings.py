"""NetX files against recordings that others made with lava-dl; see ``tests/conformance/test_recordings.py``."""

from __future__ import annotations

import os
from pathlib import Path

import net_files as net
import numpy as np
import pytest

from neurotool.converters.netx.read import read_net
from neurotool.converters.netx.write import write_net
from neurotool.ir.adapters import RunOptions
from neurotool.plugins import TARGETS, load

FOLDER = Path(os.environ.get("NEUROTOOL_RECORDINGS", Path(__file__).parents[2].parent / "shared" / "data"))


def recording(name: str) -> Path:
    path = FOLDER / "lava_dl" / name
    if not path.exists():
        pytest.skip(f"{path} is absent: a recording of another project")
    return path


def run(program, x, probes=(), target="loihi-reference"):
    return load(TARGETS, target).run_program(program, {"input": x[:, None]}, RunOptions(probes=probes))


@pytest.mark.parametrize("rewritten", [False, True])
def test_a_convolutional_network_with_its_input_layer(tmp_path, rewritten):
    folder, path = recording("tinynet"), recording("tiny.net")
    program = read_net(path)
    if rewritten:
        write_net(program, tmp_path / "tiny.net")
        program = read_net(tmp_path / "tiny.net")
    frame = np.load(folder / "input_bias.npy").transpose(2, 1, 0).astype(np.int32)  # from (columns, rows, channels)
    trace = run(program, np.repeat(frame[None], 17, axis=0), ("u",))
    found = dict(zip(("input", "layer1", "output"), list(program.populations), strict=True))
    for name, population in found.items():
        expected = np.load(folder / f"{name}.npy")[0]
        assert expected.sum() > 50
        # (channels, rows, columns, time), with one empty step in front.
        ours = np.moveaxis(trace.spikes[population][:, 0], 0, -1)
        np.testing.assert_array_equal(ours[..., :15], expected[..., 1:].astype(bool))
    current = np.load(folder / "current.npy")[0].astype(int) << 6
    ours = np.moveaxis(trace.states[found["layer1"]]["u"][:, 0], 0, -1)
    np.testing.assert_array_equal(ours[..., :15], current[..., 1:])


def test_a_dense_layer_over_2000_steps(tmp_path):
    folder = recording("dense")
    spikes, weights, expected = (np.load(folder / f"{name}.npy") for name in ("in", "weight", "out"))
    neuron = net.cuba(iDecay=4096, vDecay=415, vThMant=6)
    program = read_net(net.save(tmp_path / "dense.net", net.source(200), net.dense(weights, neuron)))
    ours = run(program, spikes.T.astype(bool), target="loihi").spikes["layer1"][:, 0].T
    assert expected.sum() > 1000
    np.testing.assert_array_equal(ours[:, :-1], expected[:, 1:].astype(bool))


def test_a_layer_of_resonators_over_2000_steps(tmp_path):
    """Decay 0.05 and period 11; the recording was made from them, not from a file."""
    folder = recording("complex_dense")
    spikes, real, imag, expected = (np.load(folder / f"{name}.npy") for name in ("in", "weight_r", "weight_img", "out"))
    sine, cosine = (int(0.95 * part(2 * np.pi / 11) * 4096) for part in (np.sin, np.cos))
    layer = net.complex_dense(real, imag, net.resonator(sinDecay=sine + 0.5, cosDecay=cosine + 0.5))
    program = read_net(net.save(tmp_path / "complex.net", net.source(200), layer))
    ours = run(program, spikes.T.astype(bool)).spikes["layer1"][:, 0].T
    assert expected.sum() > 1000
    np.testing.assert_array_equal(ours[:, :-1], expected[:, 1:].astype(bool))

"""Small models of every supported shape, taken from torch to Lava: all forms agree, or the refusal says why."""

from __future__ import annotations

import numpy as np
import pytest

MODELS = '''
import norse.torch as n, torch
from torch import nn

torch.manual_seed(0)

def lif(threshold=0.3, **values):
    return n.LIFParameters(v_th=torch.tensor(threshold), **{k: torch.tensor(v) for k, v in values.items()})

def readout():
    return n.SequentialState(n.Lift(nn.Linear(8, 6)), n.LIF(lif()), n.Lift(nn.Linear(6, 3)), n.LI())

def cells():
    return n.SequentialState(nn.Linear(8, 6), n.LIFCell(lif()), nn.Linear(6, 3), n.LICell())

def resets():
    return n.SequentialState(n.Lift(nn.Linear(8, 6)), n.LIF(lif(v_reset=-0.1, v_leak=-0.1)), n.Lift(nn.Linear(6, 3)),
                             n.LI(n.LIParameters(v_leak=torch.tensor(0.2))))

def boxes():
    return n.SequentialState(nn.Flatten(2), n.Lift(nn.Linear(8, 6)), n.IAF(n.IAFParameters(v_th=torch.tensor(0.5))),
                             n.Lift(nn.Linear(6, 3)), n.Lift(n.LIBoxCell()))

class Front(nn.Module):
    """A dense layer in front of the neurons: its values enter the chip as graded spikes."""
    def __init__(self):
        super().__init__()
        self.pre = nn.Sequential(nn.Linear(8, 5), nn.ReLU())
        self.body = n.SequentialState(n.Lift(nn.Linear(5, 6)), n.LIF(lif(0.2)))
        self.head = nn.Linear(6, 3)
    def forward(self, x):
        z, _ = self.body(self.pre(x))
        return self.head(z.sum(0))

class Middle(nn.Module):
    """A normalisation between two spiking parts."""
    def __init__(self):
        super().__init__()
        self.a = n.SequentialState(n.Lift(nn.Linear(8, 6)), n.LIF(lif()))
        self.norm = nn.LayerNorm(6)
        self.b = n.SequentialState(n.Lift(nn.Linear(6, 3)), n.LIF(lif(0.2)))
    def forward(self, x):
        z, _ = self.a(x)
        q, _ = self.b(self.norm(z))
        return q.mean(0)

class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.gain = readout(), nn.Parameter(torch.rand(8))
    def forward(self, x):
        return self.body(x * self.gain * 2.0)[0]

class Direct(nn.Module):
    """Spikes into neurons without a synapse in between."""
    def __init__(self):
        super().__init__()
        self.lif, self.head = n.LIF(lif(0.05)), nn.Linear(8, 3)
    def forward(self, x):
        return self.head(self.lif(x)[0].mean(0))

def silent():
    model = readout()
    model[0].lifted_module.weight.data.zero_()
    return model

def start():
    return n.SequentialState(n.Lift(nn.Linear(8, 6)), n.LIF(lif(v_leak=0.1)))

def dense():
    return nn.Sequential(nn.Linear(8, 3), nn.ReLU())

# Instances, since a factory that draws new weights would be another model when it is verified.
nets = [readout, cells, resets, boxes, Front, Middle, Scaled, Direct, silent, start, dense]
globals().update({f"net_{make.__name__}": make() for make in nets})
'''


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    (folder / "odd_models.py").write_text(MODELS)
    rng = np.random.default_rng(0)
    np.savez(folder / "spikes.npz", x=rng.random((15, 9, 8)) < 0.4)
    np.savez(folder / "image.npz", x=rng.random((15, 9, 2, 4)) < 0.4)
    np.savez(folder / "floats.npz", x=rng.random((9, 8)).astype(np.float32))
    np.savez(folder / "grey.npz", x=rng.integers(0, 17, (9, 8)))
    return folder


@pytest.mark.lava
@pytest.mark.parametrize(
    ("name", "data", "coding"),
    [
        ("readout", "spikes", ()),
        ("cells", "spikes", ()),
        ("resets", "spikes", ()),
        ("boxes", "image", ()),
        ("Front", "spikes", ()),
        ("Middle", "spikes", ()),
        ("Scaled", "spikes", ()),
        ("Direct", "spikes", ()),
        ("silent", "spikes", ()),
        ("dense", "spikes", ()),
        ("readout", "floats", ("graded", 10)),
        ("readout", "grey", ("graded", 10)),
        ("readout", "floats", ("constant", 10)),
        ("readout", "floats", ("rate", 10)),
    ],
)
def test_all_forms_agree(neurotool, models, monkeypatch, tmp_path, name, data, coding):
    monkeypatch.chdir(models)
    out, file = tmp_path / "bundle", models / f"{data}.npz"
    options = ("--encode", coding[0], "--steps", coding[1]) if coding else ()
    converted = neurotool("convert", f"odd_models:net_{name}", "--calib", file, *options, "-o", out)
    assert converted.code == 0, converted.err
    done = neurotool("--json", "verify", out, "--input", file)
    assert done.code == 0, done.out + done.err
    pairs = {(p["a"], p["b"]): p for p in done.json["data"]["pairs"]}
    assert pairs["source", "float"]["differing"] == 0
    assert pairs["loihi", "lava"]["differing"] == 0
    outputs = pairs["float", "loihi"]["outputs"].values()
    assert outputs and all(o["rmse"] < 0.1 for o in outputs)
    assert neurotool("estimate-energy", out, "--input", file, "--no-plot").code == 0


def test_a_start_off_the_reset_value_is_refused(neurotool, models, monkeypatch, tmp_path):
    monkeypatch.chdir(models)
    done = neurotool("convert", "odd_models:net_start", "--calib", models / "spikes.npz", "-o", tmp_path / "bundle")
    assert (done.code, "NT-QUANT-003" in done.err) == (3, True)
    assert not (tmp_path / "bundle").exists()


def test_floats_onto_the_chip_need_calibration_data(neurotool, models, monkeypatch, tmp_path):
    monkeypatch.chdir(models)
    (models / "odd_front.py").write_text(
        "import torch\nfrom odd_models import Front\nnet = Front()\nnet.example_input = torch.zeros(15, 2, 8)\n"
    )
    done = neurotool("convert", "odd_front:net", "-o", tmp_path / "bundle")
    assert (done.code, "NT-QUANT-006" in done.err, "--calib" in done.err) == (3, True, True)


@pytest.fixture
def graded(neurotool, models, monkeypatch, tmp_path):
    monkeypatch.chdir(models)
    options = ("--calib", models / "grey.npz", "--encode", "graded", "--steps", "10")
    assert neurotool("convert", "odd_models:net_readout", *options, "-o", tmp_path / "bundle").code == 0
    return tmp_path / "bundle"


def test_values_beyond_the_range_of_a_port_are_reported(neurotool, graded, tmp_path):
    np.savez(tmp_path / "large.npz", x=np.full((10, 2, 8), 1000))
    done = neurotool("run", graded, "--input", tmp_path / "large.npz", "--encode", "constant", "--steps", "10")
    assert done.code == 2, "constant is for samples without a time axis"
    np.savez(tmp_path / "large.npz", x=np.full((2, 8), 1000))
    command = ("run", graded, "--input", tmp_path / "large.npz")
    done = neurotool("--json", *command)
    assert done.code == 0
    assert done.json["data"]["notes"] == ["input 'input_tensor': 160 of 160 values exceed ±127 and were clipped"]
    strict = neurotool(*command, "--strict")
    assert (strict.code, "were clipped" in strict.err) == (1, True)


def test_a_factory_that_draws_its_weights_is_the_same_model_when_it_is_verified(
    neurotool, models, monkeypatch, tmp_path
):
    monkeypatch.chdir(models)
    options = ("--calib", models / "spikes.npz", "--seed", "7")
    assert neurotool("convert", "odd_models:readout", *options, "-o", tmp_path / "bundle").code == 0
    command = ("verify", tmp_path / "bundle", "--input", models / "spikes.npz", "--against", "source,float,loihi")
    assert neurotool(*command).code == 0


def test_a_dense_part_is_exported_from_the_models_own_example(neurotool, models, monkeypatch, tmp_path):
    monkeypatch.chdir(models)
    (models / "odd_example.py").write_text(
        "import torch\nfrom odd_models import Direct\nnet = Direct()\nnet.example_input = torch.zeros(15, 2, 8)\n"
    )
    assert neurotool("convert", "odd_example:net", "-o", tmp_path / "bundle").code == 0
    command = ("verify", tmp_path / "bundle", "--input", models / "spikes.npz", "--against", "source,float,loihi")
    assert neurotool(*command).code == 0


def test_a_model_without_neurons_warns_that_nothing_runs_on_the_chip(neurotool, models, monkeypatch, tmp_path):
    monkeypatch.chdir(models)
    done = neurotool("convert", "odd_models:net_dense", "--calib", models / "spikes.npz", "-o", tmp_path / "bundle")
    assert (done.code, "NT-PART-007" in done.err) == (0, True)
    assert neurotool("estimate-energy", tmp_path / "bundle", "--input", models / "spikes.npz").code == 0


def test_another_number_of_steps_than_a_dense_part_was_made_for_is_refused(neurotool, models, monkeypatch, tmp_path):
    monkeypatch.chdir(models)
    options = ("--calib", models / "spikes.npz")
    assert neurotool("convert", "odd_models:net_Direct", *options, "-o", tmp_path / "bundle").code == 0
    np.savez(tmp_path / "short.npz", x=np.ones((5, 3, 8), bool))
    done = neurotool("run", tmp_path / "bundle", "--input", tmp_path / "short.npz")
    assert (done.code, "Traceback" in done.err) == (2, False), done.err

"""What torch makes of a raster over time is what it makes of it in the converted model, on either side."""

import warnings

import norse.torch as norse
import numpy as np
import pytest
import torch
from hybrids import NEURON
from torch import nn

from neurotool import data, pipeline
from neurotool.ir.bundle import Bundle
from neurotool.passes.boundaries import overtime

STEPS, SAMPLES = 12, 4


def unpacked(y):
    peak, _ = torch.max(y, 0)
    return peak


PICKS = {
    "max": lambda y: y.max(0)[0],
    "max unpacked": unpacked,
    "max of dim": lambda y: torch.max(y, dim=0)[0],
    "max by name": lambda y: y.max(0).values,
    "max times two": lambda y: y.max(0)[0] * 2,
    "min": lambda y: y.min(0)[0],
    "median": lambda y: y.median(0)[0],
    "mode": lambda y: torch.mode(y, 0)[0],
    "sort": lambda y: y.sort(0)[0][-1],
    "cummax": lambda y: y.cummax(0)[0][-1],
    "kthvalue": lambda y: torch.kthvalue(y, STEPS, 0)[0],
    "aminmax": lambda y: torch.aminmax(y, dim=0)[1],
    "topk": lambda y: y.topk(3, 0)[0].mean(0),
    "floor": lambda y: torch.div(y, 2, rounding_mode="floor").sum(0),
    "square": lambda y: (y * y).sum(0),
}
SUMS = {
    "mean": lambda y: y.mean(0),
    "sum": lambda y: y.sum(0),
    "last": lambda y: y[-1],
    "of some steps": lambda y: y[3:].mean(0),
    "weighted": lambda y: (torch.linspace(-1, 1, STEPS)[:, None, None] * y).sum(0),
    "by size": lambda y: y.sum(0) / y.shape[0],
    "unbind": lambda y: y.unbind(0)[3],
    "chunk": lambda y: y.chunk(3, 0)[1].sum(0),
}


class Model(nn.Module):
    """A spiking layer, perhaps a leaky read-out behind it, and what is made of its values over time."""

    def __init__(self, made, readout):
        super().__init__()
        torch.manual_seed(3)
        behind = [nn.Linear(10, 6), norse.LI()] if readout else []
        self.net = norse.SequentialState(nn.Linear(8, 10), norse.LIF(p=NEURON), *behind)
        self.made = made
        with torch.no_grad():
            for parameter in self.net.parameters():
                parameter.mul_(4.0)
        self.example_input = torch.zeros(STEPS, SAMPLES, 8)

    def forward(self, x):
        values, _ = self.net(x)
        return self.made(values)


def converted(made, readout, folder):
    model = Model(made, readout).eval()
    x = np.random.default_rng(0).random((STEPS, SAMPLES, 8)) < 0.4
    data.save(folder / "x.npz", x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the read-out of an untrained model says little
        pipeline.convert(model, folder / "bundle", pipeline.ConvertOptions(calib=folder / "x.npz"))
    with torch.no_grad():
        return model(torch.as_tensor(x).float()).numpy(), folder / "bundle", folder / "x.npz"


def leaving(bundle):
    boundaries = Bundle.open(bundle).manifest.boundaries
    return next(b.coding for b in boundaries if b.source.startswith("spiking") and b.target)


@pytest.mark.parametrize("readout", [False, True], ids=["spikes", "potentials"])
@pytest.mark.parametrize("name", [*PICKS, *SUMS])
def test_outputs_are_those_of_torch(name, readout, tmp_path):
    made = (PICKS | SUMS)[name]
    wanted, bundle, samples = converted(made, readout, tmp_path)
    assert wanted.any() or not readout
    assert (leaving(bundle) in ("raster", "membrane")) is (name in PICKS)
    (floating,) = pipeline.run(bundle, samples, target="gpu").outputs.values()
    np.testing.assert_allclose(floating, wanted, rtol=1e-4, atol=1e-5)
    engine = pipeline.run(bundle, samples, target="loihi")
    (trace,) = engine.traces.values()
    (raster,) = trace.outputs.values()
    (given,) = engine.outputs.values()
    np.testing.assert_allclose(given, made(torch.as_tensor(raster).float()).numpy(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("values", [1, 300])
def test_weights_are_found_some_steps_at_a_time(values, tmp_path, monkeypatch):
    monkeypatch.setattr(overtime, "PROBED_VALUES", values)  # a step, and three of the twelve steps of ten neurons
    _, bundle, _ = converted(SUMS["weighted"], False, tmp_path)
    (found,) = (b for b in Bundle.open(bundle).manifest.boundaries if b.coding == "weighted")
    np.testing.assert_allclose(found.weights, np.linspace(-1, 1, STEPS), atol=1e-6)

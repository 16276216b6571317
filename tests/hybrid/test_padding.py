"""Convolutions with another padding than as many zeros on both sides go all the way, on the chip or in torch."""

import norse.torch as norse
import numpy as np
import pytest
import torch
from hybrids import NEURON
from torch import nn

from neurotool import data, pipeline
from neurotool.ir.bundle import Bundle

LAYERS = {
    "even": (nn.Conv2d(2, 4, (2, 4), padding="same"), "spiking-0"),
    "circular": (nn.Conv2d(2, 4, 3, padding=(1, 2), padding_mode="circular"), "dense-0"),
}


class Model(nn.Module):
    """Spikes of a convolution."""

    def __init__(self, layer):
        super().__init__()
        self.net = norse.SequentialState(norse.Lift(layer), norse.LIF(p=NEURON))
        with torch.no_grad():
            layer.weight.normal_(0.2, 0.5, generator=torch.Generator().manual_seed(0))
        self.example_input = torch.zeros(6, 3, 2, 7, 9)

    def forward(self, x):
        return self.net(x)[0]


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("name", LAYERS)
def test_spikes_are_those_of_torch(name, tmp_path):
    layer, place = LAYERS[name]
    model = Model(layer).eval()
    x = np.random.default_rng(0).random((6, 3, 2, 7, 9)) < 0.3
    data.save(tmp_path / "x.npz", x)
    pipeline.convert(model, tmp_path / "bundle", pipeline.ConvertOptions(calib=tmp_path / "x.npz"))
    assert Bundle.open(tmp_path / "bundle").manifest.parts[0].name == place
    with torch.no_grad():
        wanted = model(torch.as_tensor(x).float()).numpy()
    assert wanted.any()
    (found,) = pipeline.run(tmp_path / "bundle", tmp_path / "x.npz", target="gpu").outputs.values()
    np.testing.assert_array_equal(found, wanted)
    proof = pipeline.verify(tmp_path / "bundle", tmp_path / "x.npz", against=("float", "loihi"), plot=False).certificate
    assert proof.passed
    assert not proof.bisection.wrong

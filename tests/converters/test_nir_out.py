"""NIR files that we write give the same spikes in Norse, read by its own importer."""

from __future__ import annotations

import nir
import norse.torch as norse
import numpy as np
import pytest
import torch
from norse.torch import IAFCell, IAFParameters, LIFBoxCell, LIFBoxParameters, Lift
from torch import nn

from neurotool import pipeline
from neurotool.converters.nir.write import write
from neurotool.converters.torch.load import from_module
from neurotool.ir.adapters import SourceOptions

DT, STEPS, BATCH = 1e-3, 30, 3


def leaky(tau_inv=300.0, threshold=0.4):
    return Lift(LIFBoxCell(LIFBoxParameters(tau_mem_inv=torch.tensor(tau_inv), v_th=torch.tensor(threshold)), dt=DT))


def integrating():
    return Lift(IAFCell(IAFParameters(v_th=torch.tensor(1.5)), dt=DT))


class Layers(nn.Module):
    """Synapses and neurons in turn; time comes first."""

    def __init__(self, *modules: nn.Module) -> None:
        super().__init__()
        self.layers = nn.ModuleList(modules)
        for synapses in self.layers[::2]:
            for parameter in synapses.parameters():
                parameter.data.mul_(5.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for synapses, neurons in zip(self.layers[::2], self.layers[1::2], strict=True):
            x, _ = neurons(synapses(x))
        return x


def in_norse(path, x):
    """Spikes of a file in Norse, by its own importer, step by step."""
    network, state, steps = norse.from_nir(nir.read(path), dt=DT), None, []
    with torch.no_grad():
        for values in x:
            spikes, state = network(values, state)
            steps.append(spikes)
    return torch.stack(steps)


NETWORKS = {
    "dense": (lambda: Layers(nn.Linear(6, 8), leaky(), nn.Linear(8, 4), leaky(200.0, 0.3)), (6,)),
    "no bias": (lambda: Layers(nn.Linear(6, 8, bias=False), leaky()), (6,)),
    "integrators": (lambda: Layers(nn.Linear(6, 8), integrating(), nn.Linear(8, 4), leaky()), (6,)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_norse_reads_what_we_write_to_the_same_spikes(name, tmp_path):
    torch.manual_seed(0)
    make, shape = NETWORKS[name]
    module = make().eval()
    x = (torch.rand(STEPS, BATCH, *shape) < 0.4).float()
    write(from_module(module, "m", SourceOptions(example=x.numpy())).graph, tmp_path / "m.nir")
    with torch.no_grad():
        wanted = module(x)
    assert 0.02 < float(wanted.mean()) < 0.9
    assert torch.equal(in_norse(tmp_path / "m.nir", x), wanted)


def test_the_part_of_a_bundle_that_is_exported_is_what_norse_runs(tmp_path, neurotool):
    torch.manual_seed(0)
    module = Layers(nn.Linear(6, 8, bias=False), leaky(), nn.Linear(8, 4, bias=False), leaky()).eval()
    x = (torch.rand(STEPS, BATCH, 6) < 0.4).float()
    np.savez(tmp_path / "x.npz", x=x.numpy() > 0)
    pipeline.convert(module, tmp_path / "b", pipeline.ConvertOptions(calib=tmp_path / "x.npz"))
    done = neurotool("--json", "export", tmp_path / "b", "--format", "nir", "-o", tmp_path / "out")
    assert done.code == 0, done.err
    (file,) = done.json["data"]["files"]
    with torch.no_grad():
        assert torch.equal(in_norse(file, x), module(x))

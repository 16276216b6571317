"""Models for the tracer, and what every traced graph must do: give what the module gives."""

from __future__ import annotations

import norse.torch as norse
import numpy as np
import pytest
import torch
from torch import nn

from neurotool.converters.torch.load import from_module
from neurotool.errors import UnsupportedError
from neurotool.ir.adapters import RunOptions, SourceOptions
from neurotool.passes.discretise import discretise
from neurotool.passes.fold import fold
from neurotool.targets.gpu import TARGET


def spikes(*shape, rate=0.4, seed=0):
    return (np.random.default_rng(seed).random(shape) < rate).astype(np.float32)


def values(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


class Cells(nn.Module):
    """Layers and cells for loops over time; tests bring the ``forward``."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.fc, self.lif = nn.Linear(4, 8), norse.LIFCell()
        self.rec, self.out, self.li = nn.Linear(8, 8, bias=False), nn.Linear(8, 3), norse.LICell()
        with torch.no_grad():
            self.fc.weight.mul_(6.0)
            self.rec.weight.mul_(3.0)


def looping(forward, **parts):
    """Make a model of ``Cells`` with a forward function and further parts."""
    made = type("Looping", (Cells,), {"forward": forward})()
    for name, part in parts.items():
        setattr(made, name, part)
    return made.eval()


def source(module, example, **options):
    return from_module(module.eval(), "model", SourceOptions(example=example, **options))


def refusals(module, example):
    with pytest.raises(UnsupportedError) as caught:
        source(module, example)
    assert all(d.fix for d in caught.value.diagnostics)
    return caught.value.diagnostics


def assert_graph_equals_module(module, example):
    """The float reference of the graph, also after folding, gives the spikes and outputs of the module itself."""
    found = source(module, example)
    graph = discretise(found.graph)
    inputs = example if isinstance(example, dict) else {graph.inputs[0]: example}
    own = found.run(example)
    assert any(raster.any() for raster in own.spikes.values())
    for form in (graph, fold(graph)):
        trace = TARGET.run_graph(form, inputs, RunOptions())
        assert set(trace.outputs) == set(own.outputs)
        for name, expected in own.outputs.items():
            np.testing.assert_allclose(np.asarray(trace.outputs[name], np.float32), expected, rtol=1e-4, atol=1e-5)
        for name in graph.neurons:
            if name in own.spikes:
                np.testing.assert_array_equal(trace.spikes[name], own.spikes[name])
    return found.graph

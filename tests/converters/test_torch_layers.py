"""Convolutions, poolings and normalisations of torch become synapses with the same result."""

from __future__ import annotations

import norse.torch as norse
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from traced_models import assert_graph_equals_module, source, spikes, values

from neurotool.ir.values import ValueKind
from neurotool.passes.discretise import discretise
from neurotool.passes.fold import fold
from neurotool.passes.partition import partition

IMAGES = spikes(8, 3, 2, 8, 8)
ROWS = spikes(8, 3, 2, 10)


def settled(norm, seed=0):
    """Give a batch normalisation the statistics and parameters of a training."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        norm.running_mean.normal_(generator=generator)
        norm.running_var.uniform_(0.05, 0.5, generator=generator)
        if norm.weight is not None:
            norm.weight.uniform_(0.5, 2.0, generator=generator)
            norm.bias.normal_(generator=generator)
    return norm


def cells(*layers):
    torch.manual_seed(0)
    return norse.SequentialState(*layers)


def types(graph):
    return [n.type_name for n in graph.nodes.values()]


def test_a_convolutional_network_of_cells():
    module = cells(
        nn.Conv2d(2, 4, 3, padding=1, bias=False), settled(nn.BatchNorm2d(4)), norse.LIFCell(), nn.AvgPool2d(2),
        nn.Conv2d(4, 6, 3, stride=2, groups=2), norse.LIFBoxCell(), nn.Flatten(), nn.Dropout(), nn.Linear(6, 5),
        settled(nn.BatchNorm1d(5)), norse.LICell(),
    )  # fmt: skip
    with torch.no_grad():
        module[4].weight.mul_(20)
    graph = assert_graph_equals_module(module, IMAGES)
    assert types(graph) == [
        "Input", "Conv2d", "torch.nn.BatchNorm2d", "CubaLIF", "AvgPool2d", "Conv2d", "LIF", "Flatten", "Affine",
        "torch.nn.BatchNorm1d", "CubaLI", "Output",
    ]  # fmt: skip
    assert {n.kind for n in graph.nodes.values()} == {ValueKind.SPIKES, ValueKind.CURRENT, ValueKind.FLOAT}
    cut = partition(fold(discretise(graph)))
    assert [p.name for p in cut.parts] == ["spiking-0"]
    reasons = {r.node: r.text for r in cut.reasons}
    assert reasons["0"] == "Conv2d synapses run on the chip; it holds 0 (Conv2d), 1 (BatchNorm2d)"


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(2, 4, (3, 1), stride=(1, 2), padding=(1, 0), dilation=(2, 1)),
        nn.Conv2d(2, 4, 3, padding="same"),
        nn.Conv2d(2, 4, (2, 4), padding="same"),
        nn.Conv2d(2, 4, (4, 3), padding="same", dilation=(3, 2), groups=2, bias=False),
        nn.Conv2d(2, 4, (2, 4), padding="valid"),
        nn.AvgPool2d(3, stride=2, padding=1),
        nn.AdaptiveAvgPool2d((2, 4)),
    ],
    ids=["uneven", "same", "even", "even and wide", "valid", "padded pool", "adaptive pool"],
)
def test_layers_of_images(layer):
    graph = assert_graph_equals_module(cells(layer, norse.IAFCell()), IMAGES * 3)
    assert types(graph)[1] in ("Conv2d", "AvgPool2d")


ROW_LAYERS = [nn.Conv1d(2, 4, 3, padding=1, dilation=2), nn.Conv1d(2, 4, 4, padding="same"), nn.AvgPool1d(2)]


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("layer", ROW_LAYERS, ids=["conv", "even", "pool"])
def test_layers_of_rows(layer):
    graph = assert_graph_equals_module(cells(layer, norse.IAFCell()), ROWS * 3)
    assert types(graph)[1] == "Conv1d"


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(2, 4, 3, padding=1, padding_mode="circular"),
        nn.AvgPool2d(3, padding=1, count_include_pad=False),
        nn.AvgPool2d(3, ceil_mode=True),
        nn.AdaptiveAvgPool2d(3),
        nn.MaxPool2d(2),
    ],
    ids=["circular", "border means", "ceil", "overlapping", "maximum"],
)
def test_layers_with_another_meaning_stay_in_torch(layer):
    graph = assert_graph_equals_module(cells(layer, norse.IAFCell()), IMAGES * 3)
    assert types(graph)[1].startswith("torch.nn.")


def test_layers_inside_lift_and_functions():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.convolve, self.neurons = norse.Lift(nn.Conv2d(2, 3, 3)), norse.LIF()
            self.weight = nn.Parameter(torch.randn(4, 108))

        def forward(self, x):
            z, _ = self.neurons(self.convolve(x) * 3)
            z = functional.dropout(z, 0.5, self.training).flatten(2)
            return functional.linear(z, self.weight).sum(0)

    torch.manual_seed(0)
    graph = assert_graph_equals_module(Model(), IMAGES)
    assert types(graph)[1:6] == ["Conv2d", "Scale", "CubaLIF", "Flatten", "Linear"]


def folded(*layers, example=IMAGES):
    """Fold a chain that ends at neurons, after comparing both forms with the module."""
    module = cells(*layers, norse.LIFBoxCell())
    graph = assert_graph_equals_module(module, example)
    return fold(discretise(graph))


@pytest.mark.parametrize("affine", [True, False])
def test_a_normalisation_goes_into_the_synapse_in_front_of_it(affine):
    layer, norm = nn.Conv2d(2, 4, 3), settled(nn.BatchNorm2d(4, affine=affine))
    graph = folded(layer, norm)
    assert types(graph) == ["Input", "Conv2d", "LIF", "Output"]
    scale = 1.0 / np.sqrt(norm.running_var.numpy() + norm.eps) * (norm.weight.detach().numpy() if affine else 1.0)
    shift = norm.bias.detach().numpy() if affine else 0.0
    expected = (layer.bias.detach().numpy() - norm.running_mean.numpy()) * scale + shift
    np.testing.assert_allclose(graph.nodes["0"].op.bias, expected, rtol=1e-5, atol=1e-6)
    assert graph.notes[-1] == "1 (BatchNorm2d) is folded into 0"


def test_a_pooling_takes_a_normalisation_up_as_a_convolution():
    graph = folded(nn.AvgPool2d(2), settled(nn.BatchNorm2d(2)), example=IMAGES * 4)
    assert types(graph) == ["Input", "Conv2d", "LIF", "Output"]
    assert graph.nodes["0"].op.weight.shape == (2, 1, 2, 2)


def test_a_normalisation_of_the_input_goes_into_the_layer_behind_it():
    dense = folded(settled(nn.BatchNorm1d(4)), nn.Linear(4, 6), example=spikes(8, 3, 4))
    grouped = folded(settled(nn.BatchNorm2d(2)), nn.Conv2d(2, 4, 3, groups=2), example=IMAGES)
    assert types(dense) == ["Input", "Affine", "LIF", "Output"]
    assert types(grouped) == ["Input", "Conv2d", "LIF", "Output"]


def test_padding_after_the_shift_keeps_a_normalisation_apart():
    graph = folded(settled(nn.BatchNorm2d(2)), nn.Conv2d(2, 4, 3, padding=1), example=IMAGES)
    assert types(graph) == ["Input", "Conv2d", "Conv2d", "LIF", "Output"]
    assert graph.notes[-1] == "0 (BatchNorm2d) is a synapse of its own"


def test_a_normalisation_that_something_else_hears_stays_dense():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm, self.neurons = norse.Lift(settled(nn.BatchNorm1d(4))), norse.LIF()

        def forward(self, x):
            y = self.norm(x)
            return self.neurons(y * 9)[0].sum(0) + y.sum(0)

    graph = fold(discretise(source(Model(), values(8, 3, 4)).graph))
    reasons = {r.node: r.rule for r in partition(graph).reasons}
    assert reasons["norm"] == "NT-PART-023"

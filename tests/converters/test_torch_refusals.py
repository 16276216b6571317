"""Ill-posed models are refused with rule, source line and rewrite, and nothing is left behind on the module."""

from __future__ import annotations

import inspect

import norse.torch as norse
import pytest
import torch
from torch import nn
from traced_models import assert_graph_equals_module, looping, refusals, spikes, values

from neurotool.converters.torch.load import from_module
from neurotool.errors import UsageError
from neurotool.ir.adapters import SourceOptions

SPIKES = spikes(9, 3, 4)


def line(function, text):
    rows, first = inspect.getsourcelines(function)
    return f"{__file__}:{first + next(i for i, row in enumerate(rows) if text in row)}"


def branch(self, x):
    state, outputs = None, []
    for t in range(9):
        z, state = self.lif(self.fc(x[t]), state)
        if z.sum() > 3:
            z = z * 0
        outputs.append(z)
    return torch.stack(outputs)


def number_of_a_tensor(self, x):
    return self.whole(self.fc(x) * int(x.sum()))[0]


def written_parts(self, x):
    state, raster = None, torch.zeros(9, x.shape[1], 8)
    for t in range(9):
        z, state = self.lif(self.fc(x[t]), state)
        raster[t] = z
    return raster


def written_constant(self, x):
    state, raster = None, torch.zeros(9, 2, 8)
    for t in range(9):
        z, state = self.lif(self.fc(x[t]), state)
        raster[t] = z
    return raster


def remembered(self, x):
    outputs = []
    for row in x:
        z, self.state = self.lif(self.fc(row), self.state)
        outputs.append(z)
    return torch.stack(outputs)


def remembered_buffer(self, x):
    self.mean = 0.9 * self.mean + self.fc(x).mean(0)
    return self.whole(self.fc(x))[0] + self.mean


@pytest.mark.parametrize(
    ("forward", "rule", "text"),
    [
        (branch, "NT-TORCH-002", "z.sum() > 3"),
        (number_of_a_tensor, "NT-TORCH-002", "int(x.sum())"),
        (written_parts, "NT-TORCH-011", "raster[t] = z"),
        (written_constant, "NT-TORCH-011", "raster[t] = z"),
        (remembered, "NT-TORCH-013", "self.state = "),
        (remembered_buffer, "NT-TORCH-013", "self.mean = "),
    ],
)
def test_a_refusal_names_the_line(forward, rule, text):
    module = looping(forward, whole=norse.LIF())
    module.state = None
    module.register_buffer("mean", torch.zeros(3, 8))
    (found,) = refusals(module, SPIKES)
    assert (found.rule, found.origin) == (rule, line(forward, text))
    assert text in found.found
    assert module.state is None
    assert torch.equal(module.mean, torch.zeros(3, 8))


def random(self, x):
    return self.whole(self.fc(x + torch.rand_like(x)))[0]


def by_batch(self, x):
    return self.whole(self.fc(x) * (2 if x.shape[1] > 2 else 1))[0]


def held_and_changed(self, x):
    state, total = None, self.fc(x[0]) * 0
    first = total
    for row in x:
        z, state = self.lif(self.fc(row), state)
        total += z
    return first + total


@pytest.mark.parametrize("forward", [random, by_batch, held_and_changed])
def test_a_model_that_differs_from_its_trace_is_refused(forward):
    (found,) = refusals(looping(forward, whole=norse.LIF()), SPIKES)
    assert found.rule == "NT-TORCH-015"


class Attention(nn.MultiheadAttention):
    def __init__(self):
        super().__init__(8, 2)
        self.gate = norse.LIF()

    def forward(self, x):
        return super().forward(self.gate(x)[0], x, x)[0]


def test_neurons_inside_attention_are_refused_beside_all_else():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention, self.lsnn = Attention(), norse.LSNN()
            self.block = nn.TransformerEncoderLayer(8, 2, 16, activation=norse.LIFBoxCell())

        def forward(self, x):
            y, _ = self.lsnn(self.block(self.attention(x)))
            return y if y.max() > 0 else x

    found = refusals(Model(), values(5, 3, 8))
    assert [(d.rule, d.node) for d in found] == [
        ("NT-TORCH-001", "lsnn"),
        ("NT-TORCH-012", "attention.gate"),
        ("NT-TORCH-012", "block.activation"),
        ("NT-TORCH-002", ""),
    ]
    assert "inside Attention" in found[1].message


def test_branches_on_sizes_are_no_refusal():
    def forward(self, x):
        if x.dim() == 3 and x.shape[-1] == 4 and len(x) > 1:
            x = self.fc(x)
        return self.whole(x)[0]

    assert_graph_equals_module(looping(forward, whole=norse.LIF()), SPIKES)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_parameter_that_is_no_number_is_named(value):
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    with torch.no_grad():
        model[1].weight[0, 1] = value
    (found,) = refusals(model, SPIKES)
    assert (found.rule, found.node, found.found) == ("NT-TORCH-016", "1.weight", "1")
    assert "1 of 6 values" in found.message


@pytest.mark.parametrize("kind", [torch.float64, torch.bfloat16])
def test_a_module_of_another_type_is_told_apart_from_a_wrong_shape(kind):
    model = nn.Sequential(nn.Linear(4, 3)).to(kind)
    with pytest.raises(UsageError) as error:
        from_module(model, "m", SourceOptions(example=SPIKES))
    name = str(kind).removeprefix("torch.")
    assert error.value.hint == f"samples are float32 and 0.weight is {name}: call .float() on the module"

"""Hybrid models of the shapes that the field uses: branches, residuals, attention over time, Tucker fusion."""

from __future__ import annotations

import norse.torch as norse
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from traced_models import Cells, assert_graph_equals_module, source, spikes, values

from neurotool.errors import UsageError
from neurotool.ir.values import TimeScope, ValueKind
from neurotool.passes.discretise import discretise
from neurotool.passes.fold import fold
from neurotool.passes.partition import partition


def spiking(inputs, outputs, gain=6.0):
    block = norse.SequentialState(norse.Lift(nn.Linear(inputs, outputs)), norse.LIF())
    with torch.no_grad():
        block[0].lifted_module.weight.mul_(gain)
    return block


def reasons(graph):
    return {r.node: r.rule for r in partition(fold(discretise(graph))).reasons}


class Fusion(nn.Module):
    """Two spiking branches, a transformer over their joined rasters, and a head for each modality."""

    input_axes = {"vision": "BT"}  # noqa: RUF012

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.hearing, self.sight = spiking(4, 8), spiking(6, 8)
        self.position = nn.Parameter(torch.randn(7, 1, 8))
        self.transformer = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2, enable_nested_tensor=False)
        self.heads = nn.ModuleDict({"event": nn.Linear(8, 3), "place": nn.Linear(8, 2)})
        self.example_inputs = {"sound": torch.zeros(7, 2, 4), "vision": torch.zeros(2, 7, 6)}

    def forward(self, sound, vision):
        a, _ = self.hearing(sound)
        v, _ = self.sight(vision.transpose(0, 1))
        tokens = self.transformer(torch.cat([a + self.position, v], 0)).mean(0)
        return {name: head(tokens) for name, head in self.heads.items()}


def test_two_branches_and_a_transformer():
    module = Fusion()
    data = {"sound": spikes(7, 3, 4), "vision": spikes(7, 3, 6, seed=1)}
    graph = assert_graph_equals_module(module, data)
    assert (graph.inputs, graph.outputs) == (("sound", "vision"), ("event", "place"))
    assert [e.source for e in graph.incoming("sight.0")] == ["vision"]  # both transpositions are gone
    assert graph.nodes["transformer"].scope is TimeScope.OVER_TIME
    assert reasons(graph)["transformer"] == "NT-PART-021"
    found = source(module, None)
    assert {name: value.shape for name, value in found.example.items()} == {"sound": (7, 2, 4), "vision": (7, 2, 6)}


def test_a_residual_around_a_spiking_middle():
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.encode, self.middle = nn.Linear(5, 8), spiking(8, 8, 12.0)
            self.norm, self.decode = nn.LayerNorm(8), nn.Linear(8, 3)

        def forward(self, x):
            h = torch.relu(self.encode(x))
            z, _ = self.middle(h)
            return self.decode(self.norm(h + z).mean(0))

    graph = assert_graph_equals_module(Residual(), values(7, 3, 5))
    assert {e.source for e in graph.incoming("add")} == {"relu", "middle.1"}
    found = reasons(graph)
    assert {n: found[n] for n in ("relu", "norm", "mean")} == {
        "relu": "NT-PART-024", "norm": "NT-PART-020", "mean": "NT-PART-001",
    }  # fmt: skip
    assert [p.name for p in partition(fold(discretise(graph))).parts] == ["dense-0", "spiking-0", "dense-1"]


class Branch(nn.Module):
    """Two spiking layers that hear the same vector in each of six steps."""

    def __init__(self, inputs, width):
        super().__init__()
        self.first, self.lif = nn.Linear(inputs, width), norse.LIFBoxCell()
        self.second, self.last = nn.Linear(width, width), norse.LIFCell()
        with torch.no_grad():
            self.first.weight.mul_(12)
            self.second.weight.mul_(9)

    def forward(self, x):
        one = two = None
        steps = []
        for _ in range(6):
            z, one = self.lif(self.first(x), one)
            z, two = self.last(self.second(z), two)
            steps.append(z)
        return torch.stack(steps, 1)


class Tucker(nn.Module):
    def __init__(self, width, rank):
        super().__init__()
        self.left, self.right = nn.Parameter(torch.randn(width, rank)), nn.Parameter(torch.randn(width, rank))
        self.core, self.out = nn.Parameter(torch.randn(rank, rank, rank)), nn.Linear(rank, width)

    def forward(self, a, b):
        return self.out(torch.einsum("bi,bj,ijk->bk", a @ self.left, b @ self.right, self.core))


class Skeleton(nn.Module):
    """All parts of a spiking Tucker fusion transformer, small and untrained."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.encoders = nn.ModuleDict(
            {n: nn.Sequential(nn.Linear(i, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2)) for n, i in SIZES.items()}
        )
        self.branches = nn.ModuleDict({n: Branch(i, 8) for n, i in SIZES.items()})
        self.fusions = nn.ModuleDict({n: Tucker(8, 3) for n in SIZES})
        self.bias = nn.Parameter(torch.randn(6))
        self.slots, self.prior = nn.Parameter(torch.randn(2, 8, 8)), nn.Parameter(torch.randn(8))
        self.share = nn.Parameter(torch.tensor(0.3))
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.joint = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=True, activation="gelu")
        self.heads = nn.ModuleDict({n: nn.Linear(8, 4) for n in SIZES})

    def weighted(self, steps):
        """Weighted sum over the steps, by their activity and a learned bias of each."""
        weights = torch.softmax(steps.sum(-1) / 8**0.5 + self.bias, -1)
        return (weights.unsqueeze(-1) * steps).sum(1)

    def knowledge(self, a, v):
        one, two = (sum(torch.sigmoid(x @ slot) * x for slot in self.slots) for x in (a, v))
        share = torch.sigmoid(self.share)
        shared = share * (one + two) + (1 - share) * self.prior
        tokens = torch.stack([one + shared, two + shared, shared], 1)
        mixed, _ = self.attention(tokens, tokens, tokens)
        mixed = functional.layer_norm(mixed + tokens, (8,))
        return mixed[:, 0], mixed[:, 1]

    def forward(self, audio, video):
        semantic = self.knowledge(self.encoders["audio"](audio), self.encoders["video"](video))
        fused = [
            self.fusions[name](part, self.weighted(self.branches[name](x)))
            for name, part, x in zip(SIZES, semantic, (audio, video), strict=True)
        ]
        tokens = self.joint(torch.stack(fused, 1))
        return {f"theta_{name}": self.heads[name](tokens[:, place]) for place, name in enumerate(SIZES)}


SIZES = {"audio": 12, "video": 10}


def test_the_skeleton_of_a_spiking_tucker_fusion_transformer():
    data = {"audio": values(4, 12), "video": values(4, 10, seed=1)}
    graph = assert_graph_equals_module(Skeleton(), data)
    assert (graph.inputs, graph.outputs) == (("audio", "video"), ("theta_audio", "theta_video"))
    assert {graph.nodes[n].kind for n in graph.inputs} == {ValueKind.FLOAT}
    assert not any(graph.nodes[n].timed for n in graph.inputs)
    assert graph.neurons == ("branches.audio.lif", "branches.audio.last", "branches.video.lif", "branches.video.last")
    cut = partition(fold(discretise(graph)))
    spiking_parts = [p.nodes for p in cut.parts if p.side == "spiking"]
    assert len(spiking_parts) == 2
    assert "branches.audio.second" in spiking_parts[0]
    rules = {r.node: r.rule for r in cut.reasons}
    assert (rules["einsum"], rules["attention"], rules["joint"]) == ("NT-PART-022", "NT-PART-021", "NT-PART-021")
    assert (rules["softmax"], rules["layer_norm"], rules["hold"]) == ("NT-PART-021", "NT-PART-020", "NT-PART-026")


def test_a_dictionary_of_inputs_is_taken_apart_by_its_keys():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.neurons = norse.LIF()

        def forward(self, batch):
            return self.neurons(batch["left"] * 40 + batch["right"] * 20)[0]

    graph = assert_graph_equals_module(Model(), {"left": spikes(7, 3, 4), "right": spikes(7, 3, 4, seed=1)})
    assert graph.inputs == ("left", "right")
    assert [e.source for e in graph.incoming("neurons")] == ["mul", "mul_1"]


def test_blocks_without_neurons_that_cannot_be_traced_stay_whole():
    class Foreign(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.full((8,), 2.0))

        def forward(self, x):
            if not isinstance(x, torch.Tensor):
                raise TypeError("this block takes tensors only")
            return x * self.scale

    class Model(Cells):
        def __init__(self):
            super().__init__()
            self.block, self.neurons = Foreign(), norse.LIF()

        def forward(self, x):
            return self.block(self.neurons(self.fc(x))[0].mean(0))

    graph = assert_graph_equals_module(Model(), spikes(7, 3, 4))
    assert graph.nodes["block"].type_name.endswith("Foreign")


def test_a_module_class_may_ask_to_stay_whole():
    class Whole(nn.Module):
        neurotool_whole = True
        dense_because = "a median is dense"

        def forward(self, x):
            return x.median(-1, keepdim=True).values

    class Model(Cells):
        def __init__(self):
            super().__init__()
            self.middle, self.neurons = Whole(), norse.LIF()

        def forward(self, x):
            return self.middle(self.neurons(self.fc(x))[0].sum(0))

    graph = assert_graph_equals_module(Model(), spikes(7, 3, 4, rate=0.9))
    (reason,) = [r for r in partition(fold(discretise(graph))).reasons if r.node == "middle"]
    assert (reason.rule, reason.text) == ("NT-PART-001", "a median is dense")


@pytest.mark.parametrize(
    ("examples", "message"),
    [
        ({"sound": np.zeros((7, 2, 4))}, "input 'vision' has no example"),
        ({"sound": np.zeros((7, 2, 4)), "sight": np.zeros((7, 2, 6))}, "input 'vision' has no example"),
        ((np.zeros((7, 2, 4)),) * 3, "3 examples for the arguments sound, vision"),
        ({"sound": np.zeros((7, 2, 4)), "vision": np.zeros((7, 0, 6))}, r"the example of vision has shape \[7, 0, 6\]"),
    ],
)
def test_examples_must_fit_the_arguments(examples, message):
    with pytest.raises(UsageError, match=message):
        source(Fusion(), examples)


def test_axes_must_be_known_ones():
    module = Fusion()
    module.input_axes = {"vision": "TBX"}
    with pytest.raises(UsageError, match="input_axes has vision: 'TBX'"):
        source(module, None)

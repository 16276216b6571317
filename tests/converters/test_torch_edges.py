"""Models that are easy to get wrong: each runs as its author meant it, or is refused with a reason."""

from __future__ import annotations

import norse.torch as norse
import numpy as np
import pytest
import torch
from torch import nn

from neurotool.converters.torch.load import from_module
from neurotool.errors import UnsupportedError
from neurotool.ir.adapters import RunOptions, SourceOptions
from neurotool.ir.values import TimeScope, ValueKind
from neurotool.passes.discretise import discretise
from neurotool.targets.gpu import TARGET

SPIKES = (np.random.default_rng(0).random((12, 3, 4)) < 0.5).astype(np.float32)


def model(forward, **parts):
    """Make a module of parts and a forward function."""
    torch.manual_seed(1)
    kind = type("Model", (nn.Module,), {"forward": forward})
    made = kind()
    for name, part in parts.items():
        setattr(made, name, part)
    for layer in made.modules():
        if isinstance(layer, nn.Linear):
            with torch.no_grad():
                layer.weight.mul_(6.0)  # enough to make the neurons fire
    return made.eval()


def source(module, example=SPIKES):
    return from_module(module, "model", SourceOptions(example=example))


def refusals(module, example=SPIKES):
    with pytest.raises(UnsupportedError) as caught:
        source(module, example)
    assert all(d.fix for d in caught.value.diagnostics)
    return [(d.rule, d.node) for d in caught.value.diagnostics]


def assert_graph_equals_module(module, example=SPIKES):
    """The float reference of the graph, the recorded original and the module itself agree."""
    found = source(module, example)
    with torch.no_grad():
        expected = module(torch.from_numpy(example))
    expected = (expected[0] if isinstance(expected, tuple) else expected).numpy()
    (end,) = found.graph.outputs
    (start,) = found.graph.inputs
    reference = TARGET.run_graph(discretise(found.graph), {start: example}, RunOptions()).outputs[end]
    np.testing.assert_allclose(np.asarray(reference, np.float32), expected, atol=1e-5)
    np.testing.assert_array_equal(np.asarray(found.run(example).outputs[end], np.float32), expected)
    assert np.any(expected)
    return found.graph


def test_branches_that_add_up_are_two_inputs_of_the_neuron():
    net = model(
        lambda s, x: s.lif(s.a(x) + s.b(x) + s.c(x))[0],
        a=nn.Linear(4, 5), b=nn.Linear(4, 5), c=nn.Linear(4, 5), lif=norse.LIF(),
    )  # fmt: skip
    graph = assert_graph_equals_module(net)
    assert list(graph.nodes) == ["x", "a", "b", "c", "lif", "output"]
    assert [(e.source, e.argument) for e in graph.incoming("lif")] == [("a", 0), ("b", 1), ("c", 2)]
    assert {graph.nodes[n].kind for n in "abc"} == {ValueKind.CURRENT}


def test_a_sum_that_something_else_hears_stays():
    def forward(s, x):
        total = s.a(x) + s.b(x)
        return s.lif(total)[0].sum(0) + total.sum(0)

    graph = assert_graph_equals_module(model(forward, a=nn.Linear(4, 5), b=nn.Linear(4, 5), lif=norse.LIF()))
    assert "add" in graph.nodes
    assert graph.nodes["a"].kind is ValueKind.FLOAT


def test_the_same_value_twice_is_no_sum_of_two_edges():
    def forward(s, x):
        y = s.a(x)
        return s.lif(y + y)[0]

    graph = assert_graph_equals_module(model(forward, a=nn.Linear(4, 5), lif=norse.LIF()))
    assert len(graph.incoming("lif")) == 1


def test_sizes_are_computed_where_they_are_used():
    def forward(s, x):
        steps, batch, _ = x.shape
        current = s.fc(x.reshape(steps * batch, 4)).reshape(steps, batch, 5)
        return s.lif(current)[0].sum(0) / x.size(0)

    graph = assert_graph_equals_module(model(forward, fc=nn.Linear(4, 5), lif=norse.LIF()))
    assert not {"size", "getattr_1"} & set(graph.nodes)
    assert graph.nodes["fc"].scope is TimeScope.OVER_TIME  # it sees steps and samples as one axis


def test_recurrent_heads_return_a_pair():
    net = model(
        lambda s, x: s.out(s.lstm(s.lif(s.fc(x))[0])[0][-1]),
        fc=nn.Linear(4, 5), lif=norse.LIF(), lstm=nn.LSTM(5, 6), out=nn.Linear(6, 2),
    )  # fmt: skip
    graph = assert_graph_equals_module(net)
    assert all(n.timed for n in graph.nodes.values() if n.name in ("fc", "lif"))
    assert not graph.nodes["out"].timed
    assert (graph.nodes["lstm"].type_name, graph.nodes["lstm"].origin) == ("torch.nn.LSTM", "lstm (LSTM)")


def test_a_heads_batch_may_come_first():
    net = model(
        lambda s, x: s.gru(s.lif(s.fc(x))[0].transpose(0, 1))[0][:, -1],
        fc=nn.Linear(4, 5), lif=norse.LIF(), gru=nn.GRU(5, 3, batch_first=True),
    )  # fmt: skip
    assert_graph_equals_module(net)


@pytest.mark.parametrize(
    "forward", [lambda s, x: s.lif(s.fc(torch.flatten(x, 2)))[0], lambda s, x: s.lif(s.fc(x.flatten(2)))[0]]
)
def test_flatten_functions_are_flatten_nodes(forward):
    net = model(forward, fc=nn.Linear(4, 5), lif=norse.LIF())
    graph = assert_graph_equals_module(net, SPIKES.reshape(12, 3, 2, 2))
    assert [n.type_name for n in graph.nodes.values()] == ["Input", "Flatten", "Affine", "CubaLIF", "Output"]


def test_a_neuron_alone_is_a_model():
    graph = assert_graph_equals_module(norse.LIF().eval(), SPIKES * 40)
    assert [n.type_name for n in graph.nodes.values()] == ["Input", "CubaLIF", "Output"]


def test_a_state_that_the_caller_never_sees_is_refused():
    dropped = model(lambda s, x: s.lif(s.fc(x))[0], fc=nn.Linear(4, 5), lif=norse.LIFCell())

    def remember(s, x):
        z, s.state = s.lif(s.fc(x), s.state)
        return z

    kept = model(remember, fc=nn.Linear(4, 5), lif=norse.LIFCell())
    kept.state = None
    assert refusals(dropped) == [("NT-TORCH-003", "lif")]
    assert refusals(kept) == [("NT-TORCH-013", "state")]
    assert kept.state is None  # the trace leaves nothing behind


def test_sequence_modules_inside_lift_are_refused():
    net = model(lambda s, x: s.n(x)[0], n=norse.Lift(norse.SequentialState(nn.Linear(4, 4), norse.LIF())))
    assert refusals(net) == [("NT-TORCH-004", "n")]


def test_recurrent_layers_inside_a_step_are_refused():
    net = model(
        lambda s, x, state=None: s.lif(s.gru(x)[0], state),
        gru=nn.GRU(4, 4), lif=norse.LIFCell(),
    )  # fmt: skip
    assert ("NT-TORCH-003", "gru") in refusals(net)


class Checked(nn.Module):
    """A block that asks for a tensor, which a symbolic value is not, after it used its weight."""

    def __init__(self, weight):
        super().__init__()
        self.weight = weight

    def forward(self, x):
        y = x @ self.weight
        if not isinstance(y, torch.Tensor):
            raise TypeError("a tensor, please")
        return y


def test_a_block_that_stays_whole_may_share_a_parameter_with_what_follows():
    weight = nn.Parameter(torch.rand(5, 5))
    net = model(
        lambda s, x: s.block(s.block(s.lif(s.fc(x))[0].mean(0))) @ s.weight,
        fc=nn.Linear(4, 5), lif=norse.LIF(), block=Checked(weight), weight=weight,
    )  # fmt: skip
    assert_graph_equals_module(net)


def test_a_block_that_stays_whole_takes_no_parameter_from_what_stood_before_it():
    weight = nn.Parameter(torch.rand(5, 5))
    net = model(
        lambda s, x: s.block(s.lif(s.fc(x))[0].mean(0) @ s.weight) @ s.weight,
        fc=nn.Linear(4, 5), lif=norse.LIF(), block=Checked(weight), weight=weight,
    )  # fmt: skip
    assert_graph_equals_module(net)


class Branch(nn.Module):
    """Neurons before a block that stays whole."""

    def __init__(self):
        super().__init__()
        self.fc, self.lif, self.block = nn.Linear(4, 5), norse.LIF(), Checked(nn.Parameter(torch.rand(5, 5)))

    def forward(self, x):
        return self.block(self.lif(self.fc(x))[0].mean(0))


def test_a_block_that_stays_whole_may_lie_beside_neurons_at_any_depth():
    assert_graph_equals_module(model(lambda s, x: s.outer(x), outer=nn.Sequential(Branch(), nn.Linear(5, 3))))


def test_values_over_the_batch_are_refused():
    def forward(s, x):
        rate = s.lif(s.fc(x))[0].mean(0)
        return rate / (rate.max() + 1)

    assert refusals(model(forward, fc=nn.Linear(4, 5), lif=norse.LIF())) == [("NT-TORCH-010", "max_1")]


def test_calls_in_place_are_refused_even_if_nobody_uses_their_result():
    def forward(s, x):
        spikes = s.lif(s.fc(x))[0]
        spikes.mul_(0)
        return spikes

    assert refusals(model(forward, fc=nn.Linear(4, 5), lif=norse.LIF())) == [("NT-TORCH-011", "mul_")]


@pytest.mark.parametrize("pick", [lambda x: x.transpose(0, 1), lambda x: x[5:]], ids=["batch first", "fewer steps"])
def test_neurons_take_whole_rasters(pick):
    net = model(lambda s, x: s.lif(pick(s.fc(x)))[0].sum(0), fc=nn.Linear(4, 5), lif=norse.LIF())
    assert ("NT-TORCH-006", "lif") in refusals(net)


def test_only_tensors_leave_a_model():
    net = model(lambda s, x: (s.lif(s.fc(x))[0], {"steps": x}), fc=nn.Linear(4, 5), lif=norse.LIF())
    assert refusals(net) == [("NT-TORCH-008", "output")]


def test_parameters_must_fit_the_population():
    net = model(lambda s, x: s.lif(s.fc(x))[0], fc=nn.Linear(4, 5), lif=norse.LIF())
    net.lif.p = norse.LIFParameters(v_th=torch.ones(1, 5))  # an axis more than the population has
    assert refusals(net) == [("NT-TORCH-007", "lif")]


def test_the_digest_follows_the_neurons():
    def digest(threshold):
        neurons = norse.LIF(norse.LIFParameters(v_th=torch.tensor(threshold)))
        return source(model(lambda s, x: s.lif(s.fc(x))[0], fc=nn.Linear(4, 5), lif=neurons)).sha256

    assert digest(1.0) == digest(1.0) != digest(0.9)


def test_a_float_input_is_not_recorded_as_spikes():
    net = model(lambda s, x: s.lif(s.fc(x))[0], fc=nn.Linear(4, 5), lif=norse.LIF())
    assert set(source(net, SPIKES * 0.7).run(SPIKES * 0.7).spikes) == {"lif"}

"""Cells stepped in a Python loop become populations; loops that are no populations are refused with their line."""

from __future__ import annotations

import inspect

import norse.torch as norse
import numpy as np
import pytest
import torch
from torch import nn
from traced_models import assert_graph_equals_module, looping, refusals, source, spikes, values

from neurotool.ir.values import TimeScope, ValueKind

SPIKES = spikes(9, 3, 4)


def kinds(graph):
    return [(n.name, n.type_name) for n in graph.nodes.values()]


def wires(graph):
    return {(e.source, e.target, e.delay) for e in graph.edges}


def stacked(self, x):
    state, outputs = None, []
    for t in range(x.shape[0]):
        z, state = self.lif(self.fc(x[t]), state)
        outputs.append(z)
    return torch.stack(outputs)


def over_rows(self, x):
    state, outputs = None, []
    for row in x:
        z, state = self.lif(self.fc(row), state)
        outputs.append(z)
    return torch.stack(outputs)


def over_parts(self, x):
    state, outputs = None, []
    for row in torch.unbind(x):
        z, state = self.lif(self.fc(row), state)
        outputs += [z.unsqueeze(0)]
    return torch.cat(outputs, 0)


@pytest.mark.parametrize("forward", [stacked, over_rows, over_parts])
def test_a_loop_over_the_input_is_one_population(forward):
    graph = assert_graph_equals_module(looping(forward), SPIKES)
    assert kinds(graph)[:3] == [("x", "Input"), ("fc", "Affine"), ("lif", "CubaLIF")]
    assert graph.nodes["lif"].scope is TimeScope.PER_STEP
    assert graph.nodes["fc"].kind is ValueKind.CURRENT


def test_the_batch_may_come_first_in_forward():
    def forward(self, x):
        state, outputs = None, []
        for t in range(x.size(1)):
            z, state = self.lif(self.fc(x[:, t]), state)
            outputs.append(self.out(z))
        return torch.stack(outputs, 1).mean(1)

    module = looping(forward)
    graph = assert_graph_equals_module(module, SPIKES)
    assert kinds(graph)[:3] == [("x", "Input"), ("fc", "Affine"), ("lif", "CubaLIF")]
    with torch.no_grad():
        expected = module(torch.from_numpy(SPIKES).transpose(0, 1)).numpy()
    np.testing.assert_array_equal(source(module, SPIKES).run(SPIKES).outputs["output"], expected)


def test_sums_last_values_and_read_outs_leave_a_loop():
    def forward(self, x):
        state = out_state = None
        total, steps = 0, x.shape[0]
        for t in range(steps):
            z, state = self.lif(self.fc(x[t]), state)
            v, out_state = self.li(self.out(z), out_state)
            total = total + z
        return total / steps, v

    graph = assert_graph_equals_module(looping(forward), SPIKES)
    assert graph.nodes["mean"].scope is TimeScope.OVER_TIME
    assert [e.target for e in graph.outgoing("x")] == ["fc"]  # the number of steps is not taken from the input
    assert [n.type_name for n in graph.nodes.values() if n.timed] == ["Input", "Affine", "CubaLIF", "Affine", "CubaLI"]


def test_a_constant_input_is_held_over_the_steps():
    def forward(self, x):
        state, total = None, None
        for _ in range(7):
            z, state = self.lif(self.fc(x), state)
            total = z if total is None else total + z
        return self.out(total / 7)

    graph = assert_graph_equals_module(looping(forward), values(3, 4))
    assert kinds(graph)[:4] == [("x", "Input"), ("hold", "hold"), ("fc", "Affine"), ("lif", "CubaLIF")]
    scopes = {n: graph.nodes[n].scope.value for n in ("x", "hold", "lif", "out")}
    assert scopes == {"x": "once", "hold": "once", "lif": "per_step", "out": "once"}
    assert [graph.nodes[n].timed for n in ("x", "hold", "out")] == [False, True, False]


@pytest.mark.parametrize(
    "held",
    [
        lambda x: x.unsqueeze(0).expand(6, -1, -1),
        lambda x: x.repeat(6, 1, 1),
        lambda x: x[None].repeat(6, 1, 1),
        lambda x: torch.stack([x] * 6),
    ],
    ids=["expand", "repeat", "index", "stack"],
)
def test_repeating_a_value_for_sequence_neurons_holds_it(held):
    def forward(self, x):
        return self.whole(held(torch.relu(self.fc(x))))[0].mean(0)

    graph = assert_graph_equals_module(looping(forward, whole=norse.LIF()), values(3, 4))
    assert [n.type_name for n in graph.nodes.values()][:4] == ["Input", "Affine", "torch.relu", "hold"]
    assert not graph.nodes["x"].timed


def test_a_static_image_is_told_from_a_raster():
    def forward(self, x):
        state, total, current = None, 0, self.wide(self.conv(x).flatten(1))
        for _ in range(5):
            z, state = self.lif(current, state)
            total = total + z
        return total

    module = looping(forward, conv=nn.Conv2d(1, 4, 3), wide=nn.Linear(64, 8))
    with torch.no_grad():
        module.wide.weight.mul_(9)
    graph = assert_graph_equals_module(module, values(3, 1, 6, 6))
    assert (graph.nodes["x"].shape, graph.nodes["x"].timed) == ((1, 6, 6), False)
    assert graph.nodes["conv"].type_name == "Conv2d"


def through_a_layer(self, x):
    state, spikes_before, outputs = None, torch.zeros(x.shape[1], 8), []
    for t in range(x.shape[0]):
        spikes_before, state = self.lif(self.fc(x[t]) + self.rec(spikes_before), state)
        outputs.append(spikes_before)
    return torch.stack(outputs)


def at_the_end_of_a_step(self, x):
    state, feedback, outputs = None, 0, []
    for row in x:
        z, state = self.lif(self.fc(row) + feedback, state)
        feedback = self.rec(z)
        outputs.append(z)
    return torch.stack(outputs)


@pytest.mark.parametrize(
    ("forward", "waiting"), [(through_a_layer, ("lif", "rec", 1)), (at_the_end_of_a_step, ("rec", "lif", 1))]
)
def test_spikes_that_are_fed_back_wait_one_step(forward, waiting):
    graph = assert_graph_equals_module(looping(forward), SPIKES)
    assert waiting in wires(graph)
    assert sum(delay for _, _, delay in wires(graph)) == 1


@pytest.mark.parametrize("cell", [True, False], ids=["cell", "sequence"])
def test_recurrent_neurons_are_a_population_with_two_matrices(cell):
    torch.manual_seed(0)
    neuron = norse.LIFRecurrentCell(4, 8) if cell else norse.LIFRecurrent(4, 8)
    layer = nn.Linear(8, 3) if cell else norse.Lift(nn.Linear(8, 3))
    module = norse.SequentialState(neuron, layer, norse.LICell() if cell else norse.LI())
    with torch.no_grad():
        neuron.input_weights.mul_(5)
    graph = assert_graph_equals_module(module, SPIKES)
    assert wires(graph) >= {
        ("0.input_weights", "0", 0),
        ("0", "0.recurrent_weights", 1),
        ("0.recurrent_weights", "0", 0),
    }
    assert list(graph.nodes)[1:4] == ["0.input_weights", "0.recurrent_weights", "0"]


def test_two_cells_and_a_container_share_a_loop():
    def forward(self, x):
        state, inner, outputs = None, None, []
        for row in x:
            z, state = self.lif(self.fc(row), state)
            y, inner = self.net(z, inner)
            outputs.append(y)
        return torch.stack(outputs).mean(0)

    net = norse.SequentialState(nn.Linear(8, 6), norse.LIFBoxCell(), nn.Dropout(), nn.Linear(6, 2), norse.LIBoxCell())
    with torch.no_grad():
        net[0].weight.mul_(20)
    graph = assert_graph_equals_module(looping(forward, net=net), SPIKES)
    assert set(graph.neurons) == {"lif", "net.1", "net.4"}


def test_what_only_follows_a_loop_stays_as_it_was_written():
    def forward(self, x):
        state, trace = None, 0
        for row in x:
            z, state = self.lif(self.fc(row), state)
            trace = 0.9 * trace + z
        return trace

    graph = assert_graph_equals_module(looping(forward), SPIKES)
    assert graph.neurons == ("lif",)


def line(function, text):
    """File and number of the line of a function that holds a text."""
    rows, first = inspect.getsourcelines(function)
    return f"{__file__}:{first + next(i for i, row in enumerate(rows) if text in row)}"


def backwards(self, x):
    state, outputs = None, []
    for t in reversed(range(9)):
        z, state = self.lif(self.fc(x[t]), state)
        outputs.append(z)
    return torch.stack(outputs)


def other_later(self, x):
    state, outputs = None, []
    for t in range(9):
        current = self.fc(x[t])
        if t > 2:
            current = current + self.fc(x[t - 1])
        z, state = self.lif(current, state)
        outputs.append(z)
    return torch.stack(outputs)


def too_few(self, x):
    state, outputs = None, []
    for t in range(5):
        z, state = self.lif(self.fc(x[t]), state)
        outputs.append(z)
    return torch.stack(outputs)


def own_state(self, x):
    state, outputs, filtered = None, [], 0
    for row in x:
        filtered = 0.9 * filtered + self.fc(row)
        z, state = self.lif(filtered, state)
        outputs.append(z)
    return torch.stack(outputs)


def not_zero(self, x):
    state, outputs, before = None, [], torch.ones(x.shape[1], 8)
    for row in x:
        before, state = self.lif(self.fc(row) + self.rec(before), state)
        outputs.append(before)
    return torch.stack(outputs)


def lost_state(self, x):
    return torch.stack([self.lif(self.fc(row))[0] for row in x])


def one_step_alone(self, x):
    state = None
    for row in x:
        z, state = self.lif(self.fc(row), state)
    return self.li(self.out(z))[0]


@pytest.mark.parametrize(
    ("forward", "rule", "text", "reason"),
    [
        (backwards, "NT-TORCH-014", "self.fc(x[t])", "not taken in order"),
        (other_later, "NT-TORCH-014", "x[t - 1]", "do not run the same operations"),
        (too_few, "NT-TORCH-014", "self.fc(x[t])", "takes 5 of the 9 steps"),
        (own_state, "NT-TORCH-014", "0.9 * filtered", "the first step takes something else"),
        (not_zero, "NT-TORCH-014", "torch.ones", "is not zero"),
        (lost_state, "NT-TORCH-005", "self.lif", "not given the state"),
        (one_step_alone, "NT-TORCH-014", "self.li(", "called once"),
    ],
)
def test_a_loop_that_is_no_population_is_refused_with_its_line(forward, rule, text, reason):
    (found,) = refusals(looping(forward), SPIKES)
    assert (found.rule, found.origin) == (rule, line(forward, text))
    assert reason in found.message
    assert text in found.found

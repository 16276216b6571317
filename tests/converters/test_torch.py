"""Tracing torch modules: nodes, shapes, time, origins, refusals, and the recording of the original."""

import nir
import norse.torch as norse
import numpy as np
import pytest
import torch
from torch import nn

from neurotool.converters.torch.load import from_module
from neurotool.errors import UnsupportedError, UsageError
from neurotool.ir.adapters import SourceOptions
from neurotool.ir.graph import TorchOp
from neurotool.ir.values import TimeScope, ValueKind
from neurotool.plugins import CONVERTERS, load

SPIKES = (np.random.default_rng(0).random((6, 3, 4)) < 0.4).astype(np.float32)


def source(module, example=SPIKES, **options):
    return from_module(module, "model", SourceOptions(example=example, **options))


def types(graph):
    return {n.name: n.type_name for n in graph.nodes.values()}


class Hybrid(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = norse.SequentialState(norse.Lift(nn.Linear(4, 5)), norse.LIF(), nn.Dropout(0.5))
        self.head = nn.Sequential(nn.Linear(5, 3), nn.ReLU())

    def forward(self, x):
        z, _ = self.body(x)
        return self.head(z.mean(0))


def test_a_hybrid_model_keeps_paths_shapes_kinds_and_time():
    graph = source(Hybrid()).graph
    rows = [(n.name, n.type_name, n.shape, n.kind.value, n.timed, n.scope.value) for n in graph.nodes.values()]
    assert rows == [
        ("x", "Input", (4,), "spikes", True, "per_step"),
        ("body.0", "Affine", (5,), "current", True, "per_step"),
        ("body.1", "CubaLIF", (5,), "spikes", True, "per_step"),
        ("mean", "Tensor.mean", (5,), "float", False, "over_time"),
        ("head.0", "Affine", (3,), "float", False, "once"),
        ("head.1", "torch.nn.ReLU", (3,), "float", False, "once"),
        ("output", "Output", (3,), "float", False, "once"),
    ]
    assert graph.nodes["body.0"].origin == "body.0 (Lift(Linear))"
    assert (graph.dt, graph.convention.name) == (1e-3, "norse")


def test_the_recorded_original_is_the_module_itself():
    module = Hybrid().eval()
    trace = source(module).run(SPIKES)
    with torch.no_grad():
        expected = module(torch.from_numpy(SPIKES)).numpy()
        spikes = module.body(torch.from_numpy(SPIKES))[0].numpy()
    np.testing.assert_array_equal(trace.outputs["output"], expected)
    np.testing.assert_array_equal(trace.spikes["body.1"], spikes.astype(bool))
    assert trace.spikes["x"].dtype == bool


def test_parameters_are_copied_with_their_values_and_neurons_get_their_real_shape():
    module = Hybrid()
    graph = source(module).graph
    np.testing.assert_array_equal(graph.nodes["body.0"].op.weight, module.body[0].lifted_module.weight.detach())
    assert graph.nodes["body.1"].op.v_threshold.shape == (5,)


def test_cells_that_are_stepped_from_outside():
    module = norse.SequentialState(nn.Linear(4, 5), norse.LIFCell(), nn.ReLU(), nn.Linear(5, 2), norse.LICell()).eval()
    found = source(module)
    graph = found.graph
    assert types(graph) == {
        "input_tensor": "Input", "0": "Affine", "1": "CubaLIF", "2": "torch.nn.ReLU", "3": "Affine", "4": "CubaLI",
        "output": "Output",
    }  # fmt: skip
    assert all(n.timed for n in graph.nodes.values())
    assert graph.nodes["2"].op.sees_time is False
    assert graph.nodes["4"].kind is ValueKind.FLOAT
    state, expected = None, []
    with torch.no_grad():
        for x in torch.from_numpy(SPIKES):
            y, state = module(x, state)
            expected.append(y)
    np.testing.assert_array_equal(found.run(SPIKES).outputs["output"], torch.stack(expected).numpy())


def test_lift_around_a_stateful_container_is_stepped_into():
    inner = norse.SequentialState(nn.Linear(4, 5), norse.LIFBoxCell())
    module = norse.SequentialState(norse.Lift(inner), norse.Lift(nn.Linear(5, 2)), norse.LI())
    found = source(module)
    assert types(found.graph) == {
        "input_tensor": "Input", "0.0": "Affine", "0.1": "LIF", "1": "Affine", "2": "CubaLI", "output": "Output",
    }  # fmt: skip
    assert found.run(SPIKES).spikes["0.1"].shape == (6, 3, 5)


def test_lift_around_a_cell_runs_it_over_time():
    found = source(norse.SequentialState(norse.Lift(nn.Linear(4, 5)), norse.Lift(norse.IAFCell())))
    assert types(found.graph)["1"] == "IF"
    assert found.graph.nodes["1"].origin == "1 (Lift(IAFCell))"


class Branches(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = norse.SequentialState(norse.Lift(nn.Linear(4, 2)), norse.LIF())
        self.b = norse.SequentialState(norse.Lift(nn.Linear(4, 2, bias=False)), norse.IAF())
        self.gain = nn.Parameter(torch.arange(4.0))

    def forward(self, x, state=None):
        p, _ = self.a(x * self.gain)
        q, _ = self.b(0.5 * x)
        joined = torch.cat([p, q], -1)
        return torch.relu(joined), joined.sum(0)


def test_branches_functions_constants_and_two_outputs():
    graph = source(Branches()).graph
    assert types(graph) == {
        "x": "Input", "mul": "Scale", "a.0": "Affine", "a.1": "CubaLIF", "mul_1": "Scale", "b.0": "Linear", "b.1": "IF",
        "cat": "torch.cat", "relu": "torch.relu", "sum_1": "Tensor.sum", "output_0": "Output", "output_1": "Output",
    }  # fmt: skip
    assert graph.nodes["mul"].op.scale.tolist() == [0, 1, 2, 3]
    assert graph.nodes["mul"].kind is ValueKind.CURRENT
    assert [e.source for e in graph.incoming("cat")] == ["a.1", "b.1"]
    scopes = {n: graph.nodes[n].scope for n in ("cat", "relu", "sum_1")}
    assert scopes == {"cat": TimeScope.OVER_TIME, "relu": TimeScope.PER_STEP, "sum_1": TimeScope.OVER_TIME}
    assert graph.outputs == ("output_0", "output_1")


def test_flatten_and_multi_dimensional_features():
    module = norse.SequentialState(nn.Flatten(2), norse.Lift(nn.Linear(4, 3)), norse.LIF())
    graph = source(module, SPIKES.reshape(6, 3, 2, 2)).graph
    assert isinstance(graph.nodes["0"].op, nir.Flatten)
    assert (graph.nodes["input_tensor"].shape, graph.nodes["0"].shape) == ((2, 2), (4,))
    assert graph.nodes["0"].kind is ValueKind.SPIKES


def test_a_linear_layer_without_a_neuron_behind_it_is_no_current():
    graph = source(nn.Sequential(nn.Linear(4, 2))).graph
    assert graph.nodes["0"].kind is ValueKind.FLOAT
    assert "no neuron tells the time step" in graph.notes[0]


def test_float_examples_make_a_float_input():
    assert source(Hybrid(), SPIKES * 0.7).graph.nodes["x"].kind is ValueKind.FLOAT


def test_all_refusals_come_at_once_with_rule_and_rewrite():
    class Bad(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = norse.LSNNRecurrent(4, 4), norse.LIFRefracRecurrent(4, 4)

        def forward(self, x):
            z, _ = self.one(x)
            return z * 2 if z.sum() > 0 else self.two(z)[0]

    with pytest.raises(UnsupportedError) as caught:
        source(Bad())
    found = caught.value.diagnostics
    assert [(d.rule, d.node) for d in found] == [
        ("NT-TORCH-001", "one"), ("NT-TORCH-001", "two"), ("NT-TORCH-002", ""),
    ]  # fmt: skip
    assert "z.sum() > 0" in found[2].found
    assert found[2].origin.startswith(__file__)
    assert "use LIFRecurrent" in found[0].fix


def test_states_and_repeated_calls_are_refused():
    class Reads(nn.Module):
        def __init__(self):
            super().__init__()
            self.lif = norse.LIF()

        def forward(self, x):
            z, state = self.lif(x)
            return self.lif(z + state.v)[0]

    with pytest.raises(UnsupportedError) as caught:
        source(Reads())
    assert {d.rule for d in caught.value.diagnostics} == {"NT-TORCH-003", "NT-TORCH-005"}


def test_cells_beside_sequences_are_refused():
    with pytest.raises(UnsupportedError) as caught:
        source(norse.SequentialState(norse.LIFCell(), norse.LIF()))
    assert "NT-TORCH-004" in {d.rule for d in caught.value.diagnostics}


def test_different_time_steps_are_listed():
    with pytest.raises(UnsupportedError) as caught:
        source(norse.SequentialState(norse.LIF(dt=1e-3), norse.LIF(dt=1e-4)))
    assert [(d.node, d.found) for d in caught.value.diagnostics] == [("0", "dt = 0.001 s"), ("1", "dt = 0.0001 s")]


def test_options_must_agree_with_the_module():
    with pytest.raises(UsageError, match=r"--dt 0\.0005s: the neurons of model step by 0\.001 s"):
        source(Hybrid(), dt=5e-4)
    with pytest.raises(UsageError, match="the convention is 'norse'"):
        source(Hybrid(), convention="exponential-euler")
    assert source(Hybrid(), dt=1e-3).graph.dt == 1e-3


def test_an_example_is_needed_and_must_run():
    with pytest.raises(UsageError, match="an example input is needed") as caught:
        source(Hybrid(), None)
    assert "--calib" in caught.value.hint
    with pytest.raises(UsageError, match=r"does not run on an example of shape \[6, 3, 9\]"):
        source(Hybrid(), np.zeros((6, 3, 9), np.float32))
    with pytest.raises(UsageError, match="expected \\[time, batch"):
        source(Hybrid(), np.zeros((6, 4), np.float32))


def test_the_digest_follows_the_weights():
    torch.manual_seed(0)
    module = Hybrid()
    before = source(module).sha256
    assert before == source(module).sha256
    with torch.no_grad():
        module.head[0].bias += 1
    assert source(module).sha256 != before


def test_torch_operations_hold_the_call_and_its_arguments():
    op = source(Hybrid()).graph.nodes["mean"].op
    assert isinstance(op, TorchOp)
    assert op.args[1:] == (0,)
    assert op.sees_time


MODULE = """
import torch, norse.torch as norse
from torch import nn
net = norse.SequentialState(norse.Lift(nn.Linear(4, 2)), norse.LIF())
net.example_input = torch.zeros(5, 2, 4)
def factory(): return net
def broken(): raise RuntimeError("no data here")
number = 3
def wrong(): return 3
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "my_models.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "my_models", raising=False)


@pytest.mark.parametrize("name", ["net", "factory"])
@pytest.mark.usefixtures("here")
def test_a_specification_names_a_module_or_its_factory_in_the_current_directory(name):
    converter = load(CONVERTERS, "torch")
    assert converter.accepts(f"my_models:{name}")
    assert converter.load(f"my_models:{name}", SourceOptions()).graph.outputs == ("output",)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("no_such_module:net", "there is no module 'no_such_module'"),
        ("my_models:ne", "has no 'ne'"),
        ("my_models:broken", r"RuntimeError: no data here \(.*my_models.py:7\)"),
        ("my_models:number", "is of type int, neither a torch module nor a factory"),
        ("my_models:wrong", "returned a value of type int"),
    ],
)
def test_a_wrong_specification_says_what_is_wrong(spec, message):
    with pytest.raises(UsageError, match=message):
        load(CONVERTERS, "torch").load(spec, SourceOptions())


def test_files_are_not_for_this_converter():
    converter = load(CONVERTERS, "torch")
    assert not converter.accepts("model.nir")
    assert not converter.accepts("some/path:net")

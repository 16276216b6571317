"""Turns a traced module into a graph."""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from typing import Any

import nir
import numpy as np
import torch
from torch import fx

from neurotool.converters.norse.neurons import rule_for
from neurotool.converters.torch import layers
from neurotool.converters.torch.checks import neuron_findings
from neurotool.converters.torch.currents import drop_sums, mark_currents
from neurotool.converters.torch.fuse import fuse
from neurotool.converters.torch.images import array
from neurotool.converters.torch.interpret import Layout, constants
from neurotool.converters.torch.lines import line_of
from neurotool.converters.torch.names import module_origin, module_path, node_name, qualified
from neurotool.converters.torch.outputs import NotTensorsError, results_of
from neurotool.converters.torch.roll import DELAYED, delayed, hold
from neurotool.converters.torch.scope import scope_of
from neurotool.converters.torch.store import GraphStore
from neurotool.converters.torch.tracer import STEPPED
from neurotool.ir.graph import SPIKING_TYPES, Node, Operand, TorchOp, edge_from
from neurotool.ir.values import TimeScope, ValueKind


@dataclass
class GraphBuilder(GraphStore):
    """Makes one node after the other, and collects what cannot be made.

    Attributes:
        inner: fx nodes whose value is no tensor; they become part of the operations that use them.
        paths: Module path of each neuron node, and whether it is stepped, for recording.
    """

    inner: set[fx.Node] = field(default_factory=set)
    paths: dict[str, tuple[str, bool]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.constants = constants(self.module)

    def build(self) -> None:
        """Make a node of everything that was traced."""
        for node in self.module.graph.nodes:
            if node in self.constants:
                continue  # it becomes part of the operations that use it
            if node.op == "call_module" and module_path(str(node.target)) in self.refused:
                continue
            if node.op == "output" or not self._follows_a_problem(node):
                getattr(self, f"_{node.op}")(node)
        if self.problems:
            return
        self._close_loops()
        self.nodes, self.edges = mark_currents(*drop_sums(self.nodes, self.edges))

    def _follows_a_problem(self, node: fx.Node) -> bool:
        """Whether a node takes a value that was refused, so that nothing new can be said about it."""
        made = (self.constants, self.names, self.states, self.inner)
        return any(not any(n in known for known in made) for n in node.all_input_nodes)

    def _placeholder(self, node: fx.Node) -> None:
        name, layout = str(node.target), self.layouts[node]
        op = nir.Input(input_type={"input": np.array(layout.features)})
        scope = TimeScope.PER_STEP if layout.timed else TimeScope.ONCE
        self._add(node, name, op, self.kinds[name], scope, f"{name} (input)", ())

    def _call_module(self, node: fx.Node) -> None:
        target = str(node.target)
        module = self.module.get_submodule(target)
        source = next((a for a in node.all_input_nodes if a in self.names), None)
        if source is None:
            self._opaque(node, module, module_origin(self.module, target))
        elif isinstance(module, layers.VANISH):
            self._alias(node, source)
        elif isinstance(module, torch.nn.RNNBase | torch.nn.RNNCellBase) and node.meta.get(STEPPED, False):
            message, fix = "it keeps a state, which is lost after every step", "call nn.LSTM or nn.GRU outside Lift"
            name, origin = module_path(target), module_origin(self.module, target)
            self._refuse("NT-TORCH-003", name, message, type(module).__name__, fix, line_of(node) or origin)
        elif rule_for(module) is not None:
            self._neuron(node, module, source)
        else:
            made = layers.layer(module, self.layouts[source], self.layouts[node]) if node in self.layouts else None
            if made is not None:
                self._known(node, made, module_origin(self.module, target), source)
            else:
                self._opaque(node, module, module_origin(self.module, target))

    def _neuron(self, node: fx.Node, module: torch.nn.Module, source: fx.Node) -> None:
        rule = rule_for(module)
        assert rule is not None
        target, layout = str(node.target), self.layouts[source]
        name, origin = node_name(node, set(self.nodes)), module_origin(self.module, target)
        self.states.add(node)
        self.problems += neuron_findings(node, layout, name, origin, self.stepped)
        if rule.recurrent:
            layout = Layout((int(module.hidden_size),), layout.timed, layout.standard, layout.batched)  # type: ignore[arg-type]
        try:
            op = rule.make(module, layout.features)
        except ValueError as error:
            message = f"a parameter does not fit {layout.features} neurons: {error}"
            self._refuse("NT-TORCH-007", name, message, "", "give one value, or one per neuron", origin)
            return
        kind = ValueKind.SPIKES if isinstance(op, SPIKING_TYPES) else ValueKind.FLOAT
        if rule.recurrent:
            self._recurrent(node, module, source, name, layout)
        else:
            self._add(node, name, op, kind, TimeScope.PER_STEP, origin, (source,), layout)
        if rule.recurrent:
            self.names[node] = name
            self.nodes[name] = Node(name, op, layout.features, kind, layout.timed, TimeScope.PER_STEP, origin)
            ways = [self.nodes[f"{name}.{part}"] for part in _WEIGHTS]
            self.edges += [edge_from(way, name, argument) for argument, way in enumerate(ways)]
            self.edges.append(edge_from(self.nodes[name], ways[1].name, delay=1))
        self.paths[name] = (target, not rule.sequence)

    def _recurrent(self, node: fx.Node, module: torch.nn.Module, source: fx.Node, name: str, layout: Layout) -> None:
        """Make the two matrices of a recurrent neuron; its spikes reach the second one a step later."""
        for part in _WEIGHTS:
            op = nir.Linear(weight=array(getattr(module, part)))
            origin = f"{name}.{part} ({type(module).__name__})"
            sources = (source,) if part == _WEIGHTS[0] else ()
            self._add(node, f"{name}.{part}", op, ValueKind.FLOAT, TimeScope.PER_STEP, origin, sources, layout)

    def _call_function(self, node: fx.Node) -> None:
        if node.target is delayed:
            self.late[node], self.names[node] = node.meta[DELAYED], ""
        elif node.target is operator.getitem and node.args[0] in self.states:
            self._neuron_result(node)
        else:
            self._operation(node, node.target, f"{node.name} ({qualified(node.target)})")

    def _call_method(self, node: fx.Node) -> None:
        self._operation(node, getattr(torch.Tensor, str(node.target)), f"{node.name} (Tensor.{node.target})")

    def _operation(self, node: fx.Node, call: Any, origin: str) -> None:
        source = next((a for a in node.all_input_nodes if a in self.names), None)
        made = None
        if source is not None and node in self.layouts:
            if layers.vanishes(node):
                self._alias(node, source)
                return
            before, after = self.layouts[source], self.layouts[node]
            made = layers.scale(node, self._constant, after) or layers.reshape(node, before, after)
            made = made or layers.matrix(node, self._constant, before)
        if made is not None and source is not None:
            self._known(node, made, origin, source)
        else:
            self._opaque(node, call, origin)

    def _neuron_result(self, node: fx.Node) -> None:
        neuron, part = node.args[0], node.args[1]
        assert isinstance(neuron, fx.Node)
        if part == 0 and neuron in self.names:
            self._alias(node, neuron)
        elif any(user.op != "output" for user in node.users):
            name = module_path(str(neuron.target))
            line = line_of(next(user for user in node.users if user.op != "output"))
            self._refuse("NT-TORCH-003", name, "its state is used by other nodes", "", "use its output only", line)

    def _output(self, node: fx.Node) -> None:
        try:
            results = results_of(node, [*self.names, *self.inner, *self.constants])
        except NotTensorsError as error:
            self._refuse(
                "NT-TORCH-008", "output", str(error), "", "return tensors: one, a tuple or a dictionary", "output"
            )
            return
        wanted = {key: value for key, value in results.items() if value in self.names}
        if len(wanted) < len(results) or not (wanted or self.problems):
            message, fix = "the model returns something else than tensors", "return a tensor, or a tuple of tensors"
            self._refuse("NT-TORCH-008", "output", message, "", fix, "output")
        for key, value in wanted.items():
            source = self.nodes[self.names[value]]
            name = key if key not in self.nodes else f"output_{key}"
            if value in self.layouts and not self.layouts[value].standard:
                message = "the output is neither [time, batch, *features] of all time steps nor [batch, *features]"
                fix = "bring time and batch to the first axes"
                self._refuse("NT-TORCH-006", source.name, message, "", fix, source.origin)
            op = nir.Output(output_type={"output": np.array(source.shape)})
            self.nodes[name] = Node(name, op, source.shape, source.kind, source.timed, source.scope, name)
            self.edges.append(edge_from(source, name))

    def _known(self, node: fx.Node, op: nir.NIRNode, origin: str, source: fx.Node) -> None:
        scope = TimeScope.PER_STEP if self.layouts[node].timed else TimeScope.ONCE
        name = node_name(node, set(self.nodes))
        self._add(node, name, op, ValueKind.FLOAT, scope, origin, (source,))

    def _opaque(self, node: fx.Node, call: Any, origin: str) -> None:
        """Make a torch operation of whatever has no NIR node."""
        if node not in self.layouts:
            self.inner.add(node)
            return
        pair = self._module_of(node)
        if pair is not None:
            call, origin = self.module.get_submodule(str(pair.target)), module_origin(self.module, str(pair.target))
        shown = self._field_of(node) or node
        name = node_name(pair or shown, set(self.nodes))
        target = _target(pair or node, call) if shown is node else self._called(shown)
        if any(source in self.states and source not in self.names for source in node.all_input_nodes):
            self._refuse("NT-TORCH-003", name, "it uses the state of a neuron", "", "use outputs only", line_of(node))
            return
        joined: tuple[str, ...] = ()
        if any(source in self.inner for source in node.all_input_nodes):
            fused = fuse(self.module, node, self.names, self.constants)
            call, operands = fused.module, fused.operands
            joined = tuple(self._called(inner) for inner in fused.calls if inner is not shown)
            args: Any = tuple(Operand(n) for n in range(len(operands)))
            kwargs: Any = {}
            if fused.mixed:
                message, fix = "a size or tuple leaves Lift or a loop", "let what runs in a step return one tensor"
                self._refuse("NT-TORCH-008", name, message, target, fix, line_of(node) or origin)
        else:
            args, kwargs, operands = self._arguments(node)
        if operands and not self.layouts[node].batched:
            message, fix = "it mixes the samples of a batch", "keep the batch axis: reduce over other axes only"
            self._refuse("NT-TORCH-010", name, message, target, fix, line_of(node) or origin)
            return
        op = TorchOp(target, call, args, kwargs, sees_time=not node.meta.get(STEPPED, False), joined=joined)
        scope = scope_of(node, call, [self.layouts[o] for o in operands], self.layouts[node])
        self._add(node, name, op, ValueKind.FLOAT, scope, origin, operands)

    def _called(self, node: fx.Node) -> str:
        """Readable name of what a node calls."""
        return _target(node, self.module.get_submodule(str(node.target)) if node.op == "call_module" else node.target)

    def _module_of(self, node: fx.Node) -> fx.Node | None:
        """Return the call whose result a node picks a part of, as the first part of what an LSTM returns."""
        subject = node.args[0] if node.target is operator.getitem else None
        picked = isinstance(subject, fx.Node) and subject in self.inner and subject.op == "call_module"
        return subject if isinstance(subject, fx.Node) and picked else None

    def _field_of(self, node: fx.Node) -> fx.Node | None:
        """Return the call whose result a node takes a field of by name, as ``x.max(0).values`` does."""
        subject = node.args[0] if node.target is getattr else None
        return subject if isinstance(subject, fx.Node) and subject in self.inner else None

    def _arguments(self, node: fx.Node) -> tuple[Any, Any, tuple[fx.Node, ...]]:
        """Replace values in the arguments of a call by operands, and constants by what they are."""
        operands: list[fx.Node] = []

        def operand(argument: fx.Node) -> Any:
            if argument in self.constants:
                return self.measured.values[argument]
            if argument not in operands:
                operands.append(argument)
            return Operand(operands.index(argument))

        return fx.map_arg(node.args, operand), fx.map_arg(node.kwargs, operand), tuple(operands)

    def _constant(self, argument: Any) -> torch.Tensor | None:
        """Return the constant that an argument stands for: a number, a parameter, or what is made of parameters."""
        if isinstance(argument, int | float):
            return torch.tensor(float(argument))
        value = self.measured.values.get(argument) if argument in self.constants else None
        return value if torch.is_tensor(value) else None


_WEIGHTS = ("input_weights", "recurrent_weights")
"""Matrices of a recurrent neuron of Norse; the second one hears the population itself."""


def _target(node: fx.Node, call: Any) -> str:
    if call is hold:
        return "hold"
    return f"Tensor.{node.target}" if node.op == "call_method" else qualified(call)

"""Turns a traced module into a graph."""

from __future__ import annotations

import operator
from collections.abc import Mapping
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
from neurotool.converters.torch.interpret import Layout
from neurotool.converters.torch.names import module_origin, module_path, node_name, qualified
from neurotool.converters.torch.tracer import STEPPED
from neurotool.diagnostics import Diagnostic, Severity
from neurotool.ir.graph import SPIKING_TYPES, Edge, Graph, Node, Operand, TorchOp, edge_from
from neurotool.ir.values import TimeScope, ValueKind


@dataclass
class GraphBuilder:
    """Makes one node after the other, and collects what cannot be made.

    Attributes:
        module: The traced module.
        layouts: Axes of every tensor value.
        input_kind: Meaning of the model's input.
        nodes: Nodes made so far.
        edges: Edges made so far.
        problems: Findings that refuse the model.
        names: Graph node that stands for an fx node.
        states: fx nodes that hold the state of a neuron, which must not be used.
        inner: fx nodes whose value is no tensor; they become part of the operations that use them.
        paths: Module path of each neuron node, and whether it is stepped, for recording.
    """

    module: fx.GraphModule
    layouts: Mapping[fx.Node, Layout]
    input_kind: ValueKind
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)
    names: dict[fx.Node, str] = field(default_factory=dict)
    states: set[fx.Node] = field(default_factory=set)
    inner: set[fx.Node] = field(default_factory=set)
    paths: dict[str, tuple[str, bool]] = field(default_factory=dict)

    def build(self) -> None:
        """Make a node of everything that was traced."""
        for node in self.module.graph.nodes:
            if node.op == "output" or not self._follows_a_problem(node):
                getattr(self, f"_{node.op}")(node)
        if not self.problems:
            self.nodes, self.edges = mark_currents(*drop_sums(self.nodes, self.edges))

    def _follows_a_problem(self, node: fx.Node) -> bool:
        """Whether a node takes a value that was refused, so that nothing new can be said about it."""
        made = (*self.names, *self.states, *self.inner)
        return any(n.op != "get_attr" and n not in made for n in node.all_input_nodes)

    def _placeholder(self, node: fx.Node) -> None:
        layout = self.layouts[node]
        op = nir.Input(input_type={"input": np.array(layout.features)})
        self._add(node, str(node.target), op, self.input_kind, TimeScope.PER_STEP, f"{node.target} (input)", ())

    def _get_attr(self, node: fx.Node) -> None:
        """Constants become part of the operations that use them."""

    def _call_module(self, node: fx.Node) -> None:
        target = str(node.target)
        module = self.module.get_submodule(target)
        source = next((a for a in node.all_input_nodes if a in self.names), None)
        if source is None:
            self._opaque(node, module, module_origin(self.module, target))
        elif isinstance(module, layers.VANISH):
            self.names[node] = self.names[source]
        elif isinstance(module, torch.nn.RNNBase | torch.nn.RNNCellBase) and node.meta.get(STEPPED, False):
            message, fix = "it keeps a state, which is lost after every step", "call nn.LSTM or nn.GRU outside Lift"
            name, origin = module_path(target), module_origin(self.module, target)
            self._refuse("NT-TORCH-003", name, message, type(module).__name__, fix, origin)
        elif rule_for(module) is not None:
            self._neuron(node, module, source)
        else:
            made = layers.layer(module, self.layouts[source], self.layouts[node]) if node in self.layouts else None
            if made is not None:
                self._known(node, made, module_origin(self.module, target), source)
            else:
                self._opaque(node, module, module_origin(self.module, target))

    def _neuron(self, node: fx.Node, module: torch.nn.Module, source: fx.Node) -> None:
        target = str(node.target)
        name, shape = module_path(target), self.layouts[source].features
        origin = module_origin(self.module, target)
        self.states.add(node)
        self.problems += neuron_findings(node, self.layouts[source], name, origin)
        rule = rule_for(module)
        assert rule is not None
        try:
            op = rule.make(module, shape)
        except ValueError as error:
            message, fix = f"a parameter does not fit {shape} neurons: {error}", "give one value, or one per neuron"
            self._refuse("NT-TORCH-007", name, message, "", fix, origin)
            return
        kind = ValueKind.SPIKES if isinstance(op, SPIKING_TYPES) else ValueKind.FLOAT
        self._add(node, name, op, kind, TimeScope.PER_STEP, origin, (source,), self.layouts[source])
        self.paths[name] = (target, not rule.sequence)

    def _call_function(self, node: fx.Node) -> None:
        if node.target is operator.getitem and node.args[0] in self.states:
            self._neuron_result(node)
            return
        self._operation(node, node.target, f"{node.name} ({qualified(node.target)})")

    def _call_method(self, node: fx.Node) -> None:
        self._operation(node, getattr(torch.Tensor, str(node.target)), f"{node.name} (Tensor.{node.target})")

    def _operation(self, node: fx.Node, call: Any, origin: str) -> None:
        source = next((a for a in node.all_input_nodes if a in self.names), None)
        made = None
        if source is not None and node in self.layouts:
            result = self.layouts[node]
            made = layers.scale(node, self._constant, result) or layers.reshape(node, self.layouts[source], result)
        if made is not None and source is not None:
            self._known(node, made, origin, source)
        else:
            self._opaque(node, call, origin)

    def _neuron_result(self, node: fx.Node) -> None:
        neuron, part = node.args[0], node.args[1]
        assert isinstance(neuron, fx.Node)
        if part == 0 and neuron in self.names:
            self.names[node] = self.names[neuron]
        elif any(user.op != "output" for user in node.users):
            name = module_path(str(neuron.target))
            self._refuse("NT-TORCH-003", name, "its state is used by other nodes", "", "use its output only", "")

    def _output(self, node: fx.Node) -> None:
        results = node.args[0] if isinstance(node.args[0], tuple | list) else (node.args[0],)
        values = [r for r in results if isinstance(r, fx.Node) and r in self.names]
        others = [r for r in results if isinstance(r, dict) or (isinstance(r, fx.Node) and r in self.inner)]
        if others or not (values or self.problems):
            message, fix = "the model returns something else than tensors", "return a tensor, or a tuple of tensors"
            self._refuse("NT-TORCH-008", "output", message, "", fix, "output")
        for number, value in enumerate(values):
            source = self.nodes[self.names[value]]
            name = "output" if len(values) == 1 else f"output_{number}"
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
        name, target = node_name(pair or node, set(self.nodes)), _target(pair or node, call)
        if any(source in self.states and source not in self.names for source in node.all_input_nodes):
            self._refuse("NT-TORCH-003", name, "it uses the state of a neuron", "", "use outputs only", origin)
            return
        fused = any(source in self.inner for source in node.all_input_nodes)
        if fused:
            call, operands, mixed = fuse(self.module, node, self.names)
            args: Any = tuple(Operand(n) for n in range(len(operands)))
            kwargs: Any = {}
            if mixed:
                message, fix = "a size or tuple leaves Lift", "let the module inside Lift return one tensor"
                self._refuse("NT-TORCH-008", name, message, target, fix, origin)
        else:
            args, kwargs, operands = self._arguments(node)
        if operands and not self.layouts[node].batched:
            message, fix = "it mixes the samples of a batch", "keep the batch axis: reduce over other axes only"
            self._refuse("NT-TORCH-010", name, message, target, fix, origin)
            return
        op = TorchOp(target, call, args, kwargs, sees_time=not node.meta.get(STEPPED, False))
        self._add(node, name, op, ValueKind.FLOAT, self._scope(node, call, operands), origin, operands)

    def _module_of(self, node: fx.Node) -> fx.Node | None:
        """Return the call whose result a node picks a part of, as the first part of what an LSTM returns."""
        subject = node.args[0] if node.target is operator.getitem else None
        picked = isinstance(subject, fx.Node) and subject in self.inner and subject.op == "call_module"
        return subject if isinstance(subject, fx.Node) and picked else None

    def _arguments(self, node: fx.Node) -> tuple[Any, Any, tuple[fx.Node, ...]]:
        """Replace values in the arguments of a call by operands, and constants by their tensors."""
        operands: list[fx.Node] = []

        def operand(argument: fx.Node) -> Any:
            constant = self._constant(argument)
            if constant is not None:
                return constant
            if argument not in operands:
                operands.append(argument)
            return Operand(operands.index(argument))

        return fx.map_arg(node.args, operand), fx.map_arg(node.kwargs, operand), tuple(operands)

    def _scope(self, node: fx.Node, call: Any, operands: tuple[fx.Node, ...]) -> TimeScope:
        if not any(self.layouts[o].timed for o in operands):
            return TimeScope.ONCE
        per_step = isinstance(call, layers.PER_STEP_MODULES) or node.target in layers.PER_STEP_CALLS
        alone = self.layouts[node].timed and (per_step or bool(node.meta.get(STEPPED, False)))
        alone = alone and all(self.layouts[n].standard for n in (node, *operands))
        return TimeScope.PER_STEP if alone else TimeScope.OVER_TIME

    def _constant(self, argument: Any) -> torch.Tensor | None:
        """Return the constant that an argument stands for: a number, a parameter or a buffer."""
        if isinstance(argument, int | float):
            return torch.tensor(float(argument))
        if isinstance(argument, fx.Node) and argument.op == "get_attr":
            value: Any = self.module
            for part in str(argument.target).split("."):
                value = getattr(value, part)
            return value if torch.is_tensor(value) else None
        return None

    def _add(
        self, node: fx.Node, name: str, op: Any, kind: ValueKind, scope: TimeScope, origin: str,
        sources: tuple[fx.Node, ...], layout: Layout | None = None,
    ) -> None:  # fmt: skip
        layout = layout or self.layouts[node]
        self.names[node] = name
        self.nodes[name] = Node(name, op, layout.features, kind, layout.timed, scope, origin)
        for argument, source in enumerate(sources):
            self.edges.append(edge_from(self.nodes[self.names[source]], name, argument))

    def _refuse(self, rule: str, name: str, message: str, found: str, fix: str, origin: str) -> None:
        self.problems.append(Diagnostic(rule, Severity.ERROR, name, message, found, "", fix, origin))

    def graph(self, dt: float, convention: Any, notes: tuple[str, ...]) -> Graph:
        """Return the finished graph."""
        return Graph(self.nodes, tuple(self.edges), dt, convention, notes)


def _target(node: fx.Node, call: Any) -> str:
    return f"Tensor.{node.target}" if node.op == "call_method" else qualified(call)

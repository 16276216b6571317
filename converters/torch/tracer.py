"""Traces a module symbolically at module grain.

Containers are traced through; torch's own modules and Norse's neurons are leaves. ``Lift`` calls a module once per
step: what is inside it is traced as if it stood outside, and its nodes are marked as *stepped*. A loop over time is
traced step by step and rolled up afterwards (``neurotool.converters.torch.roll``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import takewhile
from operator import getitem
from typing import Any

import torch
from norse.torch import Lift, SequentialState
from torch import fx

from neurotool.converters.norse.neurons import rule_for
from neurotool.converters.norse.unsupported import refusal
from neurotool.converters.torch import lines
from neurotool.converters.torch.factories import symbolic_factories
from neurotool.converters.torch.inputs import Call
from neurotool.converters.torch.names import changes_in_place
from neurotool.converters.torch.proxies import UNKNOWN, VALUE, DataDependentError, InPlaceError, ValueProxy, answer

STEPPED = "stepped"
"""Key in the metadata of an fx node: the node runs once per step, on values without a time axis."""

WHOLE = "neurotool_whole"
"""Attribute with which a module class asks not to be looked into: it becomes one node."""


class ModuleTracer(fx.Tracer):
    """The tracer; see the module docstring.

    Args:
        call: Inputs of the model.
        stepped: Whether the whole module runs one step at a time (a network of cells).
    """

    def __init__(self, call: Call, stepped: bool) -> None:
        super().__init__()
        self._call = call
        self._stepped = stepped
        self._depth = int(stepped)
        self._computing = False
        self._steps = 1
        self._parameters: dict[str, Any] = {}

    @classmethod
    def leaves(cls) -> ModuleTracer:
        """Return a tracer that only answers which modules are leaves."""
        return cls(Call({}), stepped=False)

    def is_leaf_module(self, m: torch.nn.Module, module_qualified_name: str) -> bool:
        """Norse neurons are leaves, its containers are not; for the rest torch's own rule holds."""
        if isinstance(m, SequentialState | Lift):
            return False
        if rule_for(m) is not None or refusal(m) is not None or getattr(m, WHOLE, False):
            return True
        return (is_dense(m) and isinstance(m, _TORCH_BLOCKS)) or super().is_leaf_module(m, module_qualified_name)

    def create_args_for_root(
        self, root_fn: Callable[..., Any], is_module: bool, concrete_args: Any = None
    ) -> tuple[Callable[..., Any], list[Any]]:
        """Make a placeholder for each input; other arguments keep their defaults."""
        names = [self._call.argument] if self._call.argument is not None else list(self._call.inputs)
        values = [self.create_proxy("placeholder", name, (), {}) for name in names]

        def call(root: torch.nn.Module, *given: Any) -> Any:
            return root_fn(root, **dict(zip(names, given, strict=True)))

        return call, [self.root, *values]

    def call_module(
        self, m: torch.nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Step into ``Lift`` without its loop over time, and keep blocks whole that cannot be traced."""
        if self._computing:
            return forward(*args, **kwargs)
        if not isinstance(m, Lift):
            return self._enter(m, forward, args, kwargs)
        inner = m.lifted_module
        if isinstance(args[0], tuple):
            # A stateful Lift returns (output, state), and the next Lift takes the pair apart.
            args = args[0] if m.is_stateful else args[0][:1]
        self._depth += 1
        try:
            return self.call_module(inner, inner.forward, args, kwargs)
        finally:
            self._depth -= 1

    def _enter(
        self, m: torch.nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Trace through a container; one without neurons whose code is no graph becomes a leaf."""
        last, depth = next(iter(reversed(self.graph.nodes)), None), len(self.module_stack)
        try:
            return super().call_module(m, forward, args, kwargs)
        except (DataDependentError, InPlaceError):
            raise
        except Exception:
            if not is_dense(m) or self.is_leaf_module(m, self.path_of_module(m)):
                raise
        self._erase_after(last)
        while len(self.module_stack) > depth:  # fx leaves what it was in when the block failed
            self.module_stack.popitem()
        return self.create_proxy("call_module", self.path_of_module(m), args, kwargs)

    def _erase_after(self, last: fx.Node | None) -> None:
        """Erase the nodes after one, and forget the parameters among them: who uses those next gets a new node."""
        erased = list(takewhile(lambda node: node is not last, reversed(self.graph.nodes)))
        for node in erased:
            self.graph.erase_node(node)
        for name, proxy in list(self._parameters.items()):
            if proxy.node in erased:
                del self._parameters[name]

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        """Take an attribute of a module; while values are computed, as it is."""
        self._parameters = parameter_proxy_cache  # of this trace: fx makes it, and hands it out here only
        return attr_val if self._computing else super().getattr(attr, attr_val, parameter_proxy_cache)

    def proxy(self, node: fx.Node) -> fx.Proxy:
        """Return a proxy that knows its value."""
        return ValueProxy(node, self)

    def to_bool(self, obj: fx.Proxy) -> bool:
        """Answer questions on sizes, and on nothing else."""
        return answer(obj)

    def create_node(self, *args: Any, **kwargs: Any) -> fx.Node:
        """Mark nodes that are made inside a ``Lift``, with their line and their value on the example."""
        node = super().create_node(*args, **kwargs)
        node.meta[STEPPED] = self._depth > 0
        node.meta[lines.LINE] = lines.current()
        node.meta[VALUE] = self._compute(node)
        return node

    def _compute(self, node: fx.Node) -> Any:
        """Value of a node on the example, of one step where it is stepped."""
        if node.op == "placeholder":
            return self._example(str(node.target))
        if node.op == "output" or changes_in_place(node):
            return UNKNOWN
        self._computing = True
        try:
            with torch.no_grad():
                if node.op == "get_attr":
                    return _attribute(self.root, str(node.target))
                args, kwargs = fx.map_arg(node.args, self._operand), fx.map_arg(node.kwargs, self._operand)
                return _call(self.root, node, args, kwargs)
        except Exception:  # a user's operation may fail in any way; running the model will say so
            return UNKNOWN
        finally:
            self._computing = False

    def _example(self, name: str) -> Any:
        values = {}
        for key, one in self._call.inputs.items():
            value = one.resized(0, 0)
            values[key] = value[0] if self._stepped and one.timed else one.in_order(value)
        return values if name == self._call.argument else values[name]

    def _operand(self, node: fx.Node) -> Any:
        value = node.meta[VALUE]
        if value is UNKNOWN:
            raise LookupError(node.name)
        if not isinstance(value, torch.Tensor) or node.op == "get_attr" or self._stepped:
            return value
        if self._depth > 0 and not node.meta[STEPPED]:
            self._steps = len(value)
            return value[0]
        if self._depth == 0 and node.meta[STEPPED]:
            return value.expand(self._steps, *value.shape)
        return value


_TORCH_BLOCKS = (torch.nn.MultiheadAttention, torch.nn.TransformerEncoderLayer, torch.nn.TransformerDecoderLayer)
"""Blocks of torch that are leaves also where a user derives from them."""


def is_dense(module: torch.nn.Module) -> bool:
    """Whether a module holds no neuron."""
    return all(rule_for(inner) is None and refusal(inner) is None for inner in module.modules())


def record(module: torch.nn.Module, call: Call, stepped: bool) -> fx.Graph:
    """Trace a module as it runs; loops come out step by step.

    Raises:
        Exception: Whatever the module's own code raises on symbolic values.
    """
    tracer = ModuleTracer(call, stepped)
    with symbolic_factories(tracer):
        graph = tracer.trace(module)
    if call.argument is not None:
        _split(graph, call)
    return graph


def _split(graph: fx.Graph, call: Call) -> None:
    """Replace the placeholder of a dictionary by one for each of its keys."""
    whole = next(n for n in graph.nodes if n.op == "placeholder")
    with graph.inserting_before(whole):
        parts = {key: graph.placeholder(key) for key in call.inputs}
    for key, part in parts.items():
        part.meta = whole.meta | {VALUE: whole.meta[VALUE][key]}
    for user in list(whole.users):
        wanted = user.args[1] if len(user.args) > 1 else None
        if user.target in ("get", getitem) and wanted in parts:
            user.replace_all_uses_with(parts[str(wanted)])
        graph.erase_node(user)
    graph.erase_node(whole)


def _attribute(root: torch.nn.Module, path: str) -> Any:
    found: Any = root
    for part in path.split("."):
        found = getattr(found, part)
    return found


def _call(root: torch.nn.Module, node: fx.Node, args: Any, kwargs: Mapping[str, Any]) -> Any:
    if node.op == "call_module":
        return root.get_submodule(str(node.target)).forward(*args, **kwargs)
    if node.op == "call_method":
        return getattr(args[0], str(node.target))(*args[1:], **kwargs)
    target: Any = node.target
    return target(*args, **kwargs)

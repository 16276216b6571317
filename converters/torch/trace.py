"""From a module to a trace without loops: how often to trace, and what refuses a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import fx

from neurotool.converters.torch import findings
from neurotool.converters.torch.checks import repeated_neurons
from neurotool.converters.torch.inputs import SAMPLES, Axes, Call
from neurotool.converters.torch.lines import code_at, line_of
from neurotool.converters.torch.names import module_path
from neurotool.converters.torch.proxies import DataDependentError, InPlaceError
from neurotool.converters.torch.roll import DELAYED, Rolled, hold, mark_holds, mark_means, roll
from neurotool.converters.torch.roll.chains import calls, single_cells
from neurotool.converters.torch.tracer import record
from neurotool.diagnostics import Diagnostic, Severity
from neurotool.errors import UnsupportedError


@dataclass(frozen=True, eq=False)
class Traced:
    """A traced module.

    Attributes:
        module: The trace; inputs come in the order of the graph.
        call: Inputs of the model, with the axes that the trace showed.
        stepped: Whether the whole module runs one step at a time, and the caller loops over time.
        held: Names of the inputs that something is computed from which is the same in every step.
        problems: Findings that refuse the model; the trace can still be looked at.
        refused: Paths of the neurons that they are about, or that stand in a loop with one.
    """

    module: fx.GraphModule
    call: Call
    stepped: bool
    held: frozenset[str]
    problems: tuple[Diagnostic, ...]
    refused: frozenset[str]


def trace(module: torch.nn.Module, call: Call) -> Traced:
    """Trace a module.

    Raises:
        UnsupportedError: It holds neurons that cannot be converted, or cannot be traced.
    """
    problems = findings.before(module)
    known = findings.attributes(module)
    try:
        graph, stepped = _record(module, call)
    except Exception as error:  # tracing runs the user's code with proxies, which may fail in any way
        kept = findings.kept_states(module, known)
        own = [findings.untraceable(error)] if not kept or isinstance(error, DataDependentError | InPlaceError) else []
        _refuse([*problems, *kept, *own])
    problems += findings.kept_states(module, known)
    problems += findings.in_place(graph)
    if stepped:
        problems += findings.mixed_time(module)
    _refuse(problems)
    if not stepped and (turned := _turned(module, graph, call)) is not None:
        return trace(module, turned)
    _turn(graph, call)
    if not stepped:
        mark_holds(module, graph)
    rolled = Rolled(graph, ()) if stepped else roll(module, graph)
    odd = [] if stepped else _calls_beside_loops(module, graph)
    if (steps := _steps(call)) is not None:
        mark_means(rolled.graph, steps, SAMPLES)
    fed_back = {node.meta[DELAYED] for node in rolled.graph.nodes if DELAYED in node.meta}
    rolled.graph.eliminate_dead_code(lambda node: node.op in ("placeholder", "output") or node in fed_back)
    holds = [node for node in rolled.graph.nodes if node.target is hold]
    held = frozenset(str(n.target) for node in holds for n in _inputs_of(node))
    traced = fx.GraphModule(module, rolled.graph)
    repeated = [d for d in repeated_neurons(traced) if d.node not in rolled.stuck]
    found = {d.node: d for d in (*repeated, *rolled.problems, *odd)}
    refused = {d.node for d in (*rolled.problems, *odd)}
    return Traced(traced, call, stepped, held, tuple(found.values()), rolled.stuck | refused)


def _refuse(problems: Sequence[Diagnostic]) -> None:
    if problems:
        raise UnsupportedError(f"{len(problems)} finding(s) keep the model from being converted", diagnostics=problems)


def _record(module: torch.nn.Module, call: Call) -> tuple[fx.Graph, bool]:
    """Trace a module; one whose cells are called once each is stepped from outside."""
    if not findings.holds_cells(module):
        return record(module, call, stepped=False), False
    try:
        graph = record(module, call, stepped=False)
    except Exception as error:
        try:
            return record(module, call, stepped=True), True
        except Exception:
            raise error from None
    if any(len(found) > 1 for found in calls(module, graph).values()) or not single_cells(module, graph):
        return graph, False
    return record(module, call, stepped=True), True


def _turned(module: torch.nn.Module, graph: fx.Graph, call: Call) -> Call | None:
    """Return the inputs anew where a loop reads another axis step by step than was taken for time."""
    changed = {}
    for node, axis in roll(module, graph).slices:
        one = call.inputs.get(str(node.target)) if node.op == "placeholder" else None
        if one is not None and not one.given and axis in (0, 1):
            axes = (Axes.TIME_BATCH, Axes.BATCH_TIME)[axis]
            if axes is not one.axes:
                changed[one.name] = one.read_as(axes)
    return replace(call, inputs={**call.inputs, **changed}) if changed else None


def _turn(graph: fx.Graph, call: Call) -> None:
    """Let inputs that ``forward`` wants batch first come in time first."""
    for node in [n for n in graph.nodes if n.op == "placeholder"]:
        if call.inputs[str(node.target)].axes is Axes.BATCH_TIME:
            users = list(node.users)
            with graph.inserting_after(node):
                turned = graph.call_method("transpose", (node, 0, 1))
            turned.meta = dict(node.meta)
            for user in users:
                if _swaps(user):  # the model brings time to the front itself
                    user.replace_all_uses_with(node)
                else:
                    user.replace_input_with(node, turned)


def _swaps(node: fx.Node) -> bool:
    """Whether a node exchanges the first two axes and leaves the others."""
    axes = node.args[1] if len(node.args) == 2 and isinstance(node.args[1], tuple | list) else node.args[1:]
    if node.target in ("transpose", "swapaxes", torch.transpose):
        return tuple(axes) in ((0, 1), (1, 0))
    return node.target in ("permute", torch.permute) and tuple(axes) == (1, 0, *range(2, len(axes)))


def _steps(call: Call) -> int | None:
    """Return the number of steps of the examples, if it is one for all."""
    found = {one.example.shape[0] for one in call.inputs.values() if one.timed}
    return found.pop() if len(found) == 1 else None


def _calls_beside_loops(module: torch.nn.Module, graph: fx.Graph) -> list[Diagnostic]:
    """Cells that run a single step in a model that steps others by a loop."""
    found = []
    for node in single_cells(module, graph):
        name, line = module_path(str(node.target)), line_of(node)
        message = f"{name}: it is called once, for a single step"
        fix = "step it in the loop over time, or put it into Lift"
        found.append(Diagnostic("NT-TORCH-014", Severity.ERROR, name, message, code_at(line), "", fix, line))
    return found


def _inputs_of(node: fx.Node) -> list[fx.Node]:
    """Inputs that a value is computed from."""
    seen, ahead = {node}, [node]
    while ahead:
        new = [n for n in ahead.pop().all_input_nodes if n not in seen]
        seen.update(new)
        ahead += new
    return [n for n in seen if n.op == "placeholder"]

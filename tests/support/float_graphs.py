"""Small float graphs for the tests of the passes."""

from __future__ import annotations

import nir
import numpy as np

from neurotool.ir.convention import CONVENTIONS
from neurotool.ir.graph import Edge, Graph, Node, TorchOp, edge_from
from neurotool.ir.update import NeuronUpdate
from neurotool.ir.values import TimeScope, ValueKind

K = ValueKind


def node(name, op, shape, kind, timed=True, scope=None, update=None) -> Node:
    scope = scope or (TimeScope.PER_STEP if timed else TimeScope.ONCE)
    return Node(name, op, tuple(shape), kind, timed, scope, f"{name} (test)", update)


def source(name="x", shape=(2,), kind=K.SPIKES, timed=True) -> Node:
    return node(name, nir.Input(input_type={"input": np.array(shape)}), shape, kind, timed)


def sink(name, shape, kind=K.FLOAT, timed=True) -> Node:
    return node(name, nir.Output(output_type={"output": np.array(shape)}), shape, kind, timed)


def linear(name, weight, bias=None, kind=K.CURRENT, timed=True) -> Node:
    weight = np.array(weight, np.float32)
    op = nir.Linear(weight=weight) if bias is None else nir.Affine(weight=weight, bias=np.array(bias, np.float32))
    return node(name, op, (weight.shape[0],), kind, timed)


def update(n, *, ku=1.0, kv=0.1, leaky=True, threshold=1.0, reset=0.0, leak=0.0, initial=None, r=1.0) -> NeuronUpdate:
    def full(value):
        return np.full(n, value, np.float64)

    return NeuronUpdate(
        current_decay=full(ku),
        input_gain=full(1.0),
        leaky=leaky,
        membrane_decay=full(kv if leaky else 0.0),
        resistance=full(r),
        leak=full(leak),
        threshold=None if threshold is None else full(threshold),
        reset=full(reset),
        initial=full(reset if initial is None else initial),
    )


def lif(name, n, **kwargs) -> Node:
    one = np.ones(n)
    op = nir.CubaLIF(tau_syn=one, tau_mem=one, r=one, v_leak=one * 0, v_threshold=one)
    return node(name, op, (n,), K.SPIKES, update=update(n, **kwargs))


def readout(name, n, **kwargs) -> Node:
    one = np.ones(n)
    op = nir.CubaLI(tau_syn=one, tau_mem=one, r=one, v_leak=one * 0)
    return node(name, op, (n,), K.FLOAT, update=update(n, threshold=None, **kwargs))


def dense_op(name, shape, timed, scope=None) -> Node:
    return node(name, TorchOp("torch.relu", call=abs), shape, K.FLOAT, timed, scope)


def graph(nodes, links) -> Graph:
    """Make a graph from nodes and (source, target) names; arguments are numbered in order of appearance."""
    by_name = {n.name: n for n in nodes}
    edges: list[Edge] = []
    for a, b in links:
        edges.append(edge_from(by_name[a], b, sum(e.target == b for e in edges)))
    return Graph(by_name, tuple(edges), 1e-3, CONVENTIONS["norse"])


def chain(*nodes) -> Graph:
    return graph(nodes, list(zip([n.name for n in nodes], [n.name for n in nodes][1:], strict=False)))

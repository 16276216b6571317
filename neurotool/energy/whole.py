"""Work of a whole float graph without a neuromorphic chip: as a spiking network step by step, or as a plain ANN."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping

import nir
import numpy as np

from neurotool.diagnostics import Diagnostic, Severity
from neurotool.errors import UnsupportedError, UsageError
from neurotool.ir.costs import DenseCounts, total_counts
from neurotool.ir.graph import SPIKING_TYPES, Graph, Node

FLOAT_BYTES = 4
ELEMENT_BYTES = 3 * FLOAT_BYTES  # an element-wise kernel reads two operands and writes one result

Kernel = tuple[int, int, int]
"""An element-wise kernel of a neuron update: FLOP, bytes of a parameter, and bytes of values, for each neuron."""

_PLAIN: Kernel = (1, 0, 3 * FLOAT_BYTES)  # two values to a third, such as v + i
_COEFFICIENT: Kernel = (1, FLOAT_BYTES, 2 * FLOAT_BYTES)  # a value and a parameter, such as r * u
_CONSTANT: Kernel = (1, 0, 2 * FLOAT_BYTES)  # a value and a number, such as 1 - s
_COMPARE: Kernel = (1, 0, FLOAT_BYTES + 1)  # a value to a truth value, of one byte
_CONVERT: Kernel = (0, 0, 1 + FLOAT_BYTES)  # a truth value to a number

_FILTER = (_COEFFICIENT, _PLAIN, _COEFFICIENT, _PLAIN)  # gain * x, u +; decay * u, u -
_INTEGRATE = (_COEFFICIENT, _PLAIN)  # r * u, v +
_LEAK = (_COEFFICIENT, _COEFFICIENT, _PLAIN, _COEFFICIENT, _PLAIN)  # leak - v, r * u, +, decay *, v +
_FIRE = (_COEFFICIENT, _COMPARE, _CONVERT)  # v - threshold, > 0, as a number
_RESET = (_CONSTANT, _PLAIN, _COEFFICIENT, _PLAIN)  # 1 - s, * v, s * reset, +
_SUBTRACT = (_COEFFICIENT, _PLAIN)  # s * threshold, v -
_HOLD = (
    _COMPARE,  # held > 0
    (1, FLOAT_BYTES, 2 * FLOAT_BYTES + 1),  # reset or v
    _COMPARE,  # s > 0
    _CONSTANT,  # held - 1
    (2, 0, 2 * FLOAT_BYTES),  # at least 0
    (0, 0, 0),  # the period as a tensor
    (1, 0, 2 * FLOAT_BYTES + 1),  # period or held
)

_MEMBRANES: Mapping[type[nir.NIRNode], tuple[Kernel, ...]] = {
    nir.Threshold: (*_FILTER, _COEFFICIENT),
    nir.I: (*_FILTER, *_INTEGRATE),
    nir.IF: (*_FILTER, *_INTEGRATE),
    nir.LI: (*_FILTER, *_LEAK),
    nir.LIF: (*_FILTER, *_LEAK),
    nir.CubaLI: (*_FILTER, *_LEAK),
    nir.CubaLIF: (*_FILTER, *_LEAK),
}
"""What each neuron does to its potential in a step: :class:`neurotool.ir.update.NeuronUpdate` as torch parts compute
it, operation by operation, each a kernel of its own. The current filter is there also where it forgets at once."""


def neuron_kernels(node: Node) -> tuple[Kernel, ...]:
    """Kernels of one step of a population."""
    kernels = _MEMBRANES[type(node.op)]
    if isinstance(node.op, nir.Threshold):
        return (*kernels, *_FIRE)
    if not isinstance(node.op, SPIKING_TYPES):
        return kernels
    subtracts = node.update is not None and node.update.subtract is not None
    rests = node.update is not None and node.update.refractory > 0
    return (*kernels, *_FIRE, *(_SUBTRACT if subtracts else _RESET), *(_HOLD if rests else ()))


_FREE = (nir.Input, nir.Output, nir.Flatten)


def dense_counts_of_graph(
    graph: Graph, steps: int, batch: int = 1, counted: Mapping[tuple[str, ...], DenseCounts] | None = None
) -> DenseCounts:
    """Count the work of running every node densely, as a framework does: each timed node once per step.

    Args:
        graph: The whole float graph.
        steps: Time steps of one inference.
        batch: Samples in the batch.
        counted: Work already known, by the names of the nodes it covers (``Part.nodes``), for the same batch.

    Returns:
        Arithmetic, bytes and kernels of one batch. Zero weights are counted: a dense kernel multiplies by them too.

    Raises:
        UsageError: Work was given for another batch or number format.
        UnsupportedError: The graph has nodes whose work is neither known here nor given; lists all of them.
    """
    given = counted or {}
    covered = {name for names in given for name in names}
    total = _sum(graph, batch, _calls, lambda node: steps if node.timed else 1, covered)
    for names, counts in given.items():
        if (counts.batch, counts.precision) != (total.batch, total.precision):
            raise UsageError(
                f"{', '.join(names)}: counted with batch {counts.batch} in {counts.precision}, "
                f"the graph with batch {batch} in {total.precision}",
                hint="count both alike",
            )
        total += counts
    return total


def ann_counts_of_graph(graph: Graph, batch: int = 1) -> DenseCounts:
    """Count the work of an ANN with the same layers: each runs once, and every neuron is one activation function.

    Args:
        graph: The float graph of the spiking network.
        batch: Samples in the batch.

    Raises:
        UnsupportedError: The graph has nodes whose work is not known; lists all of them.
    """
    return _sum(graph, batch, _ann_calls, lambda _: 1)


Call = tuple[float, float, float]
"""One kernel: FLOP per sample, bytes of weights, bytes of values per sample."""


def _sum(
    graph: Graph,
    batch: int,
    calls: Callable[[Node], Iterable[Call] | None],
    repeats: Callable[[Node], int],
    covered: Iterable[str] = (),
) -> DenseCounts:
    nodes = [node for name, node in graph.nodes.items() if name not in set(covered)]
    unknown = [node for node in nodes if calls(node) is None]
    if unknown:
        raise UnsupportedError(
            f"the work of {len(unknown)} node(s) is not known: {', '.join(node.name for node in unknown)}",
            hint="give the counts of the part that holds them",
            diagnostics=[_refusal(node) for node in unknown],
        )
    return total_counts((counts for node in nodes for counts in _counted(node, batch, calls, repeats)), batch)


def _counted(
    node: Node, batch: int, calls: Callable[[Node], Iterable[Call] | None], repeats: Callable[[Node], int]
) -> Iterator[DenseCounts]:
    """Work of each kernel of a node."""
    times = repeats(node)
    for flops, weight_bytes, value_bytes in calls(node) or ():
        yield DenseCounts(times * batch * flops, times * (weight_bytes + batch * value_bytes), times, batch)


def _calls(node: Node) -> Iterable[Call] | None:
    """Kernels of one call of a node. None if not known."""
    operation, size = node.op, math.prod(node.shape)
    if isinstance(operation, _FREE):
        return ()
    if isinstance(operation, nir.Linear | nir.Affine):
        outputs, inputs = operation.weight.shape[-2:]
        columns = size // outputs  # a weight applied along further axes is applied once per position
        bias = outputs if isinstance(operation, nir.Affine) else 0
        flops = columns * (2.0 * outputs * inputs + bias)
        return ((flops, FLOAT_BYTES * (outputs * inputs + bias), FLOAT_BYTES * columns * (inputs + outputs)),)
    if isinstance(operation, nir.Conv1d | nir.Conv2d):
        return (_convolution(operation, size),)
    if isinstance(operation, nir.SumPool2d | nir.AvgPool2d):
        area = float(np.prod(np.broadcast_to(operation.kernel_size, 2)))
        return ((size * area, 0.0, FLOAT_BYTES * size * (area + 1)),)
    if isinstance(operation, nir.Scale):
        return ((float(size), 0.0, float(ELEMENT_BYTES * size)),)
    if isinstance(operation, nir.Delay):
        return ((0.0, 0.0, 2.0 * FLOAT_BYTES * size),)
    if type(operation) in _MEMBRANES:
        return tuple((float(f * size), float(w * size), float(v * size)) for f, w, v in neuron_kernels(node))
    return None


def _ann_calls(node: Node) -> Iterable[Call] | None:
    """The same in an ANN: a neuron is one activation function, which reads and writes a value."""
    if type(node.op) in _MEMBRANES:
        size = math.prod(node.shape)
        return ((float(size), 0.0, 2.0 * FLOAT_BYTES * size),)
    return _calls(node)


def _convolution(operation: nir.Conv1d | nir.Conv2d, size: int) -> Call:
    """One kernel. Inputs are read once, as many as the kernel's stride steps over."""
    weights, outputs = int(np.size(operation.weight)), int(np.shape(operation.weight)[0])
    bias = outputs if operation.bias is not None else 0
    positions = size // outputs
    stride = float(np.prod(np.broadcast_to(operation.stride, np.ndim(operation.weight) - 2)))
    channels = np.shape(operation.weight)[1] * int(operation.groups)
    read = channels * positions * stride
    return positions * (2.0 * weights + bias), FLOAT_BYTES * (weights + bias), FLOAT_BYTES * (read + size)


def _refusal(node: Node) -> Diagnostic:
    message = f"{node.name}: the work of {node.type_name} is not known"
    fix = "give the counts of the part that holds it"
    return Diagnostic(
        "NT-ENERGY-002", Severity.ERROR, node.name, message, found=node.type_name, fix=fix, origin=node.origin
    )

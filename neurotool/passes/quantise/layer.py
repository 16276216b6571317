"""One population with everything that ends at it, in floats that need only a scale to become integers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import nir
import numpy as np
import numpy.typing as npt

from neurotool.ir.graph import Graph, Node
from neurotool.ir.update import NeuronUpdate

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Synapses:
    """Float synapses from one source: the increase of the membrane potential per unit of payload.

    Attributes:
        name: Name of the synaptic node, or ``source->population`` for a direct connection.
        source: Node whose spikes they carry.
        weights: ``[target, source]``.
        origin: Node of the float graph.
    """

    name: str
    source: str
    weights: FloatArray
    origin: str


@dataclass(frozen=True, eq=False)
class Layer:
    """A population whose potential is counted from ``zero``, so that it starts and is reset at zero::

        u[t] = (1 - current_decay) * u[t-1] + sum(weights @ payload[t])
        v[t] = (1 - membrane_decay) * v[t-1] + u[t] + bias
        s[t] = v[t] > threshold

    A bias in front of a current filter passes through the filter. The chip has no register for it, so it arrives as
    synapses of a bias axon: a source that fires in every step.

    All arrays have one value per neuron of the flat population.
    """

    node: Node
    update: NeuronUpdate
    synapses: tuple[Synapses, ...]
    current_decay: FloatArray
    membrane_decay: FloatArray
    threshold: FloatArray | None
    bias: FloatArray
    zero: FloatArray

    @property
    def size(self) -> int:
        """Number of neurons."""
        return self.bias.size


def layer(graph: Graph, node: Node, units: Mapping[str, float]) -> Layer:
    """Collect what ends at a population.

    Args:
        graph: A spiking part, folded and discretised.
        node: The neuron node.
        units: Float value of a payload of one, for each input of the part; 1 for spikes.
    """
    update = node.update
    if update is None:
        raise ValueError(f"{node.name}: quantise needs a discretised graph")
    gain = (update.current_to_membrane * update.input_gain).reshape(-1)
    zero = _zero_point(update)
    drift = (update.membrane_decay * (update.leak - zero)).reshape(-1)
    found, constant = [], np.zeros(gain.size)
    for edge in graph.incoming(node.name):
        feeder = graph.nodes[edge.source]
        weight, bias, source = _synaptic(graph, feeder, gain.size)
        name = feeder.name if isinstance(feeder.op, nir.Linear | nir.Affine | nir.Scale) else f"{source}->{node.name}"
        found.append(Synapses(name, source, gain[:, None] * weight * units.get(source, 1.0), feeder.origin))
        constant += gain * bias
    if update.has_current_memory and np.any(constant):
        axon = bias_axon(node.name)
        found.append(Synapses(f"{axon}_weights", axon, constant[:, None], node.origin))
        constant = np.zeros(gain.size)
    return Layer(
        node=node,
        update=update,
        synapses=tuple(found),
        current_decay=update.current_decay.reshape(-1),
        membrane_decay=update.membrane_decay.reshape(-1),
        threshold=None if update.threshold is None else (update.threshold - zero).reshape(-1),
        bias=drift + constant,
        zero=zero.reshape(-1),
    )


def bias_axon(population: str) -> str:
    """Name of the bias axon of a population."""
    return f"{population}.bias"


def _zero_point(update: NeuronUpdate) -> FloatArray:
    """Potential that integer zero stands for: the reset of a spiking neuron, the start of a read-out."""
    return update.reset if update.spikes else update.initial


def _synaptic(graph: Graph, feeder: Node, size: int) -> tuple[FloatArray, FloatArray, str]:
    """Return weights, bias and source of the node in front of a population."""
    if isinstance(feeder.op, nir.Linear | nir.Affine):
        bias = np.asarray(feeder.op.bias, np.float64) if isinstance(feeder.op, nir.Affine) else np.zeros(size)
        return (
            np.asarray(feeder.op.weight, np.float64),
            bias,
            through_reshapes(graph, graph.incoming(feeder.name)[0].source),
        )
    if isinstance(feeder.op, nir.Scale):
        scale = np.broadcast_to(np.asarray(feeder.op.scale, np.float64), feeder.shape).reshape(-1)
        return np.diag(scale), np.zeros(size), through_reshapes(graph, graph.incoming(feeder.name)[0].source)
    return np.eye(size), np.zeros(size), through_reshapes(graph, feeder.name)


def through_reshapes(graph: Graph, name: str) -> str:
    """Follow flatten nodes back to the node that makes the value; populations are flat on the chip anyway."""
    while isinstance(graph.nodes[name].op, nir.Flatten):
        name = graph.incoming(name)[0].source
    return name

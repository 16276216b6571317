"""One population with everything that ends at it, in floats that need only a scale to become integers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import chain, count

import numpy as np

from neurotool.arrays import Float64Array, Int64Array
from neurotool.ir.connectivity import planes
from neurotool.ir.graph import Graph, Node, Shape
from neurotool.ir.program import AllToAll, Connectivity, Convolution, Sparse
from neurotool.ir.update import NeuronUpdate
from neurotool.passes.linear import LinearPath, collect
from neurotool.synapses.expand import convolution_taps


@dataclass(frozen=True, eq=False)
class Synapses:
    """Float synapses from one source: the increase of the membrane potential per unit of payload.

    Attributes:
        name: Name of the synaptic node, or ``source->population`` for a direct connection.
        source: Node whose spikes they carry.
        weights: As the connectivity asks for.
        connectivity: Which source neuron reaches which target neuron.
        delay: Time steps that a spike waits, the same for all synapses or one for each source neuron.
        origin: Node of the float graph.
        shape: Shape of the source.
    """

    name: str
    source: str
    weights: Float64Array
    connectivity: Connectivity
    delay: int | Int64Array
    origin: str
    shape: Shape

    @property
    def smallest_delay(self) -> int:
        """Fewest time steps that a spike waits."""
        return int(np.min(self.delay))

    @property
    def convolves(self) -> bool:
        """Whether these are the shared weights of a convolution."""
        return isinstance(self.connectivity, Convolution)

    @property
    def adds_up(self) -> bool:
        """Whether a neuron may hear more than one of these synapses."""
        if isinstance(self.connectivity, AllToAll):
            return bool(self.weights.shape[1] > 1)
        if isinstance(self.connectivity, Sparse):
            return bool(np.bincount(self.connectivity.targets).max(initial=0) > 1)
        return bool(self.weights[0].size > 1)


@dataclass(frozen=True, eq=False)
class Layer:
    """A population whose potential is counted from ``zero``, so that it starts and is reset at zero::

        u[t] = (1 - current_decay) * u[t-1] + sum(weights @ payload[t])
        v[t] = (1 - membrane_decay) * v[t-1] + u[t] + bias
        s[t] = v[t] > threshold    (schedule[t] in the first steps, where there is one)

    A bias in front of a current filter passes through the filter. The chip has no register for it, so it arrives as
    synapses of a bias axon: a source that fires in every step.

    All arrays have one value per neuron of the flat population; the schedule has rows of them.
    """

    node: Node
    update: NeuronUpdate
    synapses: tuple[Synapses, ...]
    current_decay: Float64Array
    membrane_decay: Float64Array
    threshold: Float64Array | None
    bias: Float64Array
    zero: Float64Array
    schedule: Float64Array | None = None

    @property
    def thresholds(self) -> Float64Array | None:
        """Every threshold of a population that fires, neurons on the last axis."""
        if self.threshold is None or self.schedule is None:
            return self.threshold
        return np.vstack([self.schedule, self.threshold])

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
    found: list[Synapses] = []
    constant = np.zeros(gain.size)
    for path in collect(graph, node.name):
        found.append(_synapses(path, _own_name(path, {s.name for s in found}), gain, units.get(path.source, 1.0)))
        constant += gain * path.bias
    if update.has_current_memory and np.any(constant):
        axon = bias_axon(node.name)
        found.append(Synapses(f"{axon}_weights", axon, constant[:, None], AllToAll(), 0, node.origin, (1,)))
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
        schedule=None if update.schedule is None else (update.schedule - zero).reshape(len(update.schedule), -1),
    )


def _own_name(path: LinearPath, taken: Collection[str]) -> str:
    """The name of the last node; with the source, and a number, where several paths end with that node."""
    fuller = f"{path.name}<-{path.source}"
    numbered = (f"{fuller}.{number}" for number in count(2))
    return next(name for name in chain([path.name, fuller], numbered) if name not in taken)


def _synapses(path: LinearPath, name: str, gain: Float64Array, unit: float) -> Synapses:
    """Scale a path by the gain of each target neuron; a convolution stays one if all of a channel share the gain."""
    weights = path.weights if unit == 1.0 else path.weights * unit
    found = Synapses(name, path.source, weights, path.connectivity, path.delay, path.origin, path.shape)
    if isinstance(found.connectivity, Convolution):
        channels = gain.reshape(len(found.weights), -1)
        if (channels == channels[:, :1]).all():
            return replace(found, weights=channels[:, :1, None, None] * found.weights)
        found = listed(found)
    per_synapse = gain[found.connectivity.targets] if isinstance(found.connectivity, Sparse) else gain[:, None]
    return replace(found, weights=per_synapse * found.weights)


def listed(synapses: Synapses) -> Synapses:
    """A convolution synapse by synapse."""
    assert isinstance(synapses.connectivity, Convolution)
    targets, sources, places = convolution_taps(planes(synapses.shape), synapses.connectivity, synapses.weights)
    return replace(
        synapses, weights=synapses.weights.ravel()[places], connectivity=Sparse(targets=targets, sources=sources)
    )


def bias_axon(population: str) -> str:
    """Name of the bias axon of a population."""
    return f"{population}.bias"


def _zero_point(update: NeuronUpdate) -> Float64Array:
    """Potential that integer zero stands for: the value that a spike resets to, else the start."""
    return update.reset if update.spikes and update.subtract is None else update.initial

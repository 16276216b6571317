"""A spiking part in float64, with every coefficient open to be replaced by a rounded one.

Between a float graph and its integers lie several roundings that happen together. Here each of them can be made alone,
on the same data. A population follows the equations of an integer one, but in floats::

    u[t] = (1 - current_decay) * u[t-1] + sum(matrix @ payload[t - delay])
    v[t] = (1 - membrane_decay) * v[t-1] + u[t] + bias
    s[t] = v[t] > threshold ;  v[t] = 0, or v[t] - subtract, where s[t]

and potentials are counted from ``zero``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import networkx as nx
import numpy as np
from scipy import sparse

from neurotool.arrays import Float64Array, Int64Array
from neurotool.ir.connectivity import planes
from neurotool.ir.graph import Shape
from neurotool.ir.program import AllToAll, Connectivity, Sparse
from neurotool.ir.trace import Raster, Trace
from neurotool.synapses.expand import convolution_taps

Matrix = Any
"""``[target, source]``: a float64 array, or a ``scipy.sparse`` array, which has no types of its own."""


@dataclass(frozen=True, eq=False)
class Connection:
    """Synapses from one source to one population.

    Attributes:
        source: Input, population or constant.
        weights: As the connectivity asks for.
        delays: Time steps that a spike waits, for all or in the shape of the weights.
        connectivity: Which source neuron reaches which target neuron.
        shape: Shape of the source.
        size: Number of target neurons.
    """

    source: str
    weights: Float64Array
    delays: Int64Array
    connectivity: Connectivity
    shape: Shape
    size: int

    @cached_property
    def matrices(self) -> Mapping[int, Matrix]:
        """The weights as matrices, by the steps that they wait."""
        waits = {int(delay) for delay in np.unique(self.delays)}
        return {delay: self._matrix(np.where(self.delays == delay, self.weights, 0.0)) for delay in waits}

    def _matrix(self, weights: Float64Array) -> Matrix:
        if isinstance(self.connectivity, AllToAll):
            return weights
        if isinstance(self.connectivity, Sparse):
            entries = weights, (self.connectivity.targets, self.connectivity.sources)
        else:
            targets, sources, places = convolution_taps(planes(self.shape), self.connectivity, weights)
            entries = weights.ravel()[places], (targets, sources)
        return sparse.csr_array(entries, shape=(self.size, math.prod(self.shape)))

    def place(self, index: int) -> tuple[int, int | None]:
        """Target and source neuron of a weight by its flat index; of a convolution, the channel and None."""
        if isinstance(self.connectivity, Sparse):
            return int(self.connectivity.targets[index]), int(self.connectivity.sources[index])
        first, *rest = np.unravel_index(index, self.weights.shape)
        return int(first), int(rest[0]) if isinstance(self.connectivity, AllToAll) else None


@dataclass(frozen=True, eq=False)
class FloatPopulation:
    """A population; all arrays have one value per neuron of the flat population.

    Attributes:
        name: Its name.
        shape: Shape without time and batch.
        connections: What it hears, by name of the synapses.
        current_decay: Share of the current lost per step.
        membrane_decay: Share of the potential lost per step.
        bias: What is added to the potential in every step.
        threshold: Potential above which it fires, or None for a read-out.
        subtract: What a spike takes away, or None for a reset to zero.
        inclusive: Whether a potential that equals the threshold fires.
        refractory: Steps after a spike through which the potential stays at zero.
        zero: Potential of the model that zero stands for.
        schedule: Thresholds of the first steps, ``[row, neuron]``, or None.
    """

    name: str
    shape: Shape
    connections: Mapping[str, Connection]
    current_decay: Float64Array
    membrane_decay: Float64Array
    bias: Float64Array
    threshold: Float64Array | None
    subtract: Float64Array | None
    inclusive: bool
    refractory: int
    zero: Float64Array
    schedule: Float64Array | None = None


@dataclass(frozen=True, eq=False)
class FloatNetwork:
    """Populations in an order in which each follows those that it hears in the same step.

    Attributes:
        dt: Length of a time step in seconds.
        populations: Populations by name.
        constants: Sources that send one in every step.
    """

    dt: float
    populations: Mapping[str, FloatPopulation]
    constants: frozenset[str] = frozenset()

    def replaced(self, populations: Mapping[str, FloatPopulation]) -> FloatNetwork:
        """Return the network with other populations of the same names."""
        return FloatNetwork(self.dt, {**self.populations, **populations}, self.constants)


def simulate(network: FloatNetwork, inputs: Mapping[str, Raster]) -> Trace:
    """Run a network from rest and record spikes, currents and potentials.

    Args:
        network: The network.
        inputs: Payloads ``[time, batch, *shape]`` of every input.

    Returns:
        A recording like that of the float reference; potentials are those of the model.
    """
    steps, batch = next(iter(inputs.values())).shape[:2]
    sent = {name: values.reshape(steps, batch, -1).astype(np.float64) for name, values in inputs.items()}
    sent |= {name: np.ones((steps, batch, 1)) for name in network.constants}
    states: dict[str, dict[str, Raster]] = {}
    for group in _groups(network):
        members = [_Member(p, sent, {q.name for q in group}, steps, batch) for p in group]
        sent |= {member.population.name: member.out for member in members}
        for t in range(steps):
            for member in members:
                member.advance(t, sent)
        for member in members:
            states[member.population.name] = member.recorded()
    spikes = {name: raster for name, raster in inputs.items() if raster.dtype == np.bool_}
    populations = network.populations
    spikes |= {
        n: (sent[n] != 0).reshape(steps, batch, *p.shape) for n, p in populations.items() if p.threshold is not None
    }
    outputs = {n: spikes[n] if p.threshold is not None else states[n]["v"] for n, p in populations.items()}
    return Trace(
        target="float64",
        dt=network.dt,
        steps=steps,
        spikes=spikes,
        states=states,
        outputs=outputs,
        latency=dict.fromkeys((*inputs, *populations), 0),
        seconds=0.0,
    )


def _groups(network: FloatNetwork) -> Iterator[Sequence[FloatPopulation]]:
    """Yield populations one by one, those of a loop together."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(network.populations)
    for name, population in network.populations.items():
        graph.add_edges_from(
            (w.source, name) for w in population.connections.values() if w.source in network.populations
        )
    place = {name: index for index, name in enumerate(network.populations)}
    condensed = nx.condensation(graph)
    members = {key: sorted(names, key=place.__getitem__) for key, names in condensed.nodes(data="members")}
    for key in nx.lexicographical_topological_sort(condensed, key=lambda k: place[members[k][0]]):
        yield [network.populations[name] for name in members[key]]


class _Member:
    """A population during a run. What comes from outside its loop is summed for all steps at once."""

    def __init__(
        self, population: FloatPopulation, sent: Mapping[str, Float64Array], loop: set[str], steps: int, batch: int
    ) -> None:
        shape = steps, batch, population.zero.size
        self.population = population
        self.out, self._u, self._v = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self._x = np.zeros(shape)
        self._inner = [w for w in population.connections.values() if w.source in loop]
        self._held: Int64Array = np.zeros(shape[1:], np.int64)
        for connection in population.connections.values():
            for delay, matrix in connection.matrices.items():
                if connection.source not in loop and delay < steps:
                    heard = sent[connection.source][: steps - delay]
                    self._x[delay:] += (heard.reshape(-1, heard.shape[-1]) @ matrix.T).reshape(-1, *shape[1:])

    def advance(self, t: int, sent: Mapping[str, Float64Array]) -> None:
        """Compute step t."""
        p, x = self.population, self._x[t]
        for connection in self._inner:
            for delay, matrix in connection.matrices.items():
                if delay <= t:
                    x = x + sent[connection.source][t - delay] @ matrix.T
        before = (self._u[t - 1], self._v[t - 1], self.out[t - 1]) if t else (0.0, 0.0, 0.0)
        self._u[t] = (1 - p.current_decay) * before[0] + x
        v = (1 - p.membrane_decay) * before[1] + self._u[t] + p.bias
        if p.refractory:
            v = np.where(self._held > 0, 0.0, v)
        if p.threshold is None:
            self._v[t] = v
            return
        threshold = p.threshold if p.schedule is None or t >= len(p.schedule) else p.schedule[t]
        fired = v >= threshold if p.inclusive else v > threshold
        self.out[t] = fired
        self._v[t] = v - fired * p.subtract if p.subtract is not None else np.where(fired, 0.0, v)
        self._held = np.where(fired, p.refractory, np.maximum(self._held - 1, 0))

    def recorded(self) -> dict[str, Raster]:
        """Currents, and potentials of the model."""
        shape = (*self._u.shape[:2], *self.population.shape)
        return {"u": self._u.reshape(shape), "v": (self._v + self.population.zero).reshape(shape)}

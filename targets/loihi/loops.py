"""Loops of populations in their compiled form (:mod:`.loop_kernel`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.neurons import MODELS
from neurotool.targets.loihi.layers import Layer
from neurotool.targets.loihi.loop_kernel import Connections, Neurons, through_rows
from neurotool.targets.loihi.run import Run
from neurotool.targets.loihi.scans.scan import CompiledScan
from neurotool.targets.loihi.synapses import Arithmetic, Delivered, Synapses
from neurotool.targets.loihi.synapses.dense import DenseSynapses
from neurotool.targets.loihi.synapses.sparse import SparseSynapses

Item = TypeVar("Item")

WORTH_COMPILING = 64
"""Rows of a run from which on it pays to load the machine code, which takes as long as some hundred steps."""

MOST_CONNECTIONS = 64
"""Most connections that are compiled together."""


def is_compilable(layers: Sequence[Layer]) -> bool:
    """Whether a loop has a compiled form: one model that sends binary spikes, and no convolution within."""
    inside = [connection.synapses for layer in layers for connection in layer.inside]
    return (
        len({layer.population.model for layer in layers}) == 1
        and not MODELS[layers[0].population.model].graded
        and all(isinstance(layer.scan, CompiledScan) for layer in layers)
        and 0 < len(inside) <= MOST_CONNECTIONS
        and all(isinstance(synapses, DenseSynapses | SparseSynapses) and synapses.exact_events for synapses in inside)
    )


def compiled_scan(layer: Layer) -> CompiledScan:
    """Return the neurons of a layer that are known to be compiled."""
    if not isinstance(layer.scan, CompiledScan):
        raise TypeError(f"{layer.population.model} is not compiled")
    return layer.scan


class CompiledLoop:
    """Populations that step together in one call per window and thread; see :class:`.groups.Group`."""

    def __init__(self, run: Run, layers: list[Layer]) -> None:
        self.layers = layers
        self.together = "compiled loop"
        self._run = run
        self._inside = [connection for layer in layers for connection in layer.inside]
        self._neurons = self._lay_out_neurons()
        self._ways = self._lay_out_connections()
        self._loop = through_rows(compiled_scan(layers[0]).step)

    def advance(self, first: int, last: int) -> None:
        """Run all populations over a window."""
        for layer in self.layers:
            layer.prepare(first, last)
            layer.hear_earlier(first, last)
        states = [layer.state() for layer in self.layers]
        wide = self._run_rows(first, last, count=True)
        if self._run.strict and wide < (last - first) * len(self.layers):
            rows, place = divmod(wide, len(self.layers))
            self._explain(states, first, first + rows, self.layers[place])

    def _explain(self, states: list[dict[str, Int64Array]], first: int, row: int, layer: Layer) -> None:
        """Repeat the rows before the one that left the range, and let the reference say what is wrong with that."""
        for each, before in zip(self.layers, states, strict=True):
            each.resume(before)
        self._run_rows(first, row, count=False)
        self._run.accuse(layer.population, layer.state(), row)

    def _run_rows(self, first: int, last: int, *, count: bool) -> int:
        run, populations = self._run, len(self.layers)
        inputs = [[*layer.inputs.values()] for layer in self.layers]
        arriving, also_arriving = (_filled(tuple(each[i] for each in inputs)) for i in (0, -1))

        def part(low: int, high: int) -> int:
            counts = np.zeros((len(self._inside), 2), np.int64)
            arrays = self._neurons, self._ways, arriving, also_arriving
            wide: int = self._loop(*arrays, populations, counts, run.rows_before, (first, last), (low, high))
            found.append(counts)
            return wide

        found: list[Int64Array] = []
        work = (last - first) * run.batch * 8 * sum(layer.population.size for layer in self.layers)
        wide = min(run.workers.run(part, run.workers.parts(run.batch, work)), default=0)
        if count:
            for connection, (events, operations) in zip(self._inside, np.sum(found, axis=0), strict=True):
                heard = (
                    max(0, last - max(first, connection.distance))
                    * run.batch
                    * run.program.size_of(connection.projection.source)
                )
                connection.tally.add(Delivered(Arithmetic.EVENTS, heard, int(events), int(operations)))
        return wide

    def _lay_out_neurons(self) -> Neurons:
        recording, unkept = self._run.recording, np.empty((0, 1, 1), np.int32)
        arrays = [compiled_scan(layer).arrays for layer in self.layers]
        names = MODELS[self.layers[0].population.model].states
        kept = [recording.states[layer.population.name].get(k, unkept) for layer in self.layers for k in names]
        return Neurons(
            _filled(tuple(states for states, _ in arrays)),
            _filled(tuple(constants for _, constants in arrays)),
            _filled(tuple(recording.spikes[layer.population.name] for layer in self.layers)),
            _filled(tuple(kept)),
        )

    def _lay_out_connections(self) -> Connections:
        place = {layer.population.name: i for i, layer in enumerate(self.layers)}
        ports = MODELS[self.layers[0].population.model].inputs
        table = [
            (place[p.source], connection.distance, ports.index(p.port), p.weight_exp, *_matrix(s))
            for layer in self.layers
            for connection in layer.inside
            for p, s in [(connection.projection, connection.synapses)]
        ]
        ends = np.cumsum([0, *(len(layer.inside) for layer in self.layers)])
        arrays = zip(*(_arrays(connection.synapses) for connection in self._inside), strict=True)
        return Connections(np.array(table, np.int64), ends, *(_filled(each) for each in arrays))


def _matrix(synapses: Synapses) -> tuple[bool, int, int]:
    """Return whether synapses are a matrix, its base and its step."""
    return (True, *synapses.weights.arrays[1:]) if isinstance(synapses, DenseSynapses) else (False, 0, 0)


def _arrays(synapses: Synapses) -> tuple[npt.NDArray[Any], ...]:
    """Return matrix, starts, targets, weights and fan-out of synapses; empty where they have none."""
    if isinstance(synapses, DenseSynapses):
        columns = np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.int16)
        return synapses.weights.pairs, *columns, synapses.fan_out.counts
    if isinstance(synapses, SparseSynapses):
        return np.empty((0, 0, 0), np.uint16), *synapses.columns, synapses.fan_out.counts
    raise TypeError(f"no compiled loop holds {type(synapses).__name__}")


def _filled(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Repeat the last item until their number is a power of four, and four at least."""
    wanted = 4
    while wanted < len(items):
        wanted *= 4
    return (*items, *items[-1:] * (wanted - len(items)))

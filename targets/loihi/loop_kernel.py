"""The compiled form of a loop: all populations of a sample step through all rows of a window in one call.

Samples do not touch each other, so that each of them runs through the whole window by itself, with its states and what
it hears in the nearest cache. Populations and connections come in tuples, and numba compiles anew for every length of
them; they are filled up to 4, 16 or 64, so that nearly all loops of a neuron model share one version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int32Array, Int64Array
from neurotool.targets.loihi.jit import compiled
from neurotool.targets.loihi.scans.loop import LANES, Step, inner, room
from neurotool.targets.loihi.synapses.active import list_active
from neurotool.targets.loihi.synapses.dense_events import gather_row
from neurotool.targets.loihi.synapses.packed import WIDE
from neurotool.targets.loihi.synapses.shift import add_shifted_row
from neurotool.targets.loihi.synapses.sparse_events import scatter_row

SOURCE, DISTANCE, PORT, EXPONENT, DENSE, BASE, STEP = range(7)
"""Columns of the table of connections."""


class Neurons(NamedTuple):
    """Populations of a loop, in the order in which they step within a row.

    Attributes:
        states: ``[state, lane]`` of each, where lanes are samples times neurons; changed.
        constants: ``[constant, neuron]`` of each.
        sent: What they send, ``[time, batch, neuron]`` of the whole run; filled in.
        records: Their states, ``[time, batch, neuron]`` of the whole run, all states of one after another; filled in.
            A record of no rows is not kept.
    """

    states: tuple[Int32Array, ...]
    constants: tuple[Int32Array, ...]
    sent: tuple[npt.NDArray[Any], ...]
    records: tuple[Int32Array, ...]


class Connections(NamedTuple):
    """Synapses within a loop, by target in the same order.

    Attributes:
        table: Source, distance, port, exponent and whether there is a matrix, with its base and step,
            ``[connection, 7]``.
        ends: First connection into each population, and the end of the last.
        matrices: Pairs of weights of each connection that has a matrix (:mod:`.synapses.packed`).
        starts: First synapse of each source, for each of the other connections.
        targets: Targets of their synapses.
        weights: Weights of their synapses.
        fan_outs: Synapses of each source, for every connection.
    """

    table: Int64Array
    ends: Int64Array
    matrices: tuple[npt.NDArray[np.uint16], ...]
    starts: tuple[Int64Array, ...]
    targets: tuple[Int32Array, ...]
    weights: tuple[npt.NDArray[np.int16], ...]
    fan_outs: tuple[Int32Array, ...]


class Room(NamedTuple):
    """Memory of one thread.

    Attributes:
        cells: States and constants of one sample, ``[block, value]``; populations one after another.
        heard: What arrives at the two inputs, ``[input, neuron]``.
        total: Sums of one connection, ``[neuron]``, or of a strip of targets.
        part: Parts of them in 16 bits.
        active: Sources that are active, and one more.
    """

    cells: Int32Array
    heard: Int32Array
    total: Int32Array
    part: npt.NDArray[np.uint16]
    active: Int32Array


@cache
def through_rows(step: Step) -> Callable[..., int]:
    """Return the loop over samples and rows of populations of one neuron model, compiled when first called.

    Its arguments are the neurons, the connections, what arrives from outside at the first and at the second input
    ``[time, batch, neuron]`` of the window, the number of populations, room for the events and synaptic operations of
    each connection ``[connection, 2]``, which are added to, the number of rows that the samples had before the run, and
    the rows and samples to treat. It returns the first step that strict mode refuses, or their number: steps are
    counted through the populations of a row, and then through the rows.
    """
    version = _sources()

    def loop(
        neurons: Neurons,
        connections: Connections,
        first_inputs: tuple[Int32Array, ...],
        second_inputs: tuple[Int32Array, ...],
        populations: int,
        counts: Int64Array,
        rows_before: int,
        rows: tuple[int, int],
        samples: tuple[int, int],
    ) -> int:
        version  # noqa: B018  # whatever a loop refers to outside of itself tells its versions on disk apart
        first_wide = (rows[1] - rows[0]) * populations
        memory = _room(neurons, populations)
        for sample in range(samples[0], samples[1]):
            _load(neurons, populations, sample, memory.cells)
            for row in range(rows[0], rows[1]):
                block = 0
                for p in range(populations):
                    window_row, size = row - rows[0], neurons.constants[p].shape[1]
                    _copy(first_inputs[p][window_row, sample], memory.heard[0, :size])
                    _copy(second_inputs[p][window_row, sample], memory.heard[1, :size])
                    _hear(neurons, connections, p, row, sample, memory, counts)
                    for low in range(0, size, LANES):
                        high = min(low + LANES, size)
                        arriving, also_arriving = memory.heard[0, low:high], memory.heard[1, low:high]
                        leaving = neurons.sent[p][row, sample, low:high]
                        if step(memory.cells[block], arriving, also_arriving, leaving, rows_before + row):
                            first_wide = min(first_wide, window_row * populations + p)
                        _record(neurons, p, memory.cells[block], row, sample, low, high)
                        block += 1
            _store(neurons, populations, sample, memory.cells)
        return first_wide

    return compiled(loop)


@cache
def _sources() -> str:
    """Digest of what the loop calls. Numba by itself notices changes of a loop only."""
    files = sorted(file for package in ("scans", "synapses") for file in (Path(__file__).parent / package).glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


@inner
def _room(neurons: Neurons, populations: int) -> Room:
    """Make room for one thread."""
    largest, blocks = 0, 0
    for p in range(populations):
        size = neurons.constants[p].shape[1]
        largest, blocks = max(largest, size), blocks + -(-size // LANES)
    values = neurons.states[0].shape[0] + neurons.constants[0].shape[0]
    padded = -(-largest // LANES) * LANES
    return Room(
        room(blocks * values * LANES).reshape((blocks, values * LANES)),
        room(2 * padded).reshape((2, padded)),
        room(max(padded, 2 * WIDE)),
        np.empty(2 * WIDE, np.uint16),
        np.empty(largest + 1, np.int32),
    )


@inner
def _hear(
    neurons: Neurons, connections: Connections, p: int, row: int, sample: int, memory: Room, counts: Int64Array
) -> None:
    """Add what all connections into a population deliver, and count it."""
    size, active = neurons.constants[p].shape[1], memory.active
    for connection in range(connections.ends[p], connections.ends[p + 1]):
        if row < connections.table[connection, DISTANCE]:
            continue
        spikes = neurons.sent[connections.table[connection, SOURCE]][
            row - connections.table[connection, DISTANCE], sample
        ]
        count = list_active(spikes, 0, spikes.size, active)
        counts[connection, 0] += count
        for i in range(count):
            counts[connection, 1] += connections.fan_outs[connection][active[i]]
        exponent, heard = (
            connections.table[connection, EXPONENT],
            memory.heard[connections.table[connection, PORT], :size],
        )
        if connections.table[connection, DENSE]:
            base, step = connections.table[connection, BASE], connections.table[connection, STEP]
            gather_row(
                active[:count], connections.matrices[connection], base, step, exponent, memory.part, memory.total, heard
            )
        else:
            total = memory.total[:size]
            total[:] = 0
            scatter_row(
                active[:count],
                connections.starts[connection],
                connections.targets[connection],
                connections.weights[connection],
                total,
            )
            add_shifted_row(total, exponent, heard)


@inner
def _load(neurons: Neurons, populations: int, sample: int, cells: Int32Array) -> None:
    """Fill the cells with the states of a sample and the constants of its neurons."""
    block = 0
    for p in range(populations):
        states, constants = neurons.states[p], neurons.constants[p]
        size = constants.shape[1]
        for low in range(0, size, LANES):
            length = min(LANES, size - low)
            for i in range(states.shape[0]):
                _copy(states[i, sample * size + low :], cells[block, i * LANES : i * LANES + length])
            for i in range(constants.shape[0]):
                place = (states.shape[0] + i) * LANES
                _copy(constants[i, low:], cells[block, place : place + length])
            block += 1


@inner
def _store(neurons: Neurons, populations: int, sample: int, cells: Int32Array) -> None:
    """Keep the states in the cells of a sample."""
    block = 0
    for p in range(populations):
        states, size = neurons.states[p], neurons.constants[p].shape[1]
        for low in range(0, size, LANES):
            start, length = sample * size + low, min(LANES, size - low)
            for i in range(states.shape[0]):
                _copy(cells[block, i * LANES :], states[i, start : start + length])
            block += 1


@inner
def _record(neurons: Neurons, p: int, cell: Int32Array, row: int, sample: int, low: int, high: int) -> None:
    """Keep the states of a block in a row, where they are recorded."""
    states = neurons.states[p].shape[0]
    for i in range(states):
        record = neurons.records[p * states + i]
        if record.shape[0] > 0:
            _copy(cell[i * LANES :], record[row, sample, low:high])


@inner
def _copy(source: Int32Array, target: Int32Array) -> None:
    """Copy as many values as the target holds; an assignment of slices takes much longer to compile."""
    for i in range(target.size):
        target[i] = source[i]

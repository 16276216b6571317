"""Steps a program through time, batch by batch, with the readable integer steps.

One pass of the outer loop is one row of the recording. Row t of a population is its step ``t + start`` on the chip, so
that what the input shows in row t is answered in row t everywhere. What a projection delivers in a row was sent
``lag + delay`` rows before (:meth:`neurotool.ir.program.ChipProgram.lag`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import networkx as nx
import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.errors import NegativeAnswerError
from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import ChipProgram, OutputKind, Population
from neurotool.ir.state import RunState
from neurotool.ir.trace import Raster
from neurotool.neurons import MODELS, RangeError
from neurotool.neurons.fixed import wrap32
from neurotool.synapses import Delivery
from neurotool.targets.loihi.state import Sent, beginning, ending


@dataclass(eq=False)
class Recording:
    """What a run recorded, flat, ``[time, batch, neuron]`` per population.

    Attributes:
        spikes: What each population sent.
        states: State variables of each population, as far as they are recorded.
        state: Where the run stands: at first where it begins, in the end after its last row.
    """

    spikes: dict[str, Raster]
    states: dict[str, dict[str, npt.NDArray[np.int32]]]
    state: RunState

    def shaped(self, flat: Raster, shape: tuple[int, ...]) -> Raster:
        """Give a flat recording the shape of its population."""
        return flat.reshape(*flat.shape[:2], *shape)

    def probed(self, probes: Sequence[str]) -> dict[str, dict[str, npt.NDArray[np.int32]]]:
        """States that the caller asked for; read-outs are recorded for their output in any case."""
        found = {name: {k: v for k, v in s.items() if k in probes} for name, s in self.states.items()}
        return {name: states for name, states in found.items() if states}


def simulate(
    program: ChipProgram, inputs: Mapping[str, Raster], options: RunOptions, state: RunState | None = None
) -> Recording:
    """Run a checked program on checked inputs.

    Args:
        program: The program.
        inputs: Spikes per input port, ``[time, batch, neuron]``, bool or integer.
        options: Probes, strictness, progress.
        state: Where to go on, or None to begin a sample.

    Returns:
        The recording of all populations.
    """
    steps, batch = next(iter(inputs.values())).shape[:2]
    recording = allocate(program, steps, batch, options.probes, state)
    begun = recording.state
    sent = Sent(begun.sent, {**inputs, **recording.spikes})
    deliveries = {
        name: [Delivery(program, p) for p in program.projections_into(name)] for name in order_of_steps(program)
    }
    states = dict(begun.states)
    for row in range(steps):
        for name, into in deliveries.items():
            population = program.populations[name]
            inputs_now = heard(program, population, into, sent, row)
            states[name], spikes = step(population, states[name], inputs_now, begun.rows + row, strict=options.strict)
            record(recording, name, row, states[name], spikes)
        if options.progress:
            options.progress(row + 1, steps)
    recording.state = ending(begun, sent.now, states, steps)
    return recording


def order_of_steps(program: ChipProgram) -> list[str]:
    """Order populations such that whatever a population hears in a row has been sent before it steps."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(program.populations)
    graph.add_edges_from(
        (p.source, p.target)
        for p in program.projections.values()
        if p.source in program.populations and program.lag(p) + p.delay_range[0] == 0
    )
    return list(nx.topological_sort(graph))


def allocate(program: ChipProgram, steps: int, batch: int, probes: Sequence[str], state: RunState | None) -> Recording:
    """Make room for the spikes of all populations, the probed states and the potentials of the read-outs."""
    readouts = {port.population for port in program.outputs if port.kind is OutputKind.MEMBRANE}
    spikes: dict[str, Raster] = {}
    states: dict[str, dict[str, npt.NDArray[np.int32]]] = {}
    for name, population in program.populations.items():
        shape = (steps, batch, population.size)
        spikes[name] = np.zeros(shape, np.int32 if MODELS[population.model].graded else np.bool_)
        wanted = set(probes) | ({"v"} if name in readouts else set())
        states[name] = {k: np.zeros(shape, np.int32) for k in MODELS[population.model].states if k in wanted}
    return Recording(spikes, states, state or beginning(program, batch))


def record(
    recording: Recording, name: str, row: int, state: Mapping[str, Int64Array], spikes: npt.NDArray[np.generic]
) -> None:
    """Keep what a population sent and became in a row."""
    recording.spikes[name][row] = spikes
    for variable, raster in recording.states[name].items():
        raster[row] = state[variable]


def heard(
    program: ChipProgram, population: Population, into: Sequence[Delivery], sent: Sent, row: int
) -> dict[str, Int64Array]:
    """Sum what arrives at each input of a population in a row of the run, ``[batch, neuron]``."""
    batch = next(iter(sent.now.values())).shape[1]
    total = {port: np.zeros((batch, population.size), np.int64) for port in MODELS[population.model].inputs}
    for delivery in into:
        source, first = delivery.projection.source, row - program.lag(delivery.projection)

        def messages(delay: int, source: str = source, first: int = first) -> Raster | None:
            return sent.in_row(source, first - delay)

        total[delivery.projection.port] += delivery.activation(messages)
    return {port: wrap32(values) for port, values in total.items()}  # Lava's ports add 32-bit integers


def step(
    population: Population, state: Mapping[str, Int64Array], heard: Mapping[str, Int64Array], row: int, *, strict: bool
) -> tuple[dict[str, Int64Array], npt.NDArray[np.generic]]:
    """Advance a population by one step of its neuron model.

    Raises:
        NegativeAnswerError: In strict mode, a state left the range of the chip.
    """
    try:
        return MODELS[population.model].step(population.parameters, state, heard, row=row, strict=strict)
    except RangeError as error:
        raise refusal(population, error, row) from None


def refusal(population: Population, error: RangeError, row: int) -> NegativeAnswerError:
    """Say where a state left the range of the chip."""
    sample, neuron = error.index
    bits = (error.limit + 1).bit_length()
    where = f"population {population.name!r}, neuron {neuron}, sample {sample}, step {row}"
    return NegativeAnswerError(
        f"{where}: {error.variable} = {error.value} does not fit {bits} bits (limit {error.range})",
        hint="convert with calibration data that covers this input (--calib), or run without --strict",
    )

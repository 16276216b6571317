"""Steps a program through time, batch by batch, with the readable integer steps.

One pass of the loop is one time step of the chip. A spike sent at step t is heard at t + 1, and every population lives
for the ``steps`` time steps that begin at its start step, so row t of its recording belongs to row t of the input.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neurotool.errors import NegativeAnswerError
from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import ChipProgram, OutputKind, Population
from neurotool.ir.trace import Raster
from neurotool.neurons import MODELS, RangeError
from neurotool.synapses import accumulate, hardware_weights

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Recording:
    """Flat recordings ``[time, batch, neuron]`` per population."""

    spikes: dict[str, npt.NDArray[np.bool_]]
    states: dict[str, dict[str, npt.NDArray[np.int32]]]

    def shaped(self, flat: Raster, shape: tuple[int, ...]) -> Raster:
        """Give a flat recording the shape of its population."""
        return flat.reshape(*flat.shape[:2], *shape)

    def probed(self, probes: Sequence[str]) -> dict[str, dict[str, npt.NDArray[np.int32]]]:
        """States that the caller asked for; read-outs are recorded for their output in any case."""
        found = {name: {k: v for k, v in s.items() if k in probes} for name, s in self.states.items()}
        return {name: states for name, states in found.items() if states}


def simulate(program: ChipProgram, inputs: Mapping[str, Raster], options: RunOptions) -> Recording:
    """Run a checked program on checked inputs.

    Args:
        program: The program.
        inputs: Spikes per input port, ``[time, batch, neuron]``, bool or integer.
        options: Probes, strictness, progress.

    Returns:
        The recording of all populations.
    """
    steps, batch = next(iter(inputs.values())).shape[:2]
    recording = allocate(program, steps, batch, options.probes)
    weights = {name: hardware_weights(p) for name, p in program.projections.items()}
    states = {
        name: {k: np.zeros((batch, p.size), np.int64) for k in MODELS[p.model].states}
        for name, p in program.populations.items()
    }
    heard: dict[str, Raster] = {}
    for now in range(steps + program.depth):
        sent: dict[str, Raster] = {name: raster[now] for name, raster in inputs.items() if now < steps}
        for name, population in program.populations.items():
            row = now - population.start
            if not 0 <= row < steps:
                continue
            activation = np.zeros((batch, population.size), np.int64)
            for projection in program.projections_into(name):
                if projection.source in heard:
                    activation += accumulate(weights[projection.name], projection, heard[projection.source])
            states[name], spikes = _step(population, states[name], activation, row, options.strict)
            sent[name] = spikes
            _record(recording, name, row, states[name], spikes)
        heard = sent
        if options.progress:
            options.progress(now + 1, steps + program.depth)
    return recording


def allocate(program: ChipProgram, steps: int, batch: int, probes: Sequence[str]) -> Recording:
    """Make room for the spikes of all populations, the probed states and the potentials of the read-outs."""
    readouts = {port.population for port in program.outputs if port.kind is OutputKind.MEMBRANE}
    spikes, states = {}, {}
    for name, population in program.populations.items():
        shape = (steps, batch, population.size)
        spikes[name] = np.zeros(shape, np.bool_)
        wanted = set(probes) | ({"v"} if name in readouts else set())
        states[name] = {k: np.zeros(shape, np.int32) for k in MODELS[population.model].states if k in wanted}
    return Recording(spikes, states)


def _record(
    recording: Recording, name: str, row: int, state: Mapping[str, IntArray], spikes: npt.NDArray[np.bool_]
) -> None:
    recording.spikes[name][row] = spikes
    for variable, raster in recording.states[name].items():
        raster[row] = state[variable]


def _step(
    population: Population, state: dict[str, IntArray], activation: IntArray, row: int, strict: bool
) -> tuple[dict[str, IntArray], npt.NDArray[np.bool_]]:
    try:
        return MODELS[population.model].step(population.parameters, state, activation, strict=strict)
    except RangeError as error:
        raise refusal(population, error, row) from None


def refusal(population: Population, error: RangeError, row: int) -> NegativeAnswerError:
    """Say where a state left the range of the chip."""
    sample, neuron = error.index
    where = f"population {population.name!r}, neuron {neuron}, sample {sample}, step {row}"
    return NegativeAnswerError(
        f"{where}: {error.variable} = {error.value} does not fit a 24-bit state (limit ±{error.limit})",
        hint="convert with calibration data that covers this input (--calib), or run without --strict",
    )

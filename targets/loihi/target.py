"""The integer engine as a target."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np

from neurotool.ir.adapters import Array, Availability, RunOptions
from neurotool.ir.port_check import check_inputs
from neurotool.ir.program import ChipProgram, OutputKind
from neurotool.ir.trace import Raster, Trace
from neurotool.targets.loihi.checks import check_program
from neurotool.targets.loihi.engine import Recording, simulate
from neurotool.targets.loihi.strict import check_messages

Simulation = Callable[[ChipProgram, Mapping[str, Raster], RunOptions], tuple[Recording, dict[str, str]]]


class LoihiTarget:
    """Runs chip programs, batched, with the integers of the readable steps of ``neurotool.neurons``.

    Args:
        name: Name of the target.
        detail: What it is, in a few words.
        simulation: How it runs a checked program on checked inputs.
    """

    def __init__(self, name: str, detail: str, simulation: Simulation) -> None:
        self.name = name
        self._detail = detail
        self._simulation = simulation

    def available(self) -> Availability:
        """The engine needs nothing but what the package depends on."""
        return Availability(True, f"{self._detail}, numpy {np.__version__}")

    def run_program(self, program: ChipProgram, inputs: Mapping[str, Array], options: RunOptions) -> Trace:
        """Run a program from reset, or from where it stopped, on ``[time, batch, *shape]`` spikes per input port.

        Raises:
            UsageError: The inputs do not fit the ports, or a probe is unknown.
            UnsupportedError: A parameter does not fit the registers of a chip; lists all of them.
            NegativeAnswerError: In strict mode, a state left the range that a chip holds.
        """
        check_program(program, options)
        checked = check_inputs(program, inputs, strict=options.strict)
        rasters: dict[str, Raster] = {name: x.reshape(*x.shape[:2], -1) for name, x in checked.items()}
        began = time.perf_counter()
        recording, facts = self._simulation(program, rasters, options)
        seconds = time.perf_counter() - began
        if options.strict:
            check_messages(program, {**rasters, **recording.spikes})
        steps = next(iter(rasters.values())).shape[0]
        return Trace(
            target=self.name,
            dt=program.dt,
            steps=steps,
            spikes={name: recording.shaped(raster, program.inputs[name].shape) for name, raster in rasters.items()}
            | {name: recording.shaped(s, program.populations[name].shape) for name, s in recording.spikes.items()},
            states={
                name: {k: recording.shaped(v, program.populations[name].shape) for k, v in states.items()}
                for name, states in recording.probed(options.probes).items()
            },
            outputs=_outputs(program, recording),
            latency={name: population.start for name, population in program.populations.items()},
            seconds=seconds,
            facts={"mode": "strict" if options.strict else "lava", **facts},
            state=recording.state if options.keep_state else None,
        )


def _outputs(program: ChipProgram, recording: Recording) -> dict[str, Raster]:
    outputs: dict[str, Raster] = {}
    for port in program.outputs:
        population = program.populations[port.population]
        if port.kind is OutputKind.SPIKES:
            flat: Raster = recording.spikes[port.population]
        else:
            flat = recording.states[port.population]["v"] / population.scale + population.offset
        outputs[port.population] = recording.shaped(flat, population.shape)
    return outputs


def _fast(program: ChipProgram, inputs: Mapping[str, Raster], options: RunOptions) -> tuple[Recording, dict[str, str]]:
    from neurotool.targets.loihi.fast import simulate_fast  # compiles, which takes half a second to import

    return simulate_fast(program, inputs, options, state=options.resume)


def _readable(
    program: ChipProgram, inputs: Mapping[str, Raster], options: RunOptions
) -> tuple[Recording, dict[str, str]]:
    return simulate(program, inputs, options, options.resume), {"path": "readable reference steps"}


TARGET = LoihiTarget("loihi", "integer engine", _fast)
REFERENCE = LoihiTarget("loihi-reference", "readable integer engine, slow", _readable)
"""What :data:`TARGET` must equal, for those who want to see it or suspect the fast one."""

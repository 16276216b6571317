"""The fast path: the integers of the reference engine, population by population over many rows at once.

Rows are cut into windows, which bounds the memory beyond weights and recordings. Within a window, populations that are
in no loop take all rows at once, sources before targets; the populations of a loop step together.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import ChipProgram
from neurotool.ir.state import RunState
from neurotool.ir.trace import Raster
from neurotool.neurons import MODELS
from neurotool.targets.loihi.components import Component, components
from neurotool.targets.loihi.engine import Recording, allocate
from neurotool.targets.loihi.explain import explain
from neurotool.targets.loihi.groups import Group, group
from neurotool.targets.loihi.run import Run
from neurotool.targets.loihi.state import ending
from neurotool.targets.loihi.workers import Workers

WORKSPACE_BYTES = 1 << 23
"""Bound of the sums held at once: small enough to stay in a cache between the product and the scan."""

PROGRESS_MARKS = 20
"""Windows that a run is cut into, at least, when somebody watches it."""


def simulate_fast(
    program: ChipProgram,
    inputs: Mapping[str, Raster],
    options: RunOptions,
    chunk: int | None = None,
    state: RunState | None = None,
) -> tuple[Recording, dict[str, str]]:
    """Run a checked program on checked inputs, with the answers of :func:`neurotool.targets.loihi.engine.simulate`.

    Args:
        program: The program; it must not be changed in place between runs.
        inputs: Spikes per input port, ``[time, batch, neuron]``, bool or integer.
        options: Probes, strictness, progress.
        chunk: Rows to treat at once; chosen from the sizes if None.
        state: Where to go on, or None to begin a sample.

    Returns:
        The recording of all populations, and which way each population took, at what speed.

    Raises:
        NegativeAnswerError: In strict mode, the first state that left the range of the chip.
    """
    steps, batch = next(iter(inputs.values())).shape[:2]
    began = time.perf_counter()
    recording = allocate(program, steps, batch, options.probes, state)
    with Workers() as workers:
        run = Run(program, inputs, recording, options.strict, workers)
        found = list(components(program))
        groups = [group(run, component) for component in found]
        length = chunk or window_length(program, found, batch, steps, watched=options.progress is not None)
        for first in range(0, steps, length):
            last = min(first + length, steps)
            for together in groups:
                run.scratch.take_back()
                together.advance(first, last)
            run.refuse()
            if options.progress:
                options.progress(last, steps)
    recording.state = _ending(run, groups)
    return recording, explain(run, groups, time.perf_counter() - began)


def window_length(program: ChipProgram, groups: list[Component], batch: int, steps: int, *, watched: bool) -> int:
    """Return how many rows fit the workspace; fewer if somebody wants to see progress."""
    populations = program.populations
    values = (sum(populations[n].size * len(MODELS[populations[n].model].inputs) for n in c.names) for c in groups)
    fitting = max(1, WORKSPACE_BYTES // (4 * batch * max(values, default=1)))
    return min(fitting, -(-steps // PROGRESS_MARKS)) if watched else fitting


def _ending(run: Run, groups: list[Group]) -> RunState:
    """Return where the run stands after its last row."""
    states = {layer.population.name: layer.state() for together in groups for layer in together.layers}
    return ending(run.recording.state, {**run.inputs, **run.recording.spikes}, states, run.steps)

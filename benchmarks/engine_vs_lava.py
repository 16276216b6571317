"""The integer engine beside Lava on the same programs and spikes: equality first, then time per sample.

Lava takes one sample at a time and is given one or a few, with its spikes written to a file by our own process, which
is its fastest form. Its time is counted without what starting its processes takes, measured by a run of one step.

Run: python benchmarks/engine_vs_lava.py [--sizes 64,256,512,2048] [--steps 500] [--batches 1,64] [--seed 0]
"""

from __future__ import annotations

import itertools
import time
from dataclasses import replace

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from neurotool.ir.adapters import ProgramTarget, RunOptions
from neurotool.ir.program import ChipProgram, InputPort, Population, Projection
from neurotool.ir.trace import Trace
from neurotool.plugins import TARGETS, load

INPUT_RATE = 0.1
REPEATS = 3


def network(size: int, seed: int, *, recurrent: bool = False) -> ChipProgram:
    """Two dense layers of ``size`` LIF neurons that fire in 5 to 15 % of the steps at 10 % input."""
    rng = np.random.default_rng(seed)
    populations, projections = {}, {}
    names = ("input", "hidden", "output")
    for start, (source, target) in enumerate(itertools.pairwise(names), start=1):
        values = {"du": 1024, "dv": 512, "vth": 110 * int(np.sqrt(size)), "bias_mant": 0, "bias_exp": 0}
        parameters = {key: np.full(size, value, np.int64) for key, value in values.items()}
        populations[target] = Population(target, "lif", (size,), parameters, start, scale=64.0)
        weights = 2 * rng.integers(-64, 65, (size, size))
        projections[f"to_{target}"] = Projection(f"to_{target}", source, target, weights)
    program = ChipProgram(1e-3, {"input": InputPort("input", (size,))}, populations, projections, ())
    if not recurrent:
        return program
    back = Projection("back", "hidden", "hidden", 2 * rng.integers(-64, 65, (size, size)))
    return replace(program, projections={**projections, "back": back})


def input_spikes(steps: int, batch: int, size: int, seed: int, rate: float = INPUT_RATE) -> np.ndarray:
    """Independent spikes ``[time, batch, size]``."""
    return np.random.default_rng(seed + 1).random((steps, batch, size)) < rate


def timed(target: ProgramTarget, program: ChipProgram, spikes: np.ndarray) -> tuple[float, Trace]:
    """Run once and return the seconds from spikes in hand to spikes in hand."""
    began = time.perf_counter()
    trace = target.run_program(program, {"input": spikes}, RunOptions())
    return time.perf_counter() - began, trace


def differing(ours: Trace, theirs: Trace, program: ChipProgram) -> int:
    """Count the spikes that differ in the samples that both ran."""
    samples = min(ours.batch, theirs.batch)
    return sum(
        int(np.count_nonzero(ours.spikes[name][:, :samples] != theirs.spikes[name][:, :samples]))
        for name in program.populations
    )


def numbers(text: str) -> list[int]:
    """Read a list such as ``1,64``."""
    return [int(part) for part in text.split(",")]


@click.command()
@click.option("--sizes", default="64,256,512,2048", show_default=True, help="Neurons per layer.")
@click.option("--steps", default=500, show_default=True, help="Time steps per sample.")
@click.option("--batches", default="1,64", show_default=True, help="Samples that the engine runs together.")
@click.option("--lava-samples", default=1, show_default=True, help="Samples that Lava runs, one after another.")
@click.option("--seed", default=0, show_default=True, help="Seed of weights and spikes.")
def main(sizes: str, steps: int, batches: str, lava_samples: int, seed: int) -> None:
    """Print one row per network and batch."""
    engine, lava = load(TARGETS, "loihi"), load(TARGETS, "lava")
    headings = ("neurons per layer", "batch", "engine, ms per sample", "Lava, ms per sample", "ratio")
    table = Table(*headings, "spikes", "that differ")
    for size in numbers(sizes):
        program = network(size, seed)
        shown = input_spikes(steps, max(numbers(batches)), size, seed)
        start_up, _ = timed(lava, program, shown[:1, :lava_samples])
        whole, theirs = timed(lava, program, shown[:, :lava_samples])
        slow = (whole - start_up) / lava_samples
        for batch in numbers(batches):
            spikes = np.ascontiguousarray(shown[:, :batch])
            runs = [timed(engine, program, spikes) for _ in range(REPEATS)]  # the first one compiles
            fast, ours = min(runs, key=lambda run: run[0])
            fast /= batch
            compared = sum(int(np.count_nonzero(theirs.spikes[name])) for name in program.populations)
            times = (f"{1e3 * fast:.2f}", f"{1e3 * slow:.0f}", f"{slow / fast:.0f}x")
            table.add_row(str(size), str(batch), *times, str(compared), str(differing(ours, theirs, program)))
    Console().print(table)


if __name__ == "__main__":
    main()

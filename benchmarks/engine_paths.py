"""The fast path of the integer engine beside its readable reference, and where its ways of multiplying cross.

Run: python benchmarks/engine_paths.py [--steps 200] [--seed 0]
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from unittest.mock import patch

import click
import numpy as np
from engine_vs_lava import input_spikes, network
from rich.console import Console
from rich.table import Table

from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import Projection
from neurotool.targets.loihi import products
from neurotool.targets.loihi.engine import simulate
from neurotool.targets.loihi.fast import simulate_fast
from neurotool.targets.loihi.products import Arithmetic, Synapses
from neurotool.targets.loihi.workers import Workers

CASES = ((64, 1), (64, 64), (256, 1), (256, 64), (512, 1), (512, 64), (2048, 1), (2048, 8))
RATES = (0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
REPEATS = 5


def fastest(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the shortest of some durations in seconds."""
    durations = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        durations.append(time.perf_counter() - began)
    return min(durations)


def whole_runs(steps: int, seed: int, *, recurrent: bool) -> Table:
    """Compare both engines on dense networks with 10 % input."""
    title = "a recurrent and a dense layer" if recurrent else "two dense layers"
    columns = (
        "neurons per layer",
        "batch",
        "reference, ms per sample",
        "fast, ms per sample",
        "ratio",
        "differ",
        "path",
    )
    table = Table(*columns, title=title)
    for size, batch in CASES:
        program = network(size, seed, recurrent=recurrent)
        inputs = {"input": input_spikes(steps, batch, size, seed)}
        expected = simulate(program, inputs, RunOptions())
        found, facts = simulate_fast(program, inputs, RunOptions())
        slow = fastest(partial(simulate, program, inputs, RunOptions()), 1)
        fast = fastest(partial(simulate_fast, program, inputs, RunOptions()))
        wrong = sum(int(np.count_nonzero(expected.spikes[n] != found.spikes[n])) for n in program.populations)
        times = (f"{1e3 * slow / batch:.2f}", f"{1e3 * fast / batch:.3f}", f"{slow / fast:.0f}x")
        table.add_row(str(size), str(batch), *times, str(wrong), facts["path"])
    return table


def crossover(size: int, rows: int, seed: int, *, graded: bool) -> Table:
    """Compare adding rows of weights with the matrix product, by share of active sources."""
    rng = np.random.default_rng(seed)
    synapses = Synapses(
        Projection("w", "a", "b", 2 * rng.integers(-64, 65, (size, size)), message_bits=8 if graded else 0)
    )
    activation = np.zeros((rows, size), np.int32)
    kind = "8-bit messages" if graded else "spikes"
    table = Table(
        "active", "events, ms", "float32, ms", "better", title=f"{size} x {size} synapses, {rows} rows, {kind}"
    )
    with Workers() as workers:
        for rate in RATES:
            heard = rng.random((rows, size)) < rate
            sent = heard * rng.integers(-128, 128, heard.shape) if graded else heard
            seconds = {}
            for how in (Arithmetic.EVENTS, Arithmetic.FLOAT32):
                with patch.object(products, "choose", lambda *_, how=how, **__: how):
                    seconds[how] = fastest(partial(synapses.deliver, sent, activation, workers))
            row = [f"{1e3 * value:.3f}" for value in seconds.values()]
            table.add_row(f"{rate:.0%}", *row, min(seconds, key=lambda how: seconds[how]).value)
    return table


@click.command()
@click.option("--steps", default=200, show_default=True, help="Time steps per sample.")
@click.option("--seed", default=0, show_default=True, help="Seed of weights and spikes.")
def main(steps: int, seed: int) -> None:
    """Print ratios and crossovers."""
    console = Console(width=160)
    for recurrent in (False, True):
        console.print(whole_runs(steps, seed, recurrent=recurrent))
    for graded in (False, True):
        for size, rows in ((256, 1), (256, 64), (512, 2000), (2048, 500)):
            console.print(crossover(size, rows, seed, graded=graded))
    console.print(
        f"The engine crosses over at {products.SPIKE_CROSSOVER:.0%} (spikes), {products.MESSAGE_CROSSOVER:.0%}."
    )


if __name__ == "__main__":
    main()

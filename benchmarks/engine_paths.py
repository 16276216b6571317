"""The fast path of the integer engine beside its readable reference, and where its ways of adding synapses cross.

Run: python benchmarks/engine_paths.py [--steps 200] [--seed 0] [--part runs|dense|sparse|convolution]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import NamedTuple
from unittest.mock import patch

import click
import numpy as np
from common.networks import input_spikes, network
from common.timing import in_turns
from rich.console import Console
from rich.table import Table

from neurotool.ir.adapters import RunOptions
from neurotool.ir.connectivity import convolved
from neurotool.ir.program import ChipProgram, Convolution, InputPort, Population, Projection, Sparse
from neurotool.targets.loihi.engine import simulate
from neurotool.targets.loihi.fast import simulate_fast
from neurotool.targets.loihi.synapses import Synapses, convolution, dense, prepare, prepared, sparse
from neurotool.targets.loihi.workers import Workers

CASES = ((64, 1), (64, 64), (256, 1), (256, 64), (512, 1), (512, 64), (2048, 1), (2048, 8))
RATES = (0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
KERNELS = (
    ((3, 66, 200), 24, 5, 2),
    ((24, 31, 98), 36, 5, 2),
    ((48, 5, 22), 64, 3, 1),
)
"""Layers of PilotNet's shape: source, channels out, kernel, stride."""

ROUNDS = 5
ALWAYS, NEVER, MATRIX_CROSSOVER = 2.0, -1.0, dense.SPIKE_CROSSOVER
"""Crossovers at which events are always, or never, preferred."""

USED = {
    "dense": f"{dense.SPIKE_CROSSOVER:.0%} for spikes, {dense.MESSAGE_CROSSOVER:.0%} for messages",
    "sparse": f"blocks from {sparse.CROSSOVER:.0%}, a matrix from {prepare.DENSE_SHARE:.0%} of the synapses on",
    "convolution": (
        f"{convolution.CROSSOVER:.0%} by source and {convolution.WINDOW_CROSSOVER:.0%} by target, "
        f"which is preferred from {convolution.WINDOW_ENTRIES:g} active sources in a line of a window on"
    ),
}
"""What the engine crosses over at."""

BY_SOURCE, BY_TARGET = float("inf"), 0.0
"""Active sources in a line of a window from which on a convolution adds events by target."""


class Form(NamedTuple):
    """Synapses, and the crossovers that force one of their ways."""

    synapses: Synapses
    crossover: float
    window: float = BY_SOURCE


Forms = Mapping[str, Form]
"""By what people read."""


def whole_runs(steps: int, seed: int, *, recurrent: bool) -> Table:
    """Compare both engines on dense networks with 10 % input."""
    title = "a recurrent and a dense layer" if recurrent else "two dense layers"
    columns = ("neurons per layer", "batch", "reference, ms per sample", "fast, ms per sample", "ratio", "differ")
    table = Table(*columns, "path", title=title)
    for size, batch in CASES:
        program = network(size, seed, recurrent=recurrent)
        inputs = {"input": input_spikes(steps, batch, (size,), seed)}
        expected = simulate(program, inputs, RunOptions())
        found, facts = simulate_fast(program, inputs, RunOptions())
        slow = in_turns({"": partial(simulate, program, inputs, RunOptions())}, 1).median("")
        fast = in_turns({"": partial(simulate_fast, program, inputs, RunOptions())}, ROUNDS).median("")
        wrong = sum(int(np.count_nonzero(expected.spikes[n] != found.spikes[n])) for n in program.populations)
        times = (f"{1e3 * slow / batch:.2f}", f"{1e3 * fast / batch:.3f}", f"{slow / fast:.0f}x")
        table.add_row(str(size), str(batch), *times, str(wrong), facts["path"])
    return table


def synapses_of(projection: Projection, source: tuple[int, ...], target: tuple[int, ...]) -> Synapses:
    """Prepare the synapses of a projection from an input to a population."""
    population = Population("b", "lif", target, {}, 1, 1.0)
    port = InputPort("a", source, projection.message_bits)
    program = ChipProgram(1e-3, {"a": port}, {"b": population}, {projection.name: projection}, ())
    (found,) = prepared(program)[projection.name].values()
    return found


def force(form: Form) -> None:
    """Set all crossovers."""
    dense.SPIKE_CROSSOVER = dense.MESSAGE_CROSSOVER = sparse.CROSSOVER = form.crossover
    convolution.CROSSOVER = convolution.WINDOW_CROSSOVER = form.crossover
    convolution.WINDOW_ENTRIES = form.window


def compare(title: str, forms: Forms, heard: np.ndarray, target: int, table: Table) -> None:
    """Time forms of the same synapses on some messages, check that they agree, and add a row."""
    sums = {name: np.zeros((len(heard), target), np.int32) for name in forms}

    def deliver(name: str) -> None:
        force(forms[name])
        forms[name].synapses.deliver(heard, sums[name], workers)

    with Workers() as workers:
        for name in forms:
            deliver(name)
        first, *others = sums.values()
        if any((first != other).any() for other in others):
            raise SystemExit(f"{title}: the forms do not agree")
        timed = in_turns({name: partial(deliver, name) for name in forms}, ROUNDS)
    row = [f"{1e6 * timed.median(name) / len(heard):.1f}" for name in forms]
    table.add_row(title, *row, timed.fastest(list(forms)))


def messages(rng: np.random.Generator, rows: int, sources: int, rate: float, *, graded: bool = False) -> np.ndarray:
    """Spikes, or payloads of eight bits."""
    heard = rng.random((rows, sources)) < rate
    return (heard * rng.integers(1, 128, heard.shape)).astype(np.int32) if graded else heard


def dense_forms(size: int, rows: int, seed: int, *, graded: bool) -> Table:
    """Compare adding rows of weights with the matrix product, by share of active sources."""
    rng = np.random.default_rng(seed)
    weights = 2 * rng.integers(-64, 65, (size, size))
    synapses = synapses_of(Projection("w", "a", "b", weights, message_bits=8 if graded else 0), (size,), (size,))
    kind = "8-bit messages" if graded else "spikes"
    table = Table("active", "events", "float32", "better", title=f"{size} x {size}, {rows} rows, {kind}, us per row")
    for rate in RATES:
        forms = {"events": Form(synapses, ALWAYS), "float32": Form(synapses, NEVER)}
        compare(f"{rate:.0%}", forms, messages(rng, rows, size, rate, graded=graded), size, table)
    return table


def sparse_forms(size: int, share: float, seed: int) -> Table:
    """Compare listed synapses, event by event and in blocks of rows, with a matrix that is mostly zero."""
    rng = np.random.default_rng(seed)
    targets, sources = np.nonzero(rng.random((size, size)) < share)
    projection = Projection("w", "a", "b", rng.integers(1, 127, len(targets)), connectivity=Sparse(targets, sources))
    with patch.object(prepare, "DENSE_SHARE", 2.0):
        listed = synapses_of(projection, (size,), (size,))
    with patch.multiple(prepare, DENSE_SHARE=0.0, DENSE_BYTES=1 << 40):
        matrix = synapses_of(projection, (size,), (size,))
    title = f"{size} x {size}, {share:.0%} of the synapses, 256 rows, us per row"
    table = Table("active", "events", "blocks of rows", "matrix", "better", title=title)
    for rate in RATES:
        forms = {
            "events": Form(listed, ALWAYS),
            "blocks of rows": Form(listed, NEVER),
            "matrix": Form(matrix, MATRIX_CROSSOVER),
        }
        compare(f"{rate:.0%}", forms, messages(rng, 256, size, rate), size, table)
    return table


def convolution_forms(source: tuple[int, int, int], out: int, kernel: int, stride: int, seed: int) -> Table:
    """Compare adding kernels with the product of patches."""
    rng = np.random.default_rng(seed)
    connectivity = Convolution((stride, stride))
    weights = 2 * rng.integers(-64, 65, (out, source[0], kernel, kernel))
    target = convolved(source, weights.shape, connectivity)
    synapses = synapses_of(Projection("w", "a", "b", weights, connectivity=connectivity), source, target)
    rows = 16
    title = f"{source} to {target}, kernel {kernel}, stride {stride}, {rows} rows, us per row"
    table = Table("active", "by source", "by target", "float32", "better", title=title)
    for rate in RATES:
        forms = {
            "by source": Form(synapses, ALWAYS, BY_SOURCE),
            "by target": Form(synapses, ALWAYS, BY_TARGET),
            "float32": Form(synapses, NEVER),
        }
        heard = messages(rng, rows, int(np.prod(source)), rate)
        compare(f"{rate:.0%}", forms, heard, int(np.prod(target)), table)
    return table


def tables(part: str, steps: int, seed: int) -> Iterator[Table]:
    """Make all tables of a part."""
    if part == "runs":
        yield from (whole_runs(steps, seed, recurrent=recurrent) for recurrent in (False, True))
    elif part == "dense":
        sizes = (256, 1), (256, 64), (512, 2000), (2048, 500)
        yield from (dense_forms(*size, seed, graded=graded) for graded in (False, True) for size in sizes)
    elif part == "sparse":
        yield from (sparse_forms(size, share, seed) for size in (512, 2048) for share in (0.01, 0.03, 0.06, 0.12))
    else:
        yield from (convolution_forms(*layer, seed) for layer in KERNELS)


@click.command()
@click.option("--steps", default=200, show_default=True, help="Time steps per sample.")
@click.option("--seed", default=0, show_default=True, help="Seed of weights and spikes.")
@click.option("--part", "parts", multiple=True, default=("runs", *USED), type=click.Choice(["runs", *USED]))
def main(steps: int, seed: int, parts: tuple[str, ...]) -> None:
    """Print ratios and crossovers."""
    console = Console(width=160)
    for part in parts:
        for table in tables(part, steps, seed):
            console.print(table)
        if part in USED:
            console.print(f"{part}: the engine crosses over at {USED[part]}.")


if __name__ == "__main__":
    main()

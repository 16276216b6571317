"""An energy estimate beside SANA-FE: time, counts and energy of the same spikes on the same placement of Loihi 1.

The networks have PilotNet's shape (benchmarks/placement.py) for images of growing size; every neuron and input spikes
with 10 % in each of 16 steps. Our time is from the trace in memory to the report with bands and tornado, and
separately to the counts. SANA-FE, where it is installed (pip install sanafe), replays the same spikes from its own
description of the chip; its time is that of building its network and of simulating, in its own process. Counts must
agree. The smallest network of this shape, for 66 x 66 pixels, takes it about 7 GB of memory.

Run: python benchmarks/energy_vs_sanafe.py [--largest 200x66] [--sanafe 66x66]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import click
import numpy as np
import placement as networks
from rich.console import Console
from rich.table import Table

from neurotool.chips import load_chip, load_device
from neurotool.energy import SpikingWork, count_work, estimate
from neurotool.energy.crosscheck import CrossCheck, cross_check
from neurotool.errors import BackendMissingError, UnsupportedError
from neurotool.ir.program import ChipProgram
from neurotool.ir.trace import Trace
from neurotool.passes.place import place
from neurotool.units import format_si

STEPS = 16
RATE = 0.1
LIMIT_SECONDS = 2.0
ROUNDS = 3


@dataclass(frozen=True)
class Timed:
    """Our side: what was estimated, and how long that took."""

    work: SpikingWork
    neurons: int
    synops: float
    counted: float
    seconds: float
    processor: float


def trace_of(program: ChipProgram) -> Trace:
    """Random spikes of every input and neuron."""
    rng = np.random.default_rng(1)
    names = {name: program.shape_of(name) for name in (*program.inputs, *program.populations)}
    spikes = {name: rng.random((STEPS, 1, *shape)) < RATE for name, shape in names.items()}
    return Trace("random", 1e-3, STEPS, spikes, {}, {}, {n: p.start for n, p in program.populations.items()}, 0.0)


def ours(image: tuple[int, int], chip_name: str) -> Timed:
    """Estimate the network of one image size; the fastest of some rounds."""
    chip, device = load_chip(chip_name), load_device("cpu-generic")
    program = networks.pilotnet((3, *image))
    work = SpikingWork("network", program, place(program, chip), trace_of(program))
    counted = [_seconds(lambda: count_work(work, chip)) for _ in range(ROUNDS)]
    busy = time.process_time()
    whole = [_seconds(lambda: estimate([work], [], chip, device)) for _ in range(ROUNDS)]
    busy = (time.process_time() - busy) / ROUNDS
    synops = sum(layer.synops for layer in count_work(work, chip).work.layers)
    neurons = sum(p.size for p in program.populations.values())
    return Timed(work, neurons, synops, min(counted), min(whole), busy)


def _seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def _size(_: click.Context, __: click.Parameter, text: str) -> tuple[int, int]:
    rows, _by, columns = text.partition("x")
    if not (rows.isdigit() and columns.isdigit()):
        raise click.BadParameter("a size is ROWSxCOLUMNS, such as 200x66")
    return int(rows), int(columns)


@click.command()
@click.option("--largest", callback=_size, default="200x66", show_default=True, help="Image of the estimate alone.")
@click.option("--sanafe", "shared", callback=_size, default="66x66", show_default=True, help="Image that both run.")
def main(largest: tuple[int, int], shared: tuple[int, int]) -> None:
    """Print both tables; fail if the largest estimate takes longer than two seconds, or counts differ."""
    console = Console()
    table = Table(
        "image", "chip", "neurons", "synaptic operations", "counts", "estimate with bands", "processor time of it"
    )
    runs = [(largest, "loihi2"), (largest, "loihi1"), (shared, "loihi1")]
    found = [ours(image, chip) for image, chip in runs]
    for (image, chip), timed in zip(runs, found, strict=True):
        table.add_row(
            "x".join(map(str, image)), chip, f"{timed.neurons:,}", f"{timed.synops:,.0f}",
            f"{timed.counted:.2f} s", f"{timed.seconds:.2f} s", f"{timed.processor:.2f} s",
        )  # fmt: skip
    console.print(table)
    try:
        checked = cross_check(found[-1].work, load_chip("loihi1"))
    except (BackendMissingError, UnsupportedError) as refused:
        console.print(f"Without SANA-FE: {refused.message}. {refused.hint}")
    else:
        console.print(_beside(checked, found[-1]))
        if any(row.exact and row.theirs is not None and row.ours != row.theirs for row in checked.rows):
            sys.exit("the counts differ")
    taken = found[0].seconds
    if taken > LIMIT_SECONDS:
        sys.exit(f"the estimate took {taken:.2f} s, longer than {LIMIT_SECONDS:g} s")


def _beside(checked: CrossCheck, timed: Timed) -> Table:
    table = Table("quantity", "neurotool", f"SANA-FE {checked.version}", "ratio", title="The same spikes by both")
    for row in checked.rows:
        shown = [
            "" if value is None else format_si(value, row.unit) if row.unit else f"{value:,.0f}"
            for value in (row.ours, row.theirs)
        ]
        table.add_row(row.quantity, *shown, "" if row.ratio is None else f"{row.ratio:.3f}")
    build, run = checked.seconds
    table.add_row("time to build and load", "", f"{build:.2f} s")
    table.add_row("time to estimate", f"{timed.seconds:.2f} s", f"{run:.2f} s", f"{timed.seconds / run:.4f}")
    table.add_row(
        "time in all", f"{timed.seconds:.2f} s", f"{build + run:.2f} s", f"{timed.seconds / (build + run):.4f}"
    )
    return table


if __name__ == "__main__":
    main()

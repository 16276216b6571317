"""How far the engine is from what this machine can do at most, and how its time grows.

The limit of a case is, for each projection, the better of two ways to deliver its spikes at this machine's own measured
rates: as a float32 matrix product of the engine's shapes, or by adding one row of 16-bit weights for every spike. The
engine itself holds two weights in 16 bits and may pass the second, where weights come from a far cache. The limit holds
no time for the neurons themselves, nor for recording beyond one pass over memory; what these take shows in the engine's
time on silent input.

Run: python benchmarks/engine_roofline.py [--plot build/benchmarks/roofline.png] [--quick] [--seed 0]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click
import numpy as np
from common.limits import Limits, limits
from common.machine import bandwidth, product_rate
from common.networks import INPUT_RATE, chain, convolutional, input_spikes, network
from common.timing import in_turns
from rich.console import Console
from rich.table import Table

from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import ChipProgram
from neurotool.plugins import TARGETS, load

GIGA = 1e9


@dataclass(frozen=True)
class Point:
    """One run.

    Attributes:
        x: What a sweep varies.
        seconds: Median time of the engine.
        silent: The same without any input spike: what the neurons, the recording and the checks take.
        limit: Least times of the synapses.
    """

    x: float
    seconds: float
    silent: float
    limit: Limits

    @property
    def share(self) -> float:
        """Part of the limit's rate that the engine reaches."""
        return self.limit.better / self.seconds


def measure(program: ChipProgram, steps: int, batch: int, rate: float, seed: int, x: float = 0.0) -> Point:
    """Time one program on random spikes and find its limit."""
    shown = input_spikes(steps, batch, program.inputs["input"].shape, seed, rate)
    engine = load(TARGETS, "loihi").run_program
    works = {
        name: partial(engine, program, {"input": spikes}, RunOptions())
        for name, spikes in {"spikes": shown, "silence": np.zeros_like(shown)}.items()
    }
    trace, durations = works["spikes"](), in_turns(works, seconds=5.0)
    return Point(x, durations.median("spikes"), durations.median("silence"), limits(program, trace))


def cases(seed: int, *, quick: bool) -> Table:
    """Compare the engine with the limits, case by case."""
    columns = (
        "steps",
        "batch",
        "input rate",
        "engine, ms",
        "silent, ms",
        "products, ms",
        "events, ms",
        "memory, ms",
        "of limit",
    )
    table = Table("network", *columns, title="The engine and this machine's limits")
    image = convolutional((2, 34, 34), ((16, 5, 2), (32, 3, 2)), (10,), seed)
    networks = {
        f"dense {size}": (network(size, seed), 100_000 // size) for size in ([64] if quick else [64, 512, 2048])
    }
    if not quick:
        networks |= {"recurrent 256": (network(256, seed, recurrent=True), 400), "conv 2x34x34": (image, 50)}
    for name, (program, steps) in networks.items():
        for batch in (1, 64):
            for rate in (0.01, 0.1, 0.3, 1.0) if name.startswith("dense") else (INPUT_RATE,):
                point = measure(program, steps, batch, rate, seed)
                bounds = (point.limit.product, point.limit.events, point.limit.memory)
                times = (f"{1e3 * seconds:.3f}" for seconds in (point.seconds, point.silent, *bounds))
                table.add_row(name, str(steps), str(batch), f"{rate:.0%}", *times, f"{point.share:.0%}")
    return table


def sweeps(seed: int, *, quick: bool) -> Iterator[tuple[str, list[Point]]]:
    """Yield how time grows with each of five quantities, the others held."""
    program = chain((512, 512), seed)
    kept = slice(0, 2 if quick else None)
    by_size = {targets: chain((2**20 // targets, targets), seed) for targets in [64, 256, 1024, 4096, 16384][kept]}
    yield (
        "neurons (1,048,576 synapses, 500 steps, batch 1)",
        [measure(found, 500, 1, INPUT_RATE, seed, targets) for targets, found in by_size.items()],
    )
    by_synapses = {512 * sources: chain((sources, 512), seed) for sources in [64, 256, 1024, 4096, 16384][kept]}
    yield (
        "synapses (512 neurons, 500 steps, batch 1)",
        [measure(found, 500, 1, INPUT_RATE, seed, synapses) for synapses, found in by_synapses.items()],
    )
    yield (
        "time steps (512 x 512 synapses, batch 1)",
        [measure(program, steps, 1, INPUT_RATE, seed, steps) for steps in [100, 316, 1000, 3162, 10000][kept]],
    )
    yield (
        "samples in a batch (512 x 512 synapses, 100 steps)",
        [measure(program, 100, batch, INPUT_RATE, seed, batch) for batch in [1, 4, 16, 64, 256][kept]],
    )
    yield (
        "input spike rate in % (512 x 512 synapses, 500 steps, batch 8)",
        [measure(program, 500, 8, rate, seed, 100 * rate) for rate in [0.001, 0.01, 0.03, 0.1, 0.3, 1.0][kept]],
    )


def growth(found: dict[str, list[Point]]) -> Table:
    """Show all sweeps."""
    table = Table("quantity", "value", "engine, ms", "limit, ms", "of the limit", title="How time grows")
    for quantity, points in found.items():
        for i, point in enumerate(points):
            name = quantity if i == 0 else ""
            times = (f"{1e3 * point.seconds:.3f}", f"{1e3 * point.limit.better:.3f}")
            table.add_row(name, f"{point.x:,.10g}", *times, f"{point.share:.0%}", end_section=i == len(points) - 1)
    return table


def draw(found: dict[str, list[Point]], path: Path) -> None:
    """Plot all sweeps side by side."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 7.5), layout="constrained")
    panels = figure.subplots(2, 3, sharey=True)
    for panel, (quantity, points) in zip(panels.flat, found.items(), strict=False):
        x = [point.x for point in points]
        lines = {
            "engine": ([point.seconds for point in points], "o-", "#1f4e9c", 2.2),
            "engine, silent input": ([point.silent for point in points], "o-", "#8fb0e0", 1.4),
            "limit: matrix products": ([point.limit.product for point in points], "s--", "#c44e00", 1.4),
            "limit: adding rows of weights": ([point.limit.events for point in points], "^--", "#2a8f5a", 1.4),
            "limit: spikes through memory": ([point.limit.memory for point in points], ":", "#777777", 1.4),
        }
        for label, (seconds, style, colour, width) in lines.items():
            panel.plot(x, [1e3 * s for s in seconds], style, color=colour, linewidth=width, markersize=5, label=label)
        panel.set(xscale="log", yscale="log", xlabel=quantity.replace(" (", "\n("))
        panel.grid(which="major", color="#dddddd", linewidth=0.8)
        panel.spines[["top", "right"]].set_visible(False)
    for panel in panels[:, 0]:
        panel.set_ylabel("time for all samples, ms")
    legend, labels = panels.flat[0].get_legend_handles_labels()
    for panel in list(panels.flat)[len(found) :]:
        panel.axis("off")
        panel.legend(legend, labels, loc="center", frameon=False, fontsize=12)
    figure.suptitle("The integer engine and this machine's measured limits", fontsize=14)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


@click.command()
@click.option("--plot", default="build/benchmarks/roofline.png", show_default=True, type=Path, help="Picture to write.")
@click.option("--quick", is_flag=True, help="Only the smallest cases.")
@click.option("--seed", default=0, show_default=True, help="Seed of weights and spikes.")
def main(plot: Path, quick: bool, seed: int) -> None:
    """Print two tables and draw a picture."""
    console = Console(width=140)
    products = 2 * product_rate(1024, 1024, 1024) / GIGA
    console.print(f"float32 matrix product: {products:.0f} GFLOP/s; reading memory: {bandwidth() / GIGA:.1f} GB/s")
    console.print(cases(seed, quick=quick))
    found = dict(sweeps(seed, quick=quick))
    console.print(growth(found))
    draw(found, plot)
    console.print(f"Picture: {plot}")


if __name__ == "__main__":
    main()

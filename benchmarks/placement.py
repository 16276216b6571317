"""Quality and speed of placement, beside sequential first fit and for networks of growing size.

The first network has PilotNet's shape: a 200 x 66 image with 3 channels, convolutions of 3 x 3 and dense layers; all
rates are 10 %. Sequential first fit takes populations in order, cuts them along their flat order and fills one core
after the other. Time and energy of a step are those of the model that layouts are chosen by. In the networks of growing
size every neuron hears 100 neighbours of the layer before; each is placed in a fresh process, whose memory is measured
above the network's.

Run: python benchmarks/placement.py [--chip loihi2] [--seconds 10] [--largest 1000000] [--map FILE.png]
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import click
import numpy as np
from common.networks import lif, program_of
from common.sequential import sequential
from rich.console import Console
from rich.table import Table

from neurotool.chips import load_chip
from neurotool.ir.connectivity import convolved
from neurotool.ir.placement import Placement, Quality
from neurotool.ir.program import ChipProgram, Convolution, Population, Projection, Sparse
from neurotool.passes.place import place
from neurotool.pipeline import draw_cores
from neurotool.units import format_si

IMAGE = (3, 200, 66)
KERNELS = ((24, (2, 2)), (36, (2, 2)), (48, (2, 2)), (64, (2, 1)), (64, (1, 1)))
DENSE = (100, 50, 10, 1)
FAN_IN = 100
LAYERS = 4
REACH = 200
"""Largest distance between a neuron and those it hears, in the networks of growing size."""


def pilotnet(image: tuple[int, int, int] = IMAGE) -> ChipProgram:
    """The network of PilotNet's shape, with random weights."""
    rng, shape, source = np.random.default_rng(0), image, "input"
    populations: list[Population] = []
    projections: list[Projection] = []
    for i, (channels, stride) in enumerate(KERNELS, start=1):
        weights, form = 2 * rng.integers(-60, 60, (channels, shape[0], 3, 3)), Convolution(stride)
        shape = convolved(shape, weights.shape, form)
        populations.append(lif(f"conv{i}", shape, i, weights[0].size))
        projections.append(Projection(f"to_conv{i}", source, f"conv{i}", weights, connectivity=form))
        source = f"conv{i}"
    sizes = (int(np.prod(shape)), *DENSE)
    for i, (before, after) in enumerate(pairwise(sizes), start=1):
        populations.append(lif(f"dense{i}", (after,), len(populations) + 1, before))
        weights = 2 * rng.integers(-60, 60, (after, before))
        projections.append(Projection(f"to_dense{i}", source, f"dense{i}", weights))
        source = f"dense{i}"
    return program_of(image, populations, projections)


def neighbours(neurons: int) -> ChipProgram:
    """Layers in which every neuron hears so many at random among its neighbours of the layer before."""
    rng, size = np.random.default_rng(0), neurons // LAYERS
    populations, projections = [], []
    targets = np.repeat(np.arange(size), FAN_IN)
    for i in range(1, LAYERS + 1):
        sources = (targets + rng.integers(-REACH, REACH, targets.size)) % size
        source = f"layer{i - 1}" if i > 1 else "input"
        populations.append(lif(f"layer{i}", (size,), i, FAN_IN))
        form = Sparse(targets, sources)
        weights = np.full(targets.size, 2)
        projections.append(Projection(f"to_layer{i}", source, f"layer{i}", weights, connectivity=form))
    return program_of((size,), populations, projections)


def timed(work: Callable[[], Placement]) -> tuple[Placement, float]:
    """Result and seconds of some work."""
    began = time.perf_counter()
    return work(), time.perf_counter() - began


def resident() -> float:
    """Most memory so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def grown(chip: str, neurons: int) -> dict[str, float]:
    """Place one of the networks of growing size in this process."""
    program = neighbours(neurons)
    before = resident()
    found, seconds = timed(lambda: place(program, load_chip(chip)))
    return {"seconds": seconds, "above": resident() - before, "before": before, "cores": len(found.cores),
            "chips": found.chips}  # fmt: skip


def quality_table(chip: str, seconds: float, picture: Path | None) -> Table:
    """Place the network of PilotNet's shape in three ways."""
    program, data = pilotnet(), load_chip(chip)
    table = Table(
        "layout",
        "cores",
        "busiest core, synops",
        "messages",
        "tiles crossed",
        "time of a step",
        "energy x time",
        "time to place",
    )
    began = time.perf_counter()
    base, cores = sequential(program, data)
    greedy, first = timed(lambda: place(program, data))
    searched, second = timed(lambda: place(program, data, optimise_seconds=seconds))

    def row(name: str, quality: Quality, cores: int, spent: float) -> None:
        hops = quality.hops_east_west + quality.hops_north_south
        table.add_row(
            *(name, str(cores), _ratio(quality.busiest_synops, base.busiest_synops)),
            *(_ratio(quality.messages, base.messages), _ratio(hops, base.hops_east_west + base.hops_north_south)),
            *(format_si(quality.seconds, "s"), f"{quality.cost / base.cost:.3f}", f"{spent:.2f} s"),
        )

    row("sequential first fit", base, cores, time.perf_counter() - began - first - second)
    row("greedy", greedy.quality, len(greedy.cores), first)
    row(f"search for {seconds:g} s", searched.quality, len(searched.cores), second)
    table.title = f"PilotNet's shape on {data.title}: {sum(p.size for p in program.populations.values()):,} neurons"
    if picture is not None:
        draw_cores({"PilotNet's shape": searched}, data, picture)
    return table


def _ratio(value: float, base: float) -> str:
    return f"{value:,.0f} ({value / base:.2f})"


@click.command()
@click.option("--chip", default="loihi2", show_default=True, help="Chip to place on.")
@click.option("--seconds", default=10.0, show_default=True, help="Time of the search.")
@click.option("--largest", default=1_000_000, show_default=True, help="Neurons of the largest network; 0 for none.")
@click.option("--map", "picture", type=click.Path(path_type=Path), help="Draw the core map of the search's layout.")
@click.option("--inside", type=int, hidden=True)
def main(chip: str, seconds: float, largest: int, picture: Path | None, inside: int | None) -> None:
    """Print both tables."""
    if inside is not None:
        print(json.dumps(grown(chip, inside)))
        return
    console = Console()
    console.print(quality_table(chip, seconds, picture), "In brackets: ratio to sequential first fit.")
    table = Table(
        "neurons", "synapses", "chips", "cores", "time to place", "memory of the network", "memory on top of it"
    )
    sizes = [size for size in (largest // 100, largest // 10, largest) if size >= LAYERS]
    for neurons in sizes:
        command = [sys.executable, __file__, "--chip", chip, "--inside", str(neurons)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        table.add_row(
            f"{neurons:,}", f"{neurons * FAN_IN:,}", str(found["chips"]), f"{found['cores']:,}",
            f"{found['seconds']:.1f} s", f"{found['before']:,.0f} MB", f"{found['above']:,.0f} MB",
        )  # fmt: skip
    if sizes:
        console.print(table)


if __name__ == "__main__":
    main()

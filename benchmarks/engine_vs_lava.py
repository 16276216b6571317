"""The integer engine beside Lava ``fixed_pt`` on the same programs and spikes: equality first, then time per sample.

Lava takes one sample at a time, in two forms. (a) With our own sink, which writes spikes to a file: its fastest form;
only the time steps are counted, not starting and ending its processes. (b) Stock, as its users run it, with
RingBuffers: everything from the input in memory to the spikes in memory is counted. The engine's time is the median of
several runs, everything counted.

Run: python benchmarks/engine_vs_lava.py [--cases dense-512,recurrent-256] [--batches 1,64] [--limit 120] [--seed 0]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import click
import numpy as np
from common.lava_forms import LavaRun, stock, with_file_sink
from common.networks import input_spikes, network, pilotnet
from common.timing import in_turns
from rich.console import Console
from rich.table import Table

from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import ChipProgram
from neurotool.ir.trace import Trace
from neurotool.plugins import TARGETS, load

ROUNDS = 15


@dataclass(frozen=True)
class Case:
    """A network and the steps that Lava finishes in two minutes, reading included.

    Attributes:
        program: Makes the program from a seed.
        steps: Time steps per sample.
        read: Form (b) reads the populations of at most so many neurons. Reading all of a convolutional network would
            take Lava minutes.
    """

    program: Callable[[int], ChipProgram]
    steps: int
    read: int = 1 << 20


CASES = {
    "dense-64": Case(partial(network, 64), 2000),
    "dense-512": Case(partial(network, 512), 1000),
    "dense-2048": Case(partial(network, 2048), 400),
    "recurrent-256": Case(partial(network, 256, recurrent=True), 1000),
    "pilotnet": Case(pilotnet, 32, read=2000),
}


def differing(ours: Trace, lava: LavaRun) -> int:
    """Count the spikes of the first sample that differ in the populations that Lava gave."""
    return sum(int(np.count_nonzero((ours.spikes[name][:, 0] != 0) != rows)) for name, rows in lava.spikes.items())


def compare(name: str, batches: list[int], limit: float, seed: int, table: Table) -> int:
    """Run one case in all forms, add one row per batch and form, and return how many spikes differ."""
    case, engine = CASES[name], load(TARGETS, "loihi")
    program = case.program(seed)
    shown = input_spikes(case.steps, max(batches), program.inputs["input"].shape, seed)
    read = [name for name, population in program.populations.items() if population.size <= case.read]
    forms = {"a": with_file_sink(program, shown[:, 0], limit), "b": stock(program, shown[:, 0], read, limit)}
    wrong = 0
    for batch in batches:
        run = partial(engine.run_program, program, {"input": np.ascontiguousarray(shown[:, :batch])}, RunOptions())
        trace = run()
        fast = in_turns({"engine": run}, ROUNDS).median("engine") / batch
        for form, lava in forms.items():
            differ = differing(trace, lava)
            wrong += differ
            compared = sum(int(np.count_nonzero(spikes)) for spikes in lava.spikes.values())
            times = ("", "") if lava.seconds is None else (f"{1e3 * lava.seconds:.0f}", f"{lava.seconds / fast:.0f}x")
            table.add_row(name, str(batch), form, f"{1e3 * fast:.2f}", *times, str(compared), str(differ), lava.remark)
    return wrong


def numbers(text: str) -> list[int]:
    """Read a list such as ``1,64``."""
    return [int(part) for part in text.split(",")]


@click.command()
@click.option("--cases", default=",".join(CASES), show_default=True, help="Cases to run.")
@click.option("--batches", default="1,64", show_default=True, help="Samples that the engine runs together.")
@click.option("--limit", default=120.0, show_default=True, help="Seconds that Lava gets for a run.")
@click.option("--seed", default=0, show_default=True, help="Seed of weights and spikes.")
def main(cases: str, batches: str, limit: float, seed: int) -> None:
    """Print one row per network, batch and form of Lava."""
    unknown = set(cases.split(",")) - set(CASES)
    if unknown:
        raise click.BadParameter(f"no case {', '.join(sorted(unknown))}; there are {', '.join(CASES)}")
    table = Table("case", "batch", "form", "engine, ms per sample", "Lava, ms per sample", "ratio")
    for heading in ("spikes", "that differ", ""):
        table.add_column(heading)
    wrong = sum(compare(name, numbers(batches), limit, seed, table) for name in cases.split(","))
    console = Console(width=150)
    console.print(table)
    steps = ", ".join(f"{name} {CASES[name].steps}" for name in cases.split(","))
    console.print(f"Steps per sample: {steps}. Form a: our file sink. Form b: stock Lava.")
    raise SystemExit(wrong > 0)


if __name__ == "__main__":
    main()

"""The same network in Norse, snnTorch and spikingjelly, forward only in floats, and in the engine in integers.

Every framework runs in each form it offers (benchmarks/common/frameworks.py) without gradients, on as many threads as
the engine, and the fastest counts. Converting spikes to and from its tensors is not counted, and it returns the spikes
of the last layer only; the engine's time includes its checks and the recording of every layer. Runs are taken in turns;
a ratio is the median over the rounds.

Run: python benchmarks/engine_vs_frameworks.py [--cases 1,2] [--rounds 5] [--no-compile] [--scale 1.0] [--seed 0]
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import click
import numpy as np
import torch
from common import floats, frameworks
from common.networks import input_spikes
from common.timing import Durations, Work, in_turns
from rich.console import Console
from rich.table import Table

from neurotool.ir.adapters import RunOptions
from neurotool.ir.trace import Raster
from neurotool.plugins import TARGETS, load
from neurotool.targets.loihi.workers import usable_cores

ROUNDING = 0.02
"""Share by which spike counts may differ: floats are added in different orders, and integers truncated."""
FEW = 10
"""Spikes more by which they may, so that short runs can be compared."""


@dataclass(frozen=True)
class Case:
    """A network, made from a seed, and what it is shown."""

    title: str
    network: Callable[[int], floats.FloatNetwork]
    batch: int
    steps: int


IMAGE = partial(floats.convolutional, (2, 34, 34), ((16, 5, 2), (32, 3, 2)), 10)
CASES = (
    Case("dense 256", partial(floats.dense, (256,) * 3), 1, 500),
    Case("dense 256", partial(floats.dense, (256,) * 3), 64, 200),
    Case("dense 512", partial(floats.dense, (512,) * 3), 1, 500),
    Case("dense 512", partial(floats.dense, (512,) * 3), 64, 200),
    Case("dense 2048", partial(floats.dense, (2048,) * 3), 1, 200),
    Case("dense 2048", partial(floats.dense, (2048,) * 3), 64, 50),
    Case("recurrent 256", partial(floats.dense, (256,) * 3, recurrent=True), 1, 500),
    Case("recurrent 256", partial(floats.dense, (256,) * 3, recurrent=True), 64, 200),
    Case("conv 2x34x34", IMAGE, 1, 100),
    Case("conv 2x34x34", IMAGE, 64, 50),
)


def compare(case: Case, device: str, found: dict[str, str], rounds: int, seed: int, *, compiled: bool) -> Table:
    """Time one case and check that the frameworks agree."""
    torch.compiler.reset()  # its bound on compiled variants is for one network
    network = case.network(seed)
    engine, program = load(TARGETS, "loihi"), floats.quantised(network)
    raster = input_spikes(case.steps, case.batch, network.shape, seed)
    shown = torch.from_numpy(raster.astype(np.float32)).to(device)
    trace = engine.run_program(program, {"input": raster}, RunOptions())
    works: dict[str, Work] = {"engine": partial(engine.run_program, program, {"input": raster}, RunOptions())}
    spikes = {}
    for name in found:
        for form, forward in frameworks.forms(name, network, device, compiled=compiled).items():
            works[f"{name}, {form}"] = partial(_run, forward, shown, device)
            spikes[f"{name}, {form}"] = forward(shown).cpu().numpy() != 0
    spikes = {"engine": trace.spikes[f"layer{len(network.layers)}"], **spikes}
    _agree(spikes)
    rate = float(np.mean([np.count_nonzero(s) / s.size for n, s in trace.spikes.items() if n != "input"]))
    title = f"{case.title}, batch {case.batch}, {case.steps} steps, {rate:.0%} of the neurons fire, {device}"
    return _table(title, in_turns(works, rounds), spikes, case.batch, list(found))


def _table(title: str, durations: Durations, spikes: dict[str, Raster], batch: int, names: list[str]) -> Table:
    """One row per form and one for each framework's fastest."""
    table = Table("", "ms per sample", "engine is faster", "output spikes", "that differ from the first float form")
    table.title = title
    _, first, *_ = spikes.values()
    for name, raster in spikes.items():
        milliseconds = f"{1e3 * durations.median(name) / batch:.3f}"
        ratio = "" if name == "engine" else f"{durations.ratio(name, 'engine'):.1f}x"
        differ = np.count_nonzero((raster != 0) != first)
        table.add_row(name, milliseconds, ratio, str(np.count_nonzero(raster)), str(differ))
    for name in names:
        best = durations.fastest([form for form in spikes if form.startswith(f"{name},")])
        table.add_row(f"[bold]{name} at its fastest[/]", "", f"[bold]{durations.ratio(best, 'engine'):.1f}x[/]", "", "")
    return table


def _run(forward: frameworks.Forward, shown: torch.Tensor, device: str) -> None:
    forward(shown)
    if device == "cuda":
        torch.cuda.synchronize()


def _agree(spikes: dict[str, Raster]) -> None:
    counts = {name: np.count_nonzero(raster) for name, raster in spikes.items()}
    low, high = min(counts.values()), max(counts.values())
    if high - low > ROUNDING * high + FEW:
        raise click.ClickException(f"these do not run the same network: {counts}")


@click.command()
@click.option("--cases", "chosen", default="", help="Numbers of the cases to run, such as 1,2; all if empty.")
@click.option("--rounds", default=5, show_default=True, help="Rounds of timing.")
@click.option("--compile/--no-compile", "compiled", default=True, show_default=True, help="Run compiled steps too.")
@click.option("--scale", default=1.0, show_default=True, help="Factor on the number of time steps.")
@click.option("--seed", default=0, show_default=True, help="Seed of weights and spikes.")
def main(chosen: str, rounds: int, compiled: bool, scale: float, seed: int) -> None:
    """Print one table per case."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)  # of torch.compile, about a GPU it does not find
    torch.set_num_threads(usable_cores())
    console, found = Console(width=130), frameworks.installed()
    missing = [name for name in frameworks.PACKAGES if name not in found]
    if missing:
        console.print(f"Not installed: {', '.join(missing)}. To install them: {frameworks.INSTALL}", markup=False)
    versions = ", ".join(f"{name} {number}" for name, number in found.items())
    console.print(f"torch {torch.__version__} on {usable_cores()} threads; {versions}")
    wanted = {int(number) for number in chosen.split(",") if number}
    devices = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    with torch.inference_mode():
        for number, case in enumerate(CASES, start=1):
            if wanted and number not in wanted:
                continue
            shorter = replace(case, steps=max(1, round(case.steps * scale)))
            for device in devices:
                console.print(compare(shorter, device, found, rounds, seed, compiled=compiled))


if __name__ == "__main__":
    main()

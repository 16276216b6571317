"""Peak memory of the engine on a network of ten million synapses over ten thousand time steps.

The run happens in a fresh process. Counted is what its resident memory reaches above what Python and its imports take
(a run of a tiny network included, which loads the compiled code): program, input, engine and recording. The bound is
three times the weights in 32 bits, plus the recorded spikes, plus 64 MB.

Run: python benchmarks/engine_memory.py [--neurons 2240] [--steps 10000] [--batch 1] [--rate 0.1]
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
from common.networks import INPUT_RATE, network
from rich.console import Console
from rich.table import Table

from neurotool.ir.adapters import RunOptions
from neurotool.plugins import TARGETS, load

MEGABYTE = 10**6
ALLOWANCE = 64 * MEGABYTE
STATUS = Path("/proc/self/status")


def resident(field: str) -> int:
    """Resident memory in bytes: now (``VmRSS``), or the most there ever was (``VmHWM``)."""
    if STATUS.exists():
        (line,) = (line for line in STATUS.read_text().splitlines() if line.startswith(f"{field}:"))
        return 1024 * int(line.split()[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # elsewhere only the peak is known
    return peak if sys.platform == "darwin" else 1024 * peak


def spikes(steps: int, batch: int, size: int, rate: float) -> np.ndarray:
    """Input made a few steps at a time, so that making it takes no more memory than it has itself."""
    rng, raster = np.random.default_rng(1), np.empty((steps, batch, size), np.bool_)
    for step in range(steps):
        raster[step] = rng.random((batch, size)) < rate
    return raster


def measure(neurons: int, steps: int, batch: int, rate: float) -> dict[str, float]:
    """Run in this process and return bytes by what they are for."""
    engine = load(TARGETS, "loihi")
    engine.run_program(network(8, 0), {"input": spikes(4, 1, 8, 0.5)}, RunOptions())
    before = resident("VmRSS")
    program = network(neurons, 0)
    synapses = sum(projection.weights.size for projection in program.projections.values())
    trace = engine.run_program(program, {"input": spikes(steps, batch, neurons, rate)}, RunOptions())
    peak = resident("VmHWM")
    recorded = sum(raster.nbytes for raster in trace.spikes.values())
    return {
        "synapses": synapses,
        "weights in 32 bits": 4 * synapses,
        "recorded spikes, input included": recorded,
        "imports": before,
        "peak above imports": peak - before,
        "bound": 12 * synapses + recorded + ALLOWANCE,
        "seconds": trace.seconds,
    }


@click.command()
@click.option("--neurons", default=2240, show_default=True, help="Neurons in each of two layers, and of the input.")
@click.option("--steps", default=10_000, show_default=True, help="Time steps.")
@click.option("--batch", default=1, show_default=True, help="Samples.")
@click.option("--rate", default=INPUT_RATE, show_default=True, help="Share of the inputs that spike in a step.")
@click.option("--inside", is_flag=True, hidden=True)
def main(neurons: int, steps: int, batch: int, rate: float, inside: bool) -> None:
    """Print measured memory and bound; fail if it is exceeded."""
    if not inside:
        raise SystemExit(subprocess.call([sys.executable, __file__, "--inside", *sys.argv[1:]]))
    found = measure(neurons, steps, batch, rate)
    table = Table("", "", title=f"{neurons} x 3 neurons, {steps} steps, batch {batch}, input rate {rate:.0%}")
    for name, value in found.items():
        shown = {"synapses": f"{value:,.0f}", "seconds": f"{value:.1f}"}.get(name, f"{value / MEGABYTE:.1f} MB")
        table.add_row(name, shown)
    share = found["peak above imports"] / found["bound"]
    Console().print(table, f"Measured: {share:.0%} of the bound.")
    raise SystemExit(share > 1)


if __name__ == "__main__":
    main()

"""Peak memory and time of ``neurotool convert`` on a NIR file of fifty million synapses.

The file holds dense layers of LIF neurons with random float32 weights; it is made a layer at a time. The conversion is
the command itself, in a fresh process, and its peak resident memory is what the system accounts to it, Python and all
imports included. The bound is four times the arrays of the file, uncompressed, plus 300 MB. The time of a stage is that
from its first report of progress to the first of the next.

Run: python benchmarks/convert_memory.py [--neurons 3162] [--layers 5] [--weight-bits 8]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import click
import h5py
import nir
import numpy as np
from rich.console import Console
from rich.table import Table

MEGABYTE = 10**6
FACTOR, ALLOWANCE = 4, 300 * MEGABYTE
TIME_CONSTANT = 0.02


class Converted(NamedTuple):
    """What a conversion took: peak bytes, and the moments in seconds at which its stages began and the last ended."""

    peak: int
    moments: list[tuple[str, float]]


def write_network(path: Path, neurons: int, layers: int) -> int:
    """Write a chain of dense layers as ``nir.write`` does, and return the bytes of its arrays."""
    rng, arrays = np.random.default_rng(0), 0
    names = ["input", *(f"{kind}{i}" for i in range(layers) for kind in ("dense", "lif")), "output"]
    with h5py.File(path, "w") as file:
        file["version"] = nir.version
        root = file.create_group("node")
        root["type"], root["edges"] = "NIRGraph", list(pairwise(names))
        nodes = root.create_group("nodes")
        for name in ("input", "output"):
            nodes[f"{name}/type"], nodes[f"{name}/shape"] = name.title(), np.array([neurons])
        for i in range(layers):
            weight = rng.standard_normal((neurons, neurons), np.float32) / np.float32(np.sqrt(neurons))
            values = {"tau": TIME_CONSTANT, "r": 1.0, "v_leak": 0.0, "v_threshold": 0.1, "v_reset": 0.0}
            arrays += weight.nbytes + len(values) * 4 * neurons
            nodes[f"dense{i}/type"], nodes[f"lif{i}/type"] = "Linear", "LIF"
            nodes.create_dataset(f"dense{i}/weight", data=weight, compression="gzip", compression_opts=1)
            for field, value in values.items():
                nodes[f"lif{i}/{field}"] = np.full(neurons, value, np.float32)
    return arrays


def convert(source: Path, out: Path, options: list[str]) -> Converted:
    """Run the command, reading the stages from what it says on the way."""
    start = "from neurotool.cli.main import main; main()"
    command = [sys.executable, "-c", start, "convert", str(source), "--dt", "1ms", "-o", str(out), *options]
    began = time.perf_counter()
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stderr is not None
        moments, said = [("start", 0.0)], []
        for line in process.stderr:
            said.append(line)
            if line.rstrip().endswith(" ..."):
                moments.append((line.strip().removesuffix(" ..."), time.perf_counter() - began))
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise click.ClickException("".join(said))
    unit = 1 if sys.platform == "darwin" else 1024
    return Converted(usage.ru_maxrss * unit, [*moments, ("", time.perf_counter() - began)])


@click.command()
@click.option("--neurons", default=3162, show_default=True, help="Neurons of a layer, and of the input.")
@click.option("--layers", default=5, show_default=True, help="Layers.")
@click.option("--weight-bits", default=8, show_default=True, help="Width of weights in the integer program.")
def main(neurons: int, layers: int, weight_bits: int) -> None:
    """Print measured memory, bound and times; fail if the bound is exceeded."""
    with tempfile.TemporaryDirectory(prefix="neurotool-memory-") as folder:
        source = Path(folder, "network.nir")
        arrays = write_network(source, neurons, layers)
        found = convert(source, Path(folder, "bundle"), ["--weight-bits", str(weight_bits)])
    bound = FACTOR * arrays + ALLOWANCE
    table = Table("", "", title=f"{layers} x {neurons} x {neurons} = {layers * neurons**2:,} synapses")
    table.add_row("arrays of the file", f"{arrays / MEGABYTE:,.0f} MB")
    table.add_row("peak memory", f"{found.peak / MEGABYTE:,.0f} MB")
    table.add_row("bound", f"{bound / MEGABYTE:,.0f} MB")
    for (stage, began), (_, ended) in pairwise(found.moments):
        table.add_row(stage, f"{ended - began:.1f} s")
    Console().print(table, f"Measured: {found.peak / bound:.0%} of the bound.")
    raise SystemExit(found.peak > bound)


if __name__ == "__main__":
    main()

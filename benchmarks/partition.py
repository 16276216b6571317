"""Time to choose a cut, and how far it may be from the best, for models of 30, 300 and 3000 nodes.

``branches``: spiking encoders side by side, a dense fusion, spiking decoders, a dense head: the form of a hybrid model.
``woven``: populations and dense operations in random order with skips, so that parts follow parts; the hardest case for
the bound, which knows the parts only through the values that must come back.

Run: python benchmarks/partition.py [--sizes 30,300,3000] [--seconds 30] [--objective energy]
"""

from __future__ import annotations

import time
from collections.abc import Callable

import click
import nir
import numpy as np
from rich.console import Console
from rich.table import Table

from neurotool.chips import load_chip, load_device
from neurotool.ir.convention import CONVENTIONS
from neurotool.ir.costs import DenseCounts
from neurotool.ir.graph import Edge, Graph, Node, TorchOp, edge_from
from neurotool.ir.values import TimeScope, ValueKind
from neurotool.passes.partition import Limits, Objective, candidates, solve
from neurotool.passes.quantise.widths import Widths
from neurotool.pipeline.cuts.bounds import bounds
from neurotool.pipeline.cuts.costs import CutCosts
from neurotool.pipeline.cuts.layers import Activity, chip_layers

STEPS, WIDTHS, DEPTH = 20, (8, 16, 32, 64), 4
DEVICE, CHIP = "jetson-orin-nano", "loihi2"


class Builder:
    """Adds layers to a graph."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.edges: list[Edge] = []

    def add(self, name: str, op: nir.NIRNode | TorchOp, size: int, kind: ValueKind, *feeding: str) -> str:
        """Add a node that takes the values of others."""
        self.nodes[name] = Node(name, op, (size,), kind, True, TimeScope.PER_STEP, name)
        self.edges += [edge_from(self.nodes[source], name, i) for i, source in enumerate(feeding)]
        return name

    def layer(self, size: int, source: str, rng: np.random.Generator) -> str:
        """Add synapses and a population."""
        number, before = len(self.nodes), self.nodes[source].shape[0]
        synapses = nir.Linear(weight=rng.standard_normal((size, before)).astype(np.float32))
        one = np.ones(size)
        neurons = nir.CubaLIF(tau_syn=one, tau_mem=one, r=one, v_leak=0 * one, v_threshold=one)
        way = self.add(f"w{number}", synapses, size, ValueKind.CURRENT, source)
        return self.add(f"p{number}", neurons, size, ValueKind.SPIKES, way)

    def dense(self, size: int, *feeding: str) -> str:
        """Add an operation that runs in torch."""
        return self.add(f"d{len(self.nodes)}", TorchOp("torch.cat", call=abs), size, ValueKind.FLOAT, *feeding)

    def graph(self, last: str) -> Graph:
        """Close the graph."""
        self.add("y", nir.Output(output_type={"output": np.array(self.nodes[last].shape)}), 1, ValueKind.FLOAT, last)
        return Graph(self.nodes, tuple(self.edges), 1e-3, CONVENTIONS["norse"])


def _start(size: int) -> Builder:
    made = Builder()
    made.add("x", nir.Input(input_type={"input": np.array([size])}), size, ValueKind.SPIKES)
    return made


def branches(nodes: int, rng: np.random.Generator) -> Graph:
    """Encoders of some layers each, a fusion, decoders, a head."""
    made = _start(64)

    def stack(source: str) -> str:
        for size in rng.choice(WIDTHS, DEPTH):
            source = made.layer(int(size), source, rng)
        return source

    count = max(1, nodes // (4 * DEPTH))
    fused = made.dense(32, *(stack("x") for _ in range(count)))
    return made.graph(made.dense(10, *(stack(fused) for _ in range(count))))


def woven(nodes: int, rng: np.random.Generator) -> Graph:
    """Populations and dense operations in random order, each fed by one or two of the last ones."""
    made, values = _start(16), ["x"]
    while len(made.nodes) < nodes:
        recent = values[-3:]
        source = str(rng.choice(recent))
        values.append(made.dense(16, source) if rng.random() < 0.3 else made.layer(16, source, rng))
        if rng.random() < 0.3 and values[-1].startswith("d") and len(recent) > 1:
            other = recent[0] if recent[0] != source else recent[1]
            made.edges.append(edge_from(made.nodes[other], values[-1], 1))
    return made.graph(made.dense(10, *values[-3:]))


FAMILIES: dict[str, Callable[[int, np.random.Generator], Graph]] = {"branches": branches, "woven": woven}


def costs_of(model: Graph) -> CutCosts:
    """Costs with an assumed rate, and a few kernels for each node in torch."""
    found = candidates(model)
    sides, activity = found.partition().sides, Activity({}, "assumed")
    per_step = {"p": 10, "w": 1, "d": 0}
    counts = {
        name: DenseCounts(100.0 * STEPS, 2000.0 * STEPS, per_step[name[0]] * STEPS + 1, 1) for name in sides
    }  # fmt: skip
    layers = chip_layers(model, sides, activity, Widths(8))
    return CutCosts(found, load_chip(CHIP), load_device(DEVICE), STEPS, activity, layers, counts)


@click.command()
@click.option("--sizes", default="30,300,3000", show_default=True)
@click.option("--seconds", default=30.0, show_default=True)
@click.option("--objective", type=click.Choice(["energy", "latency", "edp"]), default="energy", show_default=True)
@click.option("--seed", default=0, show_default=True)
def main(sizes: str, seconds: float, objective: str, seed: int) -> None:
    """Choose the cut of each model and print time and gap."""
    table = Table(box=None, title=f"least {objective}, at most {seconds:g} s, {CHIP} and {DEVICE}")
    for heading in ("model", "nodes", "units to place", "parts", "prepared s", "search s", "cuts costed", "gap"):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    for name, family in FAMILIES.items():
        for size in map(int, sizes.split(",")):
            model = family(size, np.random.default_rng(seed))
            began = time.perf_counter()
            costs = costs_of(model)
            problem, below = costs.candidates.problem, bounds(costs)
            prepared = time.perf_counter() - began
            answer = solve(problem, below, costs.truth, Objective(objective), Limits(), seconds=seconds)
            parts = costs.candidates.parts(answer.on_chip)
            table.add_row(
                name, str(len(model.nodes)), str(len(problem.free)), str(len(parts)), f"{prepared:.2f}",
                f"{answer.seconds:.2f}", f"{answer.evaluated:,}", f"{answer.gap:.2%}",
            )  # fmt: skip
    Console().print(table)


if __name__ == "__main__":
    main()

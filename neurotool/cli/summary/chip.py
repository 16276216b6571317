"""What lies on the chip: populations, synapses, how they were rounded, and what they use of cores and limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from neurotool.cli.summary.tables import grid
from neurotool.ir.program import AllToAll, Sparse
from neurotool.synapses.expand import SynapseLists

if TYPE_CHECKING:
    from neurotool.ir.placement import Placement, Slice
    from neurotool.ir.program import ChipProgram, Projection


def populations(programs: Mapping[str, ChipProgram]) -> Table:
    """One row per population of every spiking part."""
    table = grid("Spiking half", "population", "part", "neuron", ">neurons", ">synapses", ">starts at step")
    for part, program in programs.items():
        for name, population in program.populations.items():
            synapses = sum(SynapseLists(program, p).total for p in program.projections_into(name))
            table.add_row(
                escape(name), part, population.model, f"{population.size:,}", f"{synapses:,}", str(population.start)
            )
    return table


def projections(programs: Mapping[str, ChipProgram]) -> Table:
    """One row per projection of every spiking part."""
    table = grid("Synapses", "projection", "from", "to", "connectivity", ">synapses", ">delays", ">weights")
    for program in programs.values():
        for p in program.projections.values():
            to = p.target if p.port == "a" else f"{p.target}, {p.port}"
            shortest, longest = p.delay_range
            delays = f"{shortest} to {longest}" if longest else "none"
            exponent = f" x 2^{p.weight_exp}" if p.weight_exp else ""
            figures = (f"{SynapseLists(program, p).total:,}", delays, f"{p.weight_bits} bits{exponent}")
            table.add_row(*map(escape, (p.name, p.source, to, connectivity(p))), *figures)
    return table


def connectivity(projection: Projection) -> str:
    """The form of a projection in a few words."""
    form = projection.connectivity
    if isinstance(form, AllToAll):
        return "dense"
    if isinstance(form, Sparse):
        return "sparse"
    kernel = "x".join(map(str, projection.weights.shape[2:]))
    pairs = {"stride": (form.stride, (1, 1)), "padding": (form.padding, (0, 0)), "dilation": (form.dilation, (1, 1))}
    more = [f"{name} {'x'.join(map(str, pair))}" for name, (pair, usual) in pairs.items() if pair != usual]
    more += [f"{form.groups} groups"] if form.groups > 1 else []
    return ", ".join([f"conv {kernel}", *more])


def rounding(records: Iterable[Mapping[str, Any]]) -> Table:
    """One row per population: its scale and the largest rounding of each parameter.

    Args:
        records: Quantisation records as JSON values, as a bundle holds them.
    """
    table = grid(
        "Quantisation", "population", ">scale", "range", ">peak", "largest rounding, in % of the largest value"
    )
    for record in records:
        worst = ", ".join(f"{name} {share:.2g}" for name, share in _shares(record["roundings"]).items()) or "none"
        figures = (f"{record['scale']:.4g}", record["basis"], f"{record['peak']:.1%}")
        table.add_row(escape(record["population"]), *figures, escape(worst))
    return table


_WORDS = {"du": "current decay", "dv": "membrane decay", "vth": "threshold", "v_sub": "subtraction"}


def _shares(roundings: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Rounding in percent by parameter, where there is any; the rows of a threshold table count as one."""
    found: dict[str, float] = {}
    for each in roundings:
        name = "vth" if each["parameter"].startswith("vth") else each["parameter"]
        if each["error"] > 0.0 and each["span"] > 0.0:
            word = _WORDS.get(name, name)
            found[word] = max(found.get(word, 0.0), 100.0 * each["error"] / each["span"])
    return found


def cores(part: str, placement: Placement) -> Table:
    """One row per core: what it holds, and used and limit of its memory."""
    limits = {r.name: r.limit for r in placement.resources}
    table = grid(
        f"Cores of {placement.chip}, {part}",
        *(">chip", ">core", "populations", ">neurons", ">synaptic memory", ">of its limit"),
        *(">in axons", ">out axons", ">synops per step"),
    )
    for core in placement.cores:
        memory = limits["synaptic memory per core"]
        table.add_row(
            *(str(core.chip), str(core.core), escape(", ".join(map(held, core.slices))), f"{core.neurons:,}"),
            *(f"{core.synapse_bits / 8192:,.1f} KiB", f"{core.synapse_bits / memory:.0%}" if memory else ""),
            *(f"{core.in_axons:,}", f"{core.out_axons:,}", f"{core.synops:,.0f}"),
        )
    return table


def held(part: Slice) -> str:
    """A slice in a few words: channels, rows and columns, where not all."""
    axes = zip(("channels", "rows", "columns"), (part.channels, part.rows, part.columns), part.grid, strict=True)
    flat = part.grid[1:] == (1, 1)
    cut = [
        f"{'neurons' if flat else name} {first}-{last - 1}" for name, (first, last), size in axes if last - first < size
    ]
    return " ".join([part.population, ", ".join(cut)]) if cut else part.population


def resources(placements: Mapping[str, Placement]) -> Table:
    """Used and limit of every resource."""
    table = grid("Resources", "part", "chip", "resource", ">used", ">limit", ">share")
    for part, placement in placements.items():
        for r in placement.resources:
            share = f"{r.used / r.limit:.1%}" if r.limit else ""
            table.add_row(part, placement.chip, r.name, f"{r.used:,.0f}", f"{r.limit:,.0f} {r.unit}", share)
    return table

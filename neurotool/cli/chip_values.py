"""Programs, placements and activity as JSON values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotool.ir.program_file import CONNECTIVITIES
from neurotool.synapses.expand import SynapseLists

if TYPE_CHECKING:
    from neurotool.ir.placement import Placement
    from neurotool.ir.program import ChipProgram, Population, Projection
    from neurotool.ir.trace import Raster


def program_values(programs: Mapping[str, ChipProgram]) -> dict[str, Any]:
    """Populations and projections of every spiking part."""
    return {
        part: {
            "depth": program.depth,
            "populations": [_population(p) for p in program.populations.values()],
            "projections": [_projection(program, p) for p in program.projections.values()],
            "notes": list(program.notes),
        }
        for part, program in programs.items()
    }


def resource_values(placements: Mapping[str, Placement]) -> dict[str, Any]:
    """Used and limit of every resource of every spiking part."""
    return {
        part: {"chip": p.chip, "chips": p.chips, "cores": len(p.cores), "resources": [asdict(r) for r in p.resources]}
        for part, p in placements.items()
    }


def activity(raster: Raster) -> dict[str, Any]:
    """How much a port or population sent, from its recording ``[time, batch, *shape]``."""
    steps, batch = raster.shape[:2]
    neurons = math.prod(raster.shape[2:])
    spikes = int(np.count_nonzero(raster)) / batch
    return {"neurons": neurons, "spikes_per_sample": spikes, "rate": spikes / (steps * neurons)}


def computed(known: Mapping[str, str]) -> dict[str, object]:
    """Facts of a trace as lines: the way each population took, one below the other, and the rest."""
    lines: dict[str, object] = dict(known)
    if "path" in known:
        lines["path"] = tuple(known["path"].split("; "))
    return lines


def _population(population: Population) -> dict[str, Any]:
    p = population
    return {"name": p.name, "model": p.model, "shape": list(p.shape), "start": p.start, "scale": p.scale}


def _projection(program: ChipProgram, projection: Projection) -> dict[str, Any]:
    return {
        "name": projection.name,
        "source": projection.source,
        "target": projection.target,
        "port": projection.port,
        "connectivity": next(
            name for name, kind in CONNECTIVITIES.items() if isinstance(projection.connectivity, kind)
        ),
        "weights": list(projection.weights.shape),
        "synapses": SynapseLists(program, projection).total,
        "delays": list(projection.delay_range),
        "weight_bits": projection.weight_bits,
        "weight_exp": projection.weight_exp,
        "message_bits": projection.message_bits,
    }

"""Counts in the terms of NeuroBench's algorithm track, so that they can stand beside its published results.

Definitions: Yik et al., arXiv 2304.04640, and ``neurobench/metrics`` of NeuroBench/neurobench.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from neurotool.energy.estimate import SpikingWork
from neurotool.energy.split import DenseWork
from neurotool.ir.program import ChipProgram, Population, Projection
from neurotool.ir.trace import Trace
from neurotool.neurons import MODELS
from neurotool.synapses.expand import SynapseLists

WORD_BYTES = 4
"""A parameter or a state of a neuron is a 32-bit integer."""

DELAY_BITS = 6

DEFINITIONS = {
    "Footprint": "bytes of weights (at their width), delays (6 bits), neuron parameters and neuron states (32 bits); a "
    "parameter that all neurons of a population share counts once",
    "ConnectionSparsity": "zero weights over all weights as they are held: a matrix whole, a kernel once, a list "
    "without what it leaves out",
    "ActivationSparsity": "silent neuron steps over all neuron steps, over all populations, steps and samples; inputs "
    "are no activations",
    "SynapticOperations": "per inference, mean over the samples. Dense: every connection in every step, zero weights "
    "and silent neurons too. Effective: messages other than zero on weights other than zero; Effective_ACs where a "
    "projection carries only -1, 0 and 1, otherwise Effective_MACs. Work that happens after the last step of the input "
    "is not counted",
    "source": "Yik et al., arXiv 2304.04640; neurobench/metrics of NeuroBench/neurobench",
}


@dataclass(frozen=True)
class Operations:
    """Synaptic operations of one projection per inference.

    Attributes:
        effective: Messages other than zero on weights other than zero.
        dense: Every connection in every step.
        accumulates: Whether messages are -1, 0 or 1 alone, so that nothing is multiplied.
    """

    effective: float
    dense: float
    accumulates: bool


def neurobench(spiking: Sequence[SpikingWork], dense: Sequence[DenseWork] = ()) -> dict[str, Any]:
    """Export what spiking parts do in NeuroBench's terms.

    Args:
        spiking: Spiking parts with their traces.
        dense: Dense parts. Their operations are listed, not added: how many of their activations are zero is not known.

    Returns:
        Plain JSON values.
    """
    found = {
        f"{work.part}.{name}": operations(work.program, projection, work.trace)
        for work in spiking
        for name, projection in work.program.projections.items()
    }
    weights = [projection.weights for work in spiking for projection in work.program.projections.values()]
    held, zeros = sum(w.size for w in weights), sum(int(np.count_nonzero(w == 0)) for w in weights)
    fired, slots = _activations(spiking)
    return {
        "schema": "neurotool.neurobench/1",
        "Footprint": sum(footprint(work.program) for work in spiking),
        "ConnectionSparsity": zeros / held if held else 0.0,
        "ActivationSparsity": 1.0 - fired / slots if slots else 0.0,
        "SynapticOperations": {
            "Effective_MACs": sum(each.effective for each in found.values() if not each.accumulates),
            "Effective_ACs": sum(each.effective for each in found.values() if each.accumulates),
            "Dense": sum(each.dense for each in found.values()),
        },
        "steps": max((work.trace.steps for work in spiking), default=0),
        "samples": min((work.trace.batch for work in spiking), default=0),
        "projections": {name: vars(each) for name, each in found.items()},
        "dense_parts_MACs": {work.part: work.counts.flops / 2 / work.counts.batch for work in dense},
        "definitions": DEFINITIONS,
    }


def operations(program: ChipProgram, projection: Projection, trace: Trace) -> Operations:
    """Count the operations of a projection."""
    sent = trace.spikes[projection.source].reshape(trace.steps * trace.batch, -1)
    # As it is heard: without a payload, any message is a one.
    values: npt.NDArray[np.generic] = sent != 0 if projection.message_bits == 0 else sent
    ones = replace(projection, weights=np.ones_like(projection.weights))
    return Operations(
        effective=float(np.count_nonzero(sent, axis=0) @ _fan_out(program, projection)) / trace.batch,
        dense=float(_fan_out(program, ones).sum()) * trace.steps,
        accumulates=values.dtype == np.bool_ or bool(np.isin(values, (-1, 0, 1)).all()),
    )


def footprint(program: ChipProgram) -> float:
    """Bytes that a program holds."""
    synapses = sum(
        np.size(p.weights) * (p.weight_bits + (0 if p.delays is None else DELAY_BITS)) / 8
        for p in program.projections.values()
    )
    return float(synapses + sum(_neuron_bytes(population) for population in program.populations.values()))


def _neuron_bytes(population: Population) -> int:
    uniform = {parameter.name for parameter in MODELS[population.model].parameters if parameter.uniform}
    parameters = sum(1 if name in uniform else population.size for name in population.parameters)
    return WORD_BYTES * (parameters + population.size * len(MODELS[population.model].states))


def _fan_out(program: ChipProgram, projection: Projection) -> npt.NDArray[np.int64]:
    """Weights other than zero that each source neuron reaches."""
    reached = np.zeros(program.size_of(projection.source), np.int64)
    for piece in SynapseLists(program, projection).pieces():
        reached += np.bincount(piece.sources, minlength=reached.size)
    return reached


def _activations(spiking: Sequence[SpikingWork]) -> tuple[int, int]:
    rasters = [work.trace.spikes[name] for work in spiking for name in work.program.populations]
    return sum(int(np.count_nonzero(raster)) for raster in rasters), sum(raster.size for raster in rasters)

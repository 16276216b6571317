"""What slices of populations need on a core: neurons, memory and input axons, and what happens there in a step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurotool.chips.chip import SynapseMemory
from neurotool.chips.lists import SliceLists
from neurotool.chips.memory import synapse_storage
from neurotool.chips.wiring import axon_groups
from neurotool.ir.placement import Slice
from neurotool.ir.program import ChipProgram, Convolution

ASSUMED_RATE = 0.1
"""Spikes of a neuron in a step where nothing is known of its activity."""


@dataclass(frozen=True)
class Need:
    """What a slice needs on a core of its own, output axons aside.

    Attributes:
        neurons: Neurons.
        synapse_bits: Synaptic memory in bits.
        in_axons: Input axons.
        synops: Synaptic operations in a step.
        messages: Spikes that arrive in a step.
    """

    neurons: int
    synapse_bits: int
    in_axons: int
    synops: float
    messages: float


class Needs:
    """Says of any slice what it needs on a core of its own.

    Args:
        program: The program.
        memory: Layout of synapses in a core.
        rates: Spikes of a neuron in a step, by input port and population; :data:`ASSUMED_RATE` where not given.

    Attributes:
        rates: The rate of every input port and population.
        lists: Lists of synapses by projection.
    """

    def __init__(self, program: ChipProgram, memory: SynapseMemory, rates: Mapping[str, float] | None = None) -> None:
        self._program, self._memory = program, memory
        names = (*program.inputs, *program.populations)
        self.rates = {name: (rates or {}).get(name, ASSUMED_RATE) for name in names}
        self.lists = {name: SliceLists(program, p) for name, p in program.projections.items()}
        self._into = {
            name: [self.lists[p.name] for p in program.projections_into(name)] for name in program.populations
        }
        self._known: dict[Slice, Need] = {}

    def of(self, held: Slice) -> Need:
        """Return what a slice needs."""
        if held not in self._known:
            self._known[held] = self._need(held)
        return self._known[held]

    def _need(self, held: Slice) -> Need:
        bits, synops, messages, in_axons = 0, 0.0, 0.0, 0
        lists = self._into[held.population]
        sources = Counter(each.projection.source for each in lists)
        for each in lists:
            found, projection = each.held(held), each.projection
            bits += synapse_storage(found.stored, held.size, projection, self._memory)[1]
            synops += found.synapses * self.rates[projection.source]
            if sources[projection.source] == 1:
                messages += found.sources * self.rates[projection.source]
                in_axons += found.axons
        for source in (name for name, times in sources.items() if times > 1):
            neurons, axons = self._shared(held, source)
            messages += neurons * self.rates[source]
            in_axons += axons
        return Need(held.size, bits, in_axons, synops, messages)

    def _shared(self, held: Slice, source: str) -> tuple[int, int]:
        """Count the neurons of a source that reach a slice through any of several projections, and their axons."""
        neurons = np.zeros(self._program.size_of(source), np.bool_)
        axons = {kind: np.zeros_like(neurons) for kind in (False, True)}
        for each in self._into[held.population]:
            if each.projection.source == source:
                reached, _ = each.reach(held)
                neurons[reached] = True
                kind = isinstance(each.projection.connectivity, Convolution)
                axons[kind][axon_groups(self._program, each.projection)[reached]] = True
        return int(np.count_nonzero(neurons)), sum(int(np.count_nonzero(used)) for used in axons.values())

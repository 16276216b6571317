"""What work costs that nobody has run yet: chip energy and time from sizes and spike rates, device's from counts.

For whoever chooses between many designs, such as cuts of a model between chip and device. Everything is nominal, needs
no trace, and takes well under a millisecond; bands come with :func:`neurotool.energy.estimate`, which takes the same
:class:`neurotool.energy.ChipWork`.

Two ways lead to the work of a chip: :func:`rated_work` from populations that have only sizes, and
:func:`neurotool.energy.expected.expected_work` from a placed program. Both give the mean of what a run at those rates
does, with the busiest core taken at its mean: the time of a step is a lower bound, since the slowest core of a step is
slower than its mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from neurotool.chips import Basis, Chip, Constant, Device
from neurotool.chips.memory import Storage, index_bits
from neurotool.chips.needs import ASSUMED_RATE
from neurotool.energy.bands import Extremes
from neurotool.energy.dense import price_dense
from neurotool.energy.events import ChipWork, LayerEvents
from neurotool.energy.lines import Priced, total
from neurotool.energy.model import ChipModel
from neurotool.errors import UsageError
from neurotool.ir.coding import MESSAGE_BYTES, VALUE_BYTES
from neurotool.ir.costs import DenseCounts

RATE_RANGE = Constant(
    value=1.0,
    low=0.3,
    high=3.0,
    unit="1",
    basis=Basis.ASSUMED,
    citation="assumed: trained networks spike in some 3 to 30 % of the steps, around the 10 % taken",
    date="2026",
)
"""How far an assumed spike rate may be off, as a factor."""

NOMINAL = Extremes(())
"""Nominal values of all constants."""


@dataclass(frozen=True)
class Cost:
    """Nominal energy and time of one inference.

    Attributes:
        joules: Energy.
        seconds: Latency; of a batch on a device, that of the whole batch, while ``joules`` is a sample's share.
    """

    joules: float
    seconds: float

    @property
    def edp(self) -> float:
        """Energy times time in joule seconds."""
        return self.joules * self.seconds

    def __add__(self, other: Cost) -> Cost:
        """One after the other."""
        return Cost(self.joules + other.joules, self.seconds + other.seconds)


@dataclass(frozen=True)
class RatedLayer:
    """A population and what it hears, by size.

    Attributes:
        name: Name of the population.
        neurons: Neurons.
        synapses: Synapses into it with a weight other than zero; a convolution's are counted at every position.
        sources: Neurons that these come from.
        source_rate: Spikes of such a neuron in a step.
        rate: Spikes of a neuron of the population in a step.
        stored: Weights in memory where they are shared (the kernel of a convolution); None for one per synapse.
        weight_bits: Width of a weight; the mean where they differ.
        form: How its synapses are listed.
    """

    name: str
    neurons: int
    synapses: float
    sources: int
    source_rate: float = ASSUMED_RATE
    rate: float = ASSUMED_RATE
    stored: int | None = None
    weight_bits: float = 8
    form: Storage = Storage.DENSE

    @property
    def synops(self) -> float:
        """Synaptic operations in a step."""
        return self.synapses * self.source_rate

    def fewest_cores(self, chip: Chip) -> int:
        """Cores that its neurons and weights fill, headers of lists and unused ends of words left out."""
        limits, entries = chip.limits, self.synapses if self.stored is None else self.stored
        least = max(1, ceil(self.neurons / limits.neurons_per_core.value))
        cores = max(least, ceil(entries * self.weight_bits / limits.synapse_bits_per_core.value))
        if self.form is not Storage.SPARSE:
            return cores
        # Every entry names its target, in the fewer bits the fewer neurons are on a core.
        while True:
            bits = entries * (self.weight_bits + index_bits(ceil(self.neurons / cores), chip.memory))
            needed = ceil(bits / limits.synapse_bits_per_core.value)
            if needed <= cores:
                return cores
            cores = max(cores + 1, ceil(0.9 * needed))

    def reached(self, cores: int) -> float:
        """Cores, of so many that hold the population, that one source reaches.

        All of them, or as many as it has synapses; of a convolution, whose neighbours share a core, no more than two.
        """
        most = min(float(cores), self.synapses / max(self.sources, 1))
        return min(most, 2.0) if self.form is Storage.SHARED else most


def rated_work(
    layers: Sequence[RatedLayer], chip: Chip, steps: int, *, depth: int = 0,
    spikes_in: float = 0.0, values_in: int = 0, held_in: int = 0,
    spikes_out: float = 0.0, values_out: int = 0, potentials_out: int = 0,
) -> ChipWork:  # fmt: skip
    """Work of populations that are not placed, spread over the cores as the placement does.

    Args:
        layers: The populations.
        chip: The chip.
        steps: Time steps of the input.
        depth: Steps that the last population lags behind; neurons are updated, and the chip is powered, for these too.
        spikes_in: Spikes that enter in an inference.
        values_in: Values of the rasters that enter, spike or not: the host writes all of them.
        held_in: Values that enter once, as a word each, and are held over the steps.
        spikes_out: Spikes that leave.
        values_out: Values of the rasters that leave.
        potentials_out: Membrane potentials that leave.

    Raises:
        UsageError: There is no population or no step, or a size or rate is negative.
    """
    if not layers or steps < 1:
        raise UsageError(f"{len(layers)} populations in {steps} steps cost nothing that can be estimated")
    wrong = [each.name for each in layers if min(each.neurons, each.synapses, each.source_rate, each.rate) < 0]
    if wrong:
        raise UsageError(f"negative size or rate of {', '.join(wrong)}")
    cores, busiest = _spread(layers, chip)
    events = [_events(layer, count, steps, steps + depth) for layer, count in zip(layers, cores, strict=True)]
    moved = MESSAGE_BYTES * (spikes_in + spikes_out) + VALUE_BYTES * (held_in + potentials_out)
    used = sum(cores)
    chips = -(-used // chip.limits.cores.value)
    # Of the messages between chips little is known before a placement: as many as cross a border between neighbours.
    crossings = sum(each.messages for each in events) * (chips - 1) / used if chips > 1 else 0.0
    return ChipWork(
        layers=(*events, LayerEvents("link", crossings=crossings, link_bytes=moved)),
        steps=steps + depth,
        busiest_synops=np.full((steps + depth, 1), busiest),
        samples=1,
        busiest_updates=max(layer.neurons / count for layer, count in zip(layers, cores, strict=True)),
        busiest_link=np.full((steps + depth, 1), crossings / steps / max(chips - 1, 1)),
        cores=used,
        chips=chips,
        values=float(values_in + held_in + values_out + potentials_out),
    )


def _spread(layers: Sequence[RatedLayer], chip: Chip) -> tuple[list[int], float]:
    """Cores of every population, and the synaptic operations of the busiest: the shortest step the chips have room for.

    A population is cut finer until a step takes no longer than the barrier, or the cores of the chips that its neurons
    and weights fill anyway are used up (:mod:`neurotool.passes.place.spread` goes the same way, but weighs messages).
    """
    fewest = [layer.fewest_cores(chip) for layer in layers]
    room = -(-sum(fewest) // chip.limits.cores.value) * chip.limits.cores.value
    loads = [
        max(layer.synops * chip.costs.synop_time.si, layer.neurons * chip.costs.update_time.si) for layer in layers
    ]
    barrier = chip.costs.barrier if room == chip.limits.cores.value else chip.costs.barrier_chips
    seconds, cores = barrier.si, fewest
    longest = max(load / count for load, count in zip(loads, fewest, strict=True))
    while seconds < longest:
        finer = [max(least, ceil(load / seconds)) for least, load in zip(fewest, loads, strict=True)]
        if sum(finer) <= room:
            cores = finer
            break
        seconds *= FINER
    return cores, max(layer.synops / count for layer, count in zip(layers, cores, strict=True))


FINER = 1.1
"""Ratio of one step time that is tried to the next."""


def _events(layer: RatedLayer, cores: int, steps: int, clock: int) -> LayerEvents:
    """Events into a population: its synaptic operations, the messages that bring them, its updates and its spikes.

    All updates are taken as active: a neuron holds a state from its first input on, which comes early.
    """
    synops = layer.synops * steps
    return LayerEvents(
        layer.name,
        synops_dense=synops if layer.form is Storage.DENSE else 0.0,
        synops_sparse=synops if layer.form is Storage.SPARSE else 0.0,
        synops_shared=synops if layer.form is Storage.SHARED else 0.0,
        updates_active=float(layer.neurons * clock),
        firing=layer.neurons * layer.rate * steps,
        messages=layer.sources * layer.source_rate * layer.reached(cores) * steps,
    )


def chip_cost(work: ChipWork, chip: Chip) -> Cost:
    """Nominal energy and time of one inference on a chip, standing power and the link included."""
    return _cost(ChipModel(chip, NOMINAL).price("", work))


def device_cost(counts: DenseCounts, device: Device) -> Cost:
    """Nominal energy and time of dense work on a GPU or CPU.

    Raises:
        UsageError: The device has no figures for the number format, or the batch is empty.
    """
    return _cost(price_dense("", counts, device, NOMINAL))


def _cost(priced: Priced) -> Cost:
    return Cost(float(total(priced.lines)[0]), float(priced.times["total"][0]))

"""Which neurons and synapses lie on which core."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CoreUse:
    """What one core holds.

    Attributes:
        chip: Chip number.
        core: Core number on the chip.
        population: Population whose neurons are here.
        first: Index of the first neuron in the flat population.
        last: Index after the last neuron.
        synapse_bits: Synaptic memory used, in bits.
        in_axons: Distinct source neurons that reach this core.
        out_axons: Distinct cores that the neurons here send to, summed over source neurons' destinations.
    """

    chip: int
    core: int
    population: str
    first: int
    last: int
    synapse_bits: int
    in_axons: int
    out_axons: int


@dataclass(frozen=True)
class Resource:
    """Use of one limited resource: the largest over cores, or the total.

    Attributes:
        name: ``cores``, ``neurons per core``, ``synaptic memory per core``, ...
        used: Amount used.
        limit: What the chip offers.
        unit: Unit of both.
    """

    name: str
    used: float
    limit: float
    unit: str


@dataclass(frozen=True)
class Placement:
    """A program laid out on a chip.

    Attributes:
        chip: Name of the chip description in ``neurotool.chips``.
        cores: Every core in use.
        resources: Used and limit, per resource.
        method: How the layout was found.
    """

    chip: str
    cores: tuple[CoreUse, ...]
    resources: tuple[Resource, ...]
    method: str

    @property
    def chips(self) -> int:
        """Number of chips in use."""
        return len({c.chip for c in self.cores})

    def cores_of(self, population: str) -> tuple[CoreUse, ...]:
        """Cores that hold neurons of a population."""
        return tuple(c for c in self.cores if c.population == population)

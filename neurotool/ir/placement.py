"""Which neurons and synapses lie on which core."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from neurotool.arrays import Int64Array
from neurotool.errors import UsageError

Range = tuple[int, int]


@dataclass(frozen=True)
class Slice:
    """Neurons of a population that lie together: a box of channels, rows and columns.

    A population is a grid (channels, rows, columns) of neurons in row-major order. One that is no image has a channel
    for every neuron, with one row and one column. Ranges hold the first index and the one after the last.

    Attributes:
        population: Population.
        grid: Size of its grid.
        channels: Channels of this slice.
        rows: Rows.
        columns: Columns.
    """

    population: str
    grid: tuple[int, int, int]
    channels: Range
    rows: Range = (0, 1)
    columns: Range = (0, 1)

    @classmethod
    def flat(cls, population: str, size: int, first: int, last: int) -> Slice:
        """Neurons ``first`` to before ``last`` of a population that is no image."""
        return cls(population, (size, 1, 1), (first, last))

    @property
    def size(self) -> int:
        """Number of neurons."""
        return math.prod(last - first for first, last in (self.channels, self.rows, self.columns))

    @property
    def neurons(self) -> Int64Array:
        """Flat indices of the neurons, ascending."""
        _, rows, columns = self.grid
        channel, row, column = (np.arange(*axis, dtype=np.int64) for axis in (self.channels, self.rows, self.columns))
        return np.asarray(((channel[:, None] * rows + row)[:, :, None] * columns + column).ravel(), np.int64)

    def runs(self) -> Iterator[Range]:
        """Yield the slice as ranges of flat indices without gaps, ascending."""
        _, rows, columns = self.grid
        plane = rows * columns
        if self.columns != (0, columns):
            for channel in range(*self.channels):
                for row in range(*self.rows):
                    start = channel * plane + row * columns
                    yield start + self.columns[0], start + self.columns[1]
        elif self.rows != (0, rows):
            for channel in range(*self.channels):
                yield channel * plane + self.rows[0] * columns, channel * plane + self.rows[1] * columns
        elif self.size:
            yield self.channels[0] * plane, self.channels[1] * plane


@dataclass(frozen=True)
class CoreUse:
    """What one core holds.

    Attributes:
        chip: Chip number.
        core: Core number on the chip.
        slices: Neurons that are here; at most one slice of each population.
        synapse_bits: Synaptic memory used, in bits.
        in_axons: Input axons used: sources that reach this core. The channels of a position share one into a
            convolution.
        out_axons: Output axons used: one for each axon of the neurons here and core that it leads to.
        synops: Synaptic operations in a time step, at the spike rates that the layout was made for.
    """

    chip: int
    core: int
    slices: tuple[Slice, ...]
    synapse_bits: int
    in_axons: int
    out_axons: int
    synops: float

    @property
    def neurons(self) -> int:
        """Number of neurons."""
        return sum(held.size for held in self.slices)

    @property
    def populations(self) -> tuple[str, ...]:
        """Populations with neurons here."""
        return tuple(held.population for held in self.slices)


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
class Quality:
    """What a layout costs in a time step, at the spike rates that it was made for.

    Attributes:
        synops: Synaptic operations of all cores.
        busiest_synops: Synaptic operations of the busiest core.
        messages: Spikes times the cores that each goes to.
        hops_east_west: Tiles that messages cross along rows.
        hops_north_south: Tiles that messages cross along columns.
        crossings: Borders between chips that messages cross.
        seconds: Modelled time of the step.
        joules: Modelled energy that the layout decides: messages, hops, and powered chips and cores for that time.
    """

    synops: float
    busiest_synops: float
    messages: float
    hops_east_west: float
    hops_north_south: float
    crossings: float
    seconds: float
    joules: float

    @property
    def cost(self) -> float:
        """Energy times time, by which layouts are compared."""
        return self.seconds * self.joules


@dataclass(frozen=True)
class Placement:
    """A program laid out on chips.

    Attributes:
        chip: Name of the chip description in ``neurotool.chips``.
        cores: Every core in use, chip by chip.
        resources: Used and limit, per resource.
        quality: What the layout costs in a time step.
        method: How the layout was found.
        assumptions: What the layout takes for granted, one sentence each.
        rates: Spikes of a neuron in a step that were measured, by input port and population; others were assumed.
    """

    chip: str
    cores: tuple[CoreUse, ...]
    resources: tuple[Resource, ...]
    quality: Quality
    method: str
    assumptions: tuple[str, ...] = ()
    rates: dict[str, float] = field(default_factory=dict)

    @property
    def chips(self) -> int:
        """Number of chips in use."""
        return len({c.chip for c in self.cores})

    def to_json(self) -> dict[str, Any]:
        """Return the placement as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: object, where: str) -> Placement:
        """Read what :meth:`to_json` wrote.

        Args:
            stored: JSON values.
            where: File that they come from, for messages.

        Raises:
            UsageError: The values are no placement.
        """
        try:
            return TypeAdapter(cls).validate_python(stored)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"]))
            raise UsageError(
                f"{where}: is no placement: {field}: {first['msg']}", hint="convert the model again"
            ) from None


def cores_of_neurons(population: str, size: int, cores: Sequence[Sequence[Slice]]) -> Int64Array:
    """Return the core of every neuron of a population, ``[neuron]``: an index into ``cores``.

    Args:
        population: Population.
        size: Its number of neurons.
        cores: Slices on each core.
    """
    found = np.zeros(size, np.int64)
    for i, slices in enumerate(cores):
        for held in slices:
            if held.population == population:
                for first, last in held.runs():
                    found[first:last] = i
    return found

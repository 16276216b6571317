"""What runs on the chip: integer populations and projections with the scales back to floats."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from neurotool.arrays import Int64Array
from neurotool.ir.graph import Shape


class SignMode(StrEnum):
    """Signs that a weight matrix may hold; the names and meaning of Lava's ``SignMode``."""

    MIXED = "mixed"
    EXCITATORY = "excitatory"
    INHIBITORY = "inhibitory"


@dataclass(frozen=True)
class AllToAll:
    """Every source neuron reaches every target neuron; weights have shape (target size, source size)."""


@dataclass(frozen=True, eq=False)
class Sparse:
    """Listed synapses; weights have one value for each. Two synapses may join the same pair of neurons.

    Attributes:
        targets: Target neuron of each synapse, flat index, int64 (synapses,).
        sources: Source neuron of each synapse, flat index, int64 (synapses,).
    """

    targets: Int64Array
    sources: Int64Array


@dataclass(frozen=True)
class Convolution:
    """A two-dimensional cross-correlation; weights have shape (channels out, channels in / groups, rows, columns).

    Source and target have shape (channels, rows, columns); a shape (channels, columns) counts as one row. Pairs are
    (rows, columns).
    """

    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1


Connectivity = AllToAll | Sparse | Convolution


@dataclass(frozen=True)
class InputPort:
    """A place where spikes enter the program.

    Attributes:
        name: Name of the value in the model.
        shape: Shape without time and batch.
        message_bits: 0 for binary spikes; otherwise the width of a signed integer payload (graded spikes).
        scale: Float value of a payload of one (1.0 for binary spikes).
    """

    name: str
    shape: Shape
    message_bits: int = 0
    scale: float = 1.0

    @property
    def peak(self) -> int:
        """Largest magnitude of a payload: 1 for binary spikes."""
        return 1 << (self.message_bits - 1) if self.message_bits else 1


@dataclass(frozen=True, eq=False)
class Population:
    """Neurons of one model with integer parameters.

    Attributes:
        name: Name of the population; that of its graph node.
        model: Name of a neuron model in ``neurotool.neurons``.
        shape: Shape without time and batch.
        parameters: Integer parameters by name, each an array of the flat population's length (one value per neuron).
        start: Time step at which the dynamics begin: the number of connections between the input and it.
        scale: Integer membrane units per float unit; 0 where the population has no float meaning (a bias axon).
        offset: Float membrane potential that integer zero stands for.
        origin: Node of the float graph it was made from.
    """

    name: str
    model: str
    shape: Shape
    parameters: Mapping[str, Int64Array]
    start: int
    scale: float
    offset: float = 0.0
    origin: str = ""

    @property
    def size(self) -> int:
        """Number of neurons."""
        return math.prod(self.shape)


@dataclass(frozen=True, eq=False)
class Projection:
    """Synapses from one source (input port or population) to one population.

    A spike of payload m at step t adds ``shift(sum(w * m), weight_exp)`` to the activation of the target at step
    t + 1 + delay; synapses of different delay are summed and shifted apart.

    Attributes:
        name: Name of the projection.
        source: Input port or population.
        target: Population.
        weights: Mantissas; the connectivity gives the shape.
        connectivity: Which source neuron reaches which target neuron.
        delays: Further steps a spike takes, 0 to 63, in the shape of the weights, or None. Convolutions have none.
        port: Input of the target's neuron model at which the sum arrives.
        weight_exp: Power of two on the accumulated sum.
        weight_bits: Weight width, 1 to 8.
        sign_mode: Signs the weights may have.
        message_bits: 0 to hear every message as a binary spike, otherwise the payload width of the source.
        origin: Node of the float graph it was made from.
    """

    name: str
    source: str
    target: str
    weights: Int64Array
    weight_exp: int = 0
    weight_bits: int = 8
    sign_mode: SignMode = SignMode.MIXED
    message_bits: int = 0
    origin: str = ""
    connectivity: Connectivity = AllToAll()
    delays: Int64Array | None = None
    port: str = "a"

    @cached_property
    def delay_range(self) -> tuple[int, int]:
        """Smallest and largest delay in steps."""
        if self.delays is None or not self.delays.size:
            return 0, 0
        return int(self.delays.min()), int(self.delays.max())


class OutputKind(StrEnum):
    """What leaves the program at an output port."""

    SPIKES = "spikes"
    MEMBRANE = "membrane"


@dataclass(frozen=True)
class OutputPort:
    """A population whose spikes or membrane potential leave the program.

    A float value is ``integer / scale + offset`` of the population for membranes. Spikes are 0 or 1, or the integer
    payloads of a neuron model that sends graded spikes.
    """

    population: str
    kind: OutputKind


@dataclass(frozen=True, eq=False)
class ChipProgram:
    """An integer network. Names of ports, populations and projections are unique across all three.

    Attributes:
        dt: Length of a time step in seconds (for people and energy; the integers do not need it).
        inputs: Input ports by name.
        populations: Populations by name, sources before targets (cycles apart).
        projections: Projections by name.
        outputs: What leaves the program.
        notes: What a reader should know, one sentence each.
    """

    dt: float
    inputs: Mapping[str, InputPort]
    populations: Mapping[str, Population]
    projections: Mapping[str, Projection]
    outputs: tuple[OutputPort, ...]
    notes: tuple[str, ...] = field(default=())

    @cached_property
    def _into(self) -> Mapping[str, tuple[Projection, ...]]:
        found: dict[str, list[Projection]] = {name: [] for name in self.populations}
        for projection in self.projections.values():
            found[projection.target].append(projection)
        return {name: tuple(projections) for name, projections in found.items()}

    def projections_into(self, population: str) -> tuple[Projection, ...]:
        """Projections that end at a population."""
        return self._into[population]

    def shape_of(self, name: str) -> Shape:
        """Shape of an input port or population."""
        port = self.inputs.get(name)
        return port.shape if port else self.populations[name].shape

    def size_of(self, name: str) -> int:
        """Number of values of an input port or population."""
        return math.prod(self.shape_of(name))

    def lag(self, projection: Projection) -> int:
        """Rows between what a source sends and what the target hears through a synapse without delay.

        Row t of an input port or population is its time step ``t + start``, where ports start at step 0. Row t of the
        target hears row ``t - lag - delay`` of the source. That is 0 between successive layers, since the target
        starts one step after its source, and at least 1 around a loop.
        """
        source = self.populations.get(projection.source)
        return (source.start if source else 0) + 1 - self.populations[projection.target].start

    @property
    def depth(self) -> int:
        """Steps from an input spike to the last population that hears of it."""
        return max((p.start for p in self.populations.values()), default=0)

"""The description of a neuromorphic chip."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from neurotool.chips.constant import Energy, EnergyPerByte, Number, Power, Sourced, Time

_FROZEN = ConfigDict(frozen=True, extra="forbid")


class Limit(Sourced):
    """A resource the chip has only so much of.

    Attributes:
        value: The most there is.
        unit: What is counted.
    """

    value: int = Field(ge=0)
    unit: str


class NeuronModels(Sourced):
    """Some of the neuron models of :mod:`neurotool.neurons` that the chip can hold."""

    names: tuple[str, ...]


class ChipLimits(BaseModel):
    """Limits of one chip, and how many may be joined; ``message_bits`` 0 means that spikes carry no payload."""

    model_config = _FROZEN

    chips: Limit
    cores: Limit
    neurons_per_core: Limit
    synapse_bits_per_core: Limit
    in_axons_per_core: Limit
    out_axons_per_core: Limit
    weight_bits: Limit
    message_bits: Limit
    delay_steps: Limit


class SynapseMemory(Sourced):
    """How synapses lie in the memory of a core.

    Attributes:
        word_bits: Size of a memory word; every block of synapses fills whole words.
        header_bits: Bits that a block spends on its own description.
        delay_bits: Bits that a synapse spends on its delay, in a list that has delays.
        block_synapses: Most synapses in a block.
        weight_codes: Weight widths that can be stored, ascending.
        index_codes: Widths of a target index that can be stored, ascending.
    """

    word_bits: PositiveInt
    header_bits: int = Field(ge=0)
    delay_bits: int = Field(ge=0)
    block_synapses: PositiveInt
    weight_codes: tuple[PositiveInt, ...] = Field(min_length=1)
    index_codes: tuple[PositiveInt, ...]


class Mesh(Sourced):
    """The grid of routers: ``columns`` x ``rows`` tiles of ``cores_per_tile`` cores."""

    columns: PositiveInt
    rows: PositiveInt
    cores_per_tile: PositiveInt


class ChipCosts(BaseModel):
    """Energy, time and power of what the chip does.

    Attributes:
        synop_dense: A synaptic operation from a list without target indices.
        synop_sparse: A synaptic operation from a list with target indices.
        synop_shared: A synaptic operation from a list that several source neurons of a convolution have in common.
        update_inactive: A time step of a neuron at rest.
        update_active: A time step of a neuron that receives, holds or fires.
        firing: What a firing neuron costs on top of its update.
        message: A spike to one destination core.
        hop_east_west: A message passing from tile to tile along a row.
        hop_north_south: The same along a column.
        crossing: A message passing from one chip to the next.
        synop_time: Time a core takes for a synaptic operation.
        update_time: Time a core takes for a neuron update.
        crossing_time: Time that the link between two chips takes for a message.
        barrier: Shortest time step of a single chip, set by the synchronisation of its cores.
        barrier_chips: The same for several chips.
        static_chip: Power of a chip with all cores gated.
        static_core: Power of a core that is not gated.
        host_processor: Power of one embedded x86 processor that is awake.
        host_processors: Number of embedded processors awake.
    """

    model_config = _FROZEN

    synop_dense: Energy
    synop_sparse: Energy
    synop_shared: Energy
    update_inactive: Energy
    update_active: Energy
    firing: Energy
    message: Energy
    hop_east_west: Energy
    hop_north_south: Energy
    crossing: Energy
    synop_time: Time
    update_time: Time
    crossing_time: Time
    barrier: Time
    barrier_chips: Time
    static_chip: Power
    static_core: Power
    host_processor: Power
    host_processors: Number


class Link(BaseModel):
    """How values reach the chip and leave it.

    Attributes:
        time_per_inference: Fixed time of input and output of one inference.
        time_per_value: Time per value on top of it.
        energy_per_byte: Energy of moving a byte over the link, both ends.
    """

    model_config = _FROZEN

    time_per_inference: Time
    time_per_value: Time
    energy_per_byte: EnergyPerByte


class Chip(BaseModel):
    """A neuromorphic chip.

    Attributes:
        kind: ``chip``.
        name: Name it is asked for by.
        title: Name for people.
        neuron_models: What its cores can compute, by source.
        limits: Resources.
        memory: Layout of synapses in a core.
        mesh: Grid of routers.
        costs: Energy, time and power.
        link: Input and output.
        dynamic_floor: Smallest relative half-width a band may have, since repeated measurements differ by as much.
        power_window: Range of average power that measurements of single chips fall into.
    """

    model_config = _FROZEN

    kind: Literal["chip"]
    name: str
    title: str
    neuron_models: tuple[NeuronModels, ...] = Field(min_length=1)
    limits: ChipLimits
    memory: SynapseMemory
    mesh: Mesh
    costs: ChipCosts
    link: Link
    dynamic_floor: Number
    power_window: Power

"""Leaky integrate-and-fire neurons over many time steps in one launch of a Triton kernel.

This is :mod:`neurotool.neurons.lif` in 64-bit integers. A program of the kernel holds the states of a block of lanes
(samples times neurons) in registers and goes through time with them, where the readable step launches some thirty
kernels for every time step.

It was run in Triton's interpreter, which the tests do, and translated to the machine code of an NVIDIA GPU (sm_90). It
has not been run on one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import torch
import triton
import triton.language as tl

from neurotool.arrays import Int64Array
from neurotool.ir.program import Population
from neurotool.neurons import RangeError
from neurotool.neurons.lif import bias
from neurotool.targets.loihi.torch.neurons import Tensors, on_device

Function = TypeVar("Function", bound=Callable[..., Any])

LANES = 128
"""Lanes of one program, one for each of its threads."""


def jit(function: Function) -> Function:
    """Compile a function with Triton, which has no types of its own."""
    return cast(Function, triton.jit(function))


@jit
def wrap32(x: tl.tensor) -> tl.tensor:
    """Wrap to 32-bit two's complement."""
    return ((x + 2147483648) & 4294967295) - 2147483648


@jit
def decay(x: tl.tensor, kept: tl.tensor) -> tl.tensor:
    """Multiply by ``kept / 4096``, rounding the magnitude down."""
    product = x * kept
    size = tl.where(product < 0, -product, product) >> 12
    return tl.where(product < 0, -size, size)


@jit
def through_time(
    activation: tl.tensor,
    spikes: tl.tensor,
    u_record: tl.tensor,
    v_record: tl.tensor,
    u_state: tl.tensor,
    v_state: tl.tensor,
    kept_u: tl.tensor,
    kept_v: tl.tensor,
    charge: tl.tensor,
    threshold: tl.tensor,
    steps: tl.tensor,
    lanes: tl.tensor,
    size: tl.tensor,
    record_u: tl.constexpr,
    record_v: tl.constexpr,
    block: tl.constexpr,
) -> None:
    """Take one block of lanes through all time steps; ``[time, lane]``, states ``[lane]``, parameters ``[neuron]``."""
    lane = tl.program_id(0).to(tl.int64) * block + tl.arange(0, block)
    there = lane < lanes
    neuron = lane % size
    u = tl.load(u_state + lane, mask=there, other=0)
    v = tl.load(v_state + lane, mask=there, other=0)
    ku = tl.load(kept_u + neuron, mask=there, other=0)
    kv = tl.load(kept_v + neuron, mask=there, other=0)
    added = tl.load(charge + neuron, mask=there, other=0)
    limit = tl.load(threshold + neuron, mask=there, other=0)
    place = lane
    for _ in range(steps):
        a = tl.load(activation + place, mask=there, other=0)
        u = wrap32(decay(u, ku) + wrap32(a << 6))
        u = tl.where(u > 8388608, u - 16777216, tl.where(u <= -8388608, u + 16777216, u))
        v = wrap32(decay(v, kv) + u + added)
        v = tl.where(v > 8388607, 8388607, tl.where(v < -8388607, -8388607, v))
        fires = v > limit
        v = tl.where(fires, 0, v)
        tl.store(spikes + place, fires.to(tl.int8), mask=there)
        if record_u:
            tl.store(u_record + place, u.to(tl.int32), mask=there)
        if record_v:
            tl.store(v_record + place, v.to(tl.int32), mask=there)
        place += lanes
    tl.store(u_state + lane, u, mask=there)
    tl.store(v_state + lane, v, mask=there)


class LifKernel:
    """LIF neurons outside strict mode; see :class:`neurotool.targets.loihi.torch.neurons.Neurons`.

    Args:
        population: The population.
        state: Its state before the run.
        device: Where to keep it.
    """

    how = "Triton kernel"
    refused: tuple[int, RangeError] | None = None

    def __init__(self, population: Population, state: Mapping[str, Int64Array], device: torch.device) -> None:
        parameters = population.parameters
        self.state = on_device(state, device)
        constants = {
            "kept_u": 4096 - (parameters["du"] + 1),
            "kept_v": 4096 - parameters["dv"],
            "charge": bias(parameters),
            "threshold": parameters["vth"] << 6,
        }
        self._constants = on_device(constants, device)
        self._size = population.size

    def run(self, inputs: Tensors, row: int, sent: torch.Tensor, records: Tensors) -> None:
        """Advance by as many steps as the inputs have; see :meth:`~.neurons.Neurons.run`."""
        activation, lanes = inputs["a"].contiguous(), sent[0].numel()
        unkept = torch.empty(0, dtype=torch.int32, device=sent.device)
        cast(Any, through_time)[(triton.cdiv(lanes, LANES),)](
            activation,
            sent.view(torch.int8),
            records.get("u", unkept),
            records.get("v", unkept),
            self.state["u"],
            self.state["v"],
            **self._constants,
            steps=len(sent),
            lanes=lanes,
            size=self._size,
            record_u="u" in records,
            record_v="v" in records,
            block=LANES,
        )

"""Checks the spikes that a program is given; every program target takes and refuses the same."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from neurotool.errors import UsageError
from neurotool.ir.program import ChipProgram, InputPort
from neurotool.ir.trace import Raster

_PAYLOADS = (-(2**31), 2**31 - 1)  # Lava carries int32 and does not look at the width that the port declares


def check_inputs(program: ChipProgram, inputs: Mapping[str, Raster], *, strict: bool = False) -> dict[str, Raster]:
    """Check the input of a run and bring it to the types of a trace.

    Args:
        program: The program that will run.
        inputs: Spikes per port, ``[time, batch, *shape]``.
        strict: Also refuse payloads that are wider than their port.

    Returns:
        The same, bool for binary ports and integers for graded ones; bool rasters of binary ports are not copied.

    Raises:
        UsageError: A port is missing or unknown, or its raster has the wrong shape, type or values.
    """
    if set(inputs) != set(program.inputs):
        raise UsageError(f"the program takes the inputs {sorted(program.inputs)}, but was given {sorted(inputs)}")
    rasters = {name: _check(port, np.asarray(inputs[name]), strict) for name, port in program.inputs.items()}
    if len({raster.shape[:2] for raster in rasters.values()}) > 1:
        raise UsageError(f"inputs differ in time steps or samples: { ({n: r.shape[:2] for n, r in rasters.items()}) }")
    return rasters


def _check(port: InputPort, raster: Raster, strict: bool) -> Raster:
    if raster.ndim < 2 or raster.shape[2:] != port.shape:
        expected = ", ".join(["time", "batch", *map(str, port.shape)])
        raise UsageError(f"input {port.name!r} has shape {raster.shape}, expected [{expected}]")
    if 0 in raster.shape[:2]:
        raise UsageError(f"input {port.name!r} is empty: {raster.shape[0]} steps, {raster.shape[1]} samples")
    if raster.dtype.kind not in "biu":
        raise UsageError(
            f"input {port.name!r} holds {raster.dtype} values; a chip takes spikes (bool, uint8) or integer payloads",
            hint="encode the values: --encode rate|latency|graded --steps N",
        )
    low, high = (0, 1) if port.message_bits == 0 else (-port.peak, port.peak) if strict else _PAYLOADS
    if raster.dtype == np.bool_ and port.message_bits == 0:
        return raster  # as it is: copying a long raster can take longer than running it
    smallest, largest = (int(raster.min()), int(raster.max())) if raster.size else (0, 0)
    if not low <= smallest <= largest <= high:
        raise UsageError(f"input {port.name!r} holds {smallest}..{largest}; its spikes are {low}..{high}")
    return raster.astype(np.bool_) if port.message_bits == 0 else raster

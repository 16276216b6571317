"""Latency and energy of dense work on a GPU or CPU: an analytic model, uncalibrated.

Time is what the slowest of arithmetic, memory and kernel launches takes; energy is power for that time plus the
operations and bytes themselves::

    t = max(flops / (peak * efficiency), bytes / (bandwidth * efficiency), kernels * launch)
    E = (idle + active floor) * t + e_flop * flops + e_byte * bytes
"""

from __future__ import annotations

import numpy as np

from neurotool.arrays import Float64Array
from neurotool.chips import Device
from neurotool.energy.bands import Floor, Values
from neurotool.energy.lines import Group, Line, Priced, Term
from neurotool.errors import UsageError
from neurotool.ir.costs import DenseCounts

LAUNCH_BOUND = Floor.factor(3.0)
"""Uncalibrated analytic models err by two to three times where kernels are too short to fill the device."""

WORK_BOUND = Floor.relative(0.5)
"""They err by 30 to 50 % where arithmetic or memory decides (AccelWattch, Guser: 25 to 32 % mean error, calibrated)."""


def price_dense(name: str, counts: DenseCounts, device: Device, values: Values) -> Priced:
    """Price dense work.

    Args:
        name: Name of the part.
        counts: Work of one call with a batch.
        device: Where it runs.
        values: Values of the constants.

    Returns:
        Latency is that of the whole batch; energy, and the time it is spent in, are a sample's share of it.

    Raises:
        UsageError: The device file has no figures for the number format, or the batch is empty.
    """
    if counts.precision not in device.peak or counts.precision not in device.operation_energy:
        raise UsageError(
            f"{device.name} has no figures for {counts.precision}, which part {name!r} computes in",
            hint=f"it has {', '.join(device.peak)}; add peak and operation_energy to a device file of your own",
        )
    if counts.batch < 1:
        raise UsageError(f"part {name!r} was counted with a batch of {counts.batch}", hint="count at least one sample")
    constants = device.constants(counts.precision)
    drawn = {key: values.of(f"{device.name}.{key}", constant) for key, constant in constants.items()}
    work = counts.flops / (drawn["peak"] * drawn["compute_efficiency"])
    memory = counts.bytes_moved / (drawn["bandwidth"] * drawn["bandwidth_efficiency"])
    launches = counts.kernels * drawn["launch"]
    seconds = np.maximum(np.maximum(work, memory), launches)
    share = seconds / counts.batch
    timing = (device.launch, device.compute_efficiency, device.bandwidth_efficiency)

    def line(term: Term, what: str, count: Float64Array, unit: str, key: str) -> Line:
        behind = timing if unit == "s" else ()
        return Line(term, what, count, unit, f"{device.name}.{key}", constants[key], count * drawn[key], behind)

    def same(amount: float) -> Float64Array:
        return np.full(values.columns, amount)

    lines = (
        line(Term.STATIC, "idle", share, "s", "idle"),
        line(Term.DYNAMIC, "active", share, "s", "active_floor"),
        line(Term.DYNAMIC, "operations", same(counts.flops / counts.batch), "FLOP", "operation_energy"),
        line(Term.DYNAMIC, "memory traffic", same(counts.bytes_moved / counts.batch), "bytes", "byte_energy"),
    )
    short = counts.batch == 1 or launches[0] >= max(work[0], memory[0])
    floor = LAUNCH_BOUND if short else WORK_BOUND
    return Priced(name, device.name, (Group(name, lines),), {"total": seconds}, timing, floor, share)

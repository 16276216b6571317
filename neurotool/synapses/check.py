"""Checks of projections: what never works, and what works in Lava's simulation but not on a chip."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurotool.diagnostics import Diagnostic, Severity
from neurotool.ir.program import ChipProgram, Convolution, Projection
from neurotool.ir.registers import weight_range, weight_step
from neurotool.neurons.models import MODELS
from neurotool.synapses.precision import truncated_weights

CHIP_DELAY_MAX = 62
"""Longest delay that a chip holds; lava-dl clips to it (``netx/hdf5.py``)."""


def check_ports(program: ChipProgram) -> Iterator[Diagnostic]:
    """Yield a finding for every projection that ends at an input which its target does not have."""
    for projection in program.projections.values():
        model = MODELS.get(program.populations[projection.target].model)
        if model is not None and projection.port not in model.inputs:
            message = f"{projection.target} ({model.name}) has no input {projection.port!r}"
            yield error_of("NT-PROG-005", projection, message, projection.port, ", ".join(model.inputs))


def check_strict(program: ChipProgram) -> Iterator[Diagnostic]:
    """Yield a finding for every projection that no chip could hold, although Lava simulates it."""
    for projection in program.projections.values():
        yield from _weights(projection)
        if isinstance(projection.connectivity, Convolution) and projection.weight_exp != 0:
            message = "a convolution with a weight exponent, which Lava ignores"
            yield error_of("NT-PROG-007", projection, message, str(projection.weight_exp), "0")
        longest = projection.delay_range[1]
        if longest > CHIP_DELAY_MAX:
            message = f"a delay of {longest} steps"
            yield error_of("NT-PROG-008", projection, message, str(longest), f"0..{CHIP_DELAY_MAX}")


def _weights(projection: Projection) -> Iterator[Diagnostic]:
    held = truncated_weights(projection)
    changed = np.flatnonzero((held != projection.weights).ravel())
    if not changed.size:
        return
    before, after = projection.weights.ravel()[changed[0]], held.ravel()[changed[0]]
    low, high = weight_range(projection.weight_bits, projection.sign_mode)
    step = weight_step(projection.weight_bits, projection.sign_mode)
    message = f"{changed.size} weight(s) that no synapse holds; the first is {before}, a chip would hold {after}"
    limit = f"multiples of {step} in {low}..{high}"
    yield error_of("NT-PROG-006", projection, message, str(before), limit)


def error_of(rule: str, projection: Projection, message: str, found: str, limit: str) -> Diagnostic:
    """A finding at a projection that keeps its program from running."""
    fix = f"see neurotool explain {rule}"
    return Diagnostic(rule, Severity.ERROR, projection.name, message, found, limit, fix, projection.origin)

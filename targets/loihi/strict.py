"""What strict mode finds in the messages of a finished run: payloads and sums that only Lava's simulation carries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from scipy import sparse

from neurotool.arrays import Int64Array
from neurotool.diagnostics import Diagnostic
from neurotool.errors import NegativeAnswerError
from neurotool.ir.program import ChipProgram, Convolution, Projection
from neurotool.ir.trace import Raster
from neurotool.synapses import hardware_weights
from neurotool.synapses.check import error_of
from neurotool.synapses.expand import expand

CONVOLUTION_LIMIT, GRADED_LIMIT = 1 << 23, 1 << 31
"""Sums wrap at this magnitude."""

ROWS = 256
"""Rows of messages whose sums are formed at once."""


def check_messages(program: ChipProgram, sent: Mapping[str, Raster]) -> None:
    """Refuse a run in which a payload outgrew its messages or a sum of synapses wrapped.

    Args:
        program: The program that ran.
        sent: What every input port and population sent, ``[time, batch, neuron]``.

    Raises:
        NegativeAnswerError: Lists one finding for each projection concerned.
    """
    found = [text for p in program.projections.values() for text in _findings(program, p, sent[p.source])]
    if found:
        raise NegativeAnswerError(
            f"{found[0].node}: {found[0].message}",
            hint="use smaller weights or payloads, or run without --strict",
            diagnostics=found,
        )


def _findings(program: ChipProgram, projection: Projection, sent: Raster) -> Iterator[Diagnostic]:
    graded = projection.message_bits > 0
    if not graded and not isinstance(projection.connectivity, Convolution):
        return
    peak = max(int(sent.max(initial=0)), -int(sent.min(initial=0))) if graded and sent.dtype != np.bool_ else 1
    widest = 1 << (projection.message_bits - 1) if graded else 1
    if peak > widest:
        message = f"a payload of magnitude {peak} in messages of {projection.message_bits} bits"
        yield error_of("NT-PROG-009", projection, message, str(peak), str(widest))
    largest = _largest_sum(program, projection, sent, peak)
    limit = CONVOLUTION_LIMIT if isinstance(projection.connectivity, Convolution) else GRADED_LIMIT
    if largest >= limit:
        message = f"a sum of magnitude {largest} wraps at {limit}"
        yield error_of("NT-PROG-010", projection, message, str(largest), str(limit - 1))


def _largest_sum(program: ChipProgram, projection: Projection, sent: Raster, peak: int) -> int:
    """Bound the sums by the weights, and form them only if that bound could wrap."""
    exponent = 0 if isinstance(projection.connectivity, Convolution) else projection.weight_exp
    matrix = _matrix(program, projection)
    bound = int(abs(matrix).sum(axis=1).max(initial=0)) * peak
    limit = CONVOLUTION_LIMIT if isinstance(projection.connectivity, Convolution) else GRADED_LIMIT
    if bound << max(exponent, 0) < limit:
        return 0
    rows = sent.reshape(-1, sent.shape[-1])
    payloads = rows if projection.message_bits else rows != 0
    largest = 0
    for first in range(0, len(rows), ROWS):
        sums: Int64Array = np.abs(matrix @ payloads[first : first + ROWS].T.astype(np.int64))
        largest = max(largest, int(sums.max(initial=0)))
    return largest << exponent if exponent > 0 else largest


def _matrix(program: ChipProgram, projection: Projection) -> sparse.csr_array:
    """All synapses with the weights that a run uses. Delays do not matter, as they only part the sums."""
    found = expand(program, _with_hardware_weights(projection))
    return sparse.csr_array((found.weights, (found.targets, found.sources)), shape=found.shape)


def _with_hardware_weights(projection: Projection) -> Projection:
    return replace(projection, weights=hardware_weights(projection))

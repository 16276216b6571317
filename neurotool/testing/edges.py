"""Counts how often a case reached the limits of the registers, so that nobody need believe that it did."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
from scipy import sparse

from neurotool.arrays import Int64Array
from neurotool.ir.program import ChipProgram, Convolution, Population, Projection
from neurotool.ir.trace import Raster, Trace
from neurotool.neurons import MODELS, RangeError
from neurotool.neurons.fixed import wrap32
from neurotool.synapses import Delivery, hardware_weights
from neurotool.synapses.expand import expand
from neurotool.testing.case import Case


@dataclass
class Edges:
    """How often a population reached a limit.

    Attributes:
        wrapped: Neuron-steps in which what arrived did not fit its registers.
        limited: Neuron-steps in which a state left the range of a chip.
        undefined: Sums of convolutions beyond 32 bits. Lava forms them in floating point and casts them to int32,
            for which C defines no result (``lava.proc.conv.utils.conv``); the reference wraps the exact sum.
    """

    wrapped: int = 0
    limited: int = 0
    undefined: int = 0


def edges(case: Case, trace: Trace) -> dict[str, Edges]:
    """Count for every population how often it reached a limit.

    Args:
        case: The case.
        trace: What the reference gave, with every state.
    """
    return {name: _edges(case, trace, population) for name, population in case.program.populations.items()}


def _edges(case: Case, trace: Trace, population: Population) -> Edges:
    into = [_Heard(case.program, p) for p in case.program.projections_into(population.name)]
    model, found = MODELS[population.model], Edges()
    first = model.initial(population.parameters, population.size)
    state: Mapping[str, Int64Array] = {name: np.tile(values, (case.batch, 1)) for name, values in first.items()}
    sent = {name: raster.reshape(case.steps, case.batch, -1) for name, raster in trace.spikes.items()}
    states = {
        name: raster.reshape(case.steps, case.batch, -1).astype(np.int64)
        for name, raster in trace.states.get(population.name, {}).items()
    }
    with _out_of_range((case.batch, population.size)) as limited:
        for row in range(case.steps):
            held = _arrive(into, sent, row, found, {port: np.zeros_like(limited, np.int64) for port in model.inputs})
            limited[:] = False
            try:
                model.step(population.parameters, state, held, row=row, strict=True)
            except RangeError as error:  # of a model that looks at the range in a way of its own
                limited[error.index] = True
            found.limited += int(limited.sum())
            state = {name: values[row] for name, values in states.items()}
    return found


def _arrive(
    into: Sequence[_Heard], sent: Mapping[str, Raster], row: int, found: Edges, nothing: Mapping[str, Int64Array]
) -> dict[str, Int64Array]:
    """Return what arrives at each input in a row, and count where it differs from the exact sum."""
    exact, held = dict(nothing), dict(nothing)
    for heard in into:
        port = heard.projection.port
        sums = heard.exact(sent, row)
        if isinstance(heard.projection.connectivity, Convolution):
            found.undefined += int(np.sum(sums != wrap32(np.asarray(sums))))
        exact[port] = exact[port] + sums
        held[port] = held[port] + heard.held(sent, row)
    held = {port: wrap32(values) for port, values in held.items()}
    found.wrapped += int(np.any([exact[port] != held[port] for port in nothing], axis=0).sum())
    return held


@dataclass(eq=False)
class _Heard:
    """What one projection delivers: as registers hold it, and as it would be without limits."""

    program: ChipProgram
    projection: Projection

    def __post_init__(self) -> None:
        self._delivery = Delivery(self.program, self.projection)
        held = expand(self.program, replace(self.projection, weights=hardware_weights(self.projection)))
        self._matrices = {}
        for delay in self._delivery.delays:
            there = held.delays == delay
            where = held.targets[there], held.sources[there]
            self._matrices[delay] = sparse.csr_array((held.weights[there], where), shape=held.shape)
        self._lag = self.program.lag(self.projection)

    def held(self, sent: Mapping[str, Raster], row: int) -> Int64Array | int:
        """Activation as the reference delivers it, ``[batch, target]``."""
        return self._delivery.activation(lambda delay: self._messages(sent, row, delay))

    def exact(self, sent: Mapping[str, Raster], row: int) -> Int64Array | int:
        """Activation without a wrap, ``[batch, target]``."""
        total: Int64Array | int = 0
        for delay, matrix in self._matrices.items():
            messages = self._messages(sent, row, delay)
            if messages is not None:
                heard = messages if self.projection.message_bits else messages != 0
                total = total + self._shifted((matrix @ heard.astype(np.int64).T).T)
        return total

    def _shifted(self, total: Int64Array) -> Int64Array:
        if isinstance(self.projection.connectivity, Convolution):
            return total
        exponent = self.projection.weight_exp
        return total << exponent if exponent > 0 else total >> -exponent

    def _messages(self, sent: Mapping[str, Raster], row: int, delay: int) -> Raster | None:
        at = row - self._lag - delay
        return sent[self.projection.source][at] if at >= 0 else None


@contextmanager
def _out_of_range(shape: tuple[int, int]) -> Iterator[npt.NDArray[np.bool_]]:
    """Let the strict steps of neuron models mark what is out of range instead of refusing the first such value."""
    marked = np.zeros(shape, np.bool_)

    def mark(variable: str, values: Int64Array, limit: int, low: int | None = None) -> None:
        np.logical_or(marked, (values > limit) | (values < (-limit if low is None else low)), out=marked)

    with ExitStack() as stack:
        for name, module in list(sys.modules.items()):
            if name.startswith("neurotool.neurons.") and hasattr(module, "check_range"):
                stack.enter_context(patch.object(module, "check_range", mark))
        yield marked

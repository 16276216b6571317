"""Latency and energy of one inference on a neuromorphic chip, from counts and the chip's constants.

Model: a time step lasts as long as the busiest core, or the barrier where that is longer; input and output come on
top. Static and host power burn for all of that time. Method after Timcheck, Pierro and Shrestha (arXiv 2601.10035) and
Yik et al. (arXiv 2511.21549), without their link and memory terms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neurotool.chips import Chip, Constant
from neurotool.energy.bands import DRAWS, Draws
from neurotool.energy.boundary import Crossing
from neurotool.energy.counts import Counts
from neurotool.energy.lines import Group, Line, Term
from neurotool.ir.program import ChipProgram

FloatArray = npt.NDArray[np.float64]

TIMING = ("synop_time", "update_time", "barrier", "time_per_inference", "time_per_value")
"""Constants that decide the latency."""


@dataclass(frozen=True, eq=False)
class ChipEnergy:
    """What one inference of one program takes, for every draw of the constants, ``[1 + draws]``.

    Attributes:
        groups: One per input port and population, then ``chip`` for what the chip spends as a whole.
        step_seconds: Time of all steps.
        transfer_seconds: Time of input and output.
        timing: Constants that the times rest on.
    """

    groups: tuple[Group, ...]
    step_seconds: FloatArray
    transfer_seconds: FloatArray
    timing: tuple[Constant, ...]

    @property
    def seconds(self) -> FloatArray:
        """Latency of one inference."""
        return self.step_seconds + self.transfer_seconds


class ChipModel:
    """Prices counts with the constants of a chip.

    Args:
        chip: The chip.
        draws: Draws of the constants.
    """

    def __init__(self, chip: Chip, draws: Draws) -> None:
        self.chip = chip
        self._draws = draws
        self._constants: dict[str, Constant] = {**dict(chip.costs), **dict(chip.link)}
        self._timing = tuple(self._constants[name] for name in TIMING if self._constants[name].value > 0)

    def price(self, program: ChipProgram, counts: Counts, crossings: dict[str, Crossing]) -> ChipEnergy:
        """Price one inference.

        Args:
            program: The program that was counted.
            counts: What it did.
            crossings: What crosses the edge of the chip, by input port or population.
        """
        steps = self.step_seconds(counts)
        transfer = self.transfer_seconds(sum(crossing.values for crossing in crossings.values()))
        groups = [self._layer(program, counts, name, crossings.get(name)) for name in counts.sent]
        groups.append(Group("chip", self._powered(counts, steps + transfer)))
        return ChipEnergy(tuple(groups), steps, transfer, self._timing)

    def step_seconds(self, counts: Counts) -> FloatArray:
        """Time of all steps of an inference: the sum of max(busiest core's synops, fullest core's updates, barrier)."""
        synop = self._drawn("synop_time")
        shortest = np.maximum(self._drawn("update_time") * counts.busiest_updates, self._drawn("barrier"))
        load = np.sort(counts.busiest_synops, axis=None)
        below = np.concatenate([[0.0], np.cumsum(load)])
        # Sorted loads make the sum of maxima two products: steps below the crossing take the shortest time.
        crossing = np.divide(shortest, synop, out=np.full_like(shortest, np.inf), where=synop > 0)
        short = np.searchsorted(load, crossing)
        return np.asarray((shortest * short + synop * (below[-1] - below[short])) / counts.samples, np.float64)

    def transfer_seconds(self, values: float) -> FloatArray:
        """Time of input and output of an inference with this many values."""
        return self._drawn("time_per_inference") + self._drawn("time_per_value") * values

    def _layer(self, program: ChipProgram, counts: Counts, name: str, crossing: Crossing | None) -> Group:
        sent, lines = counts.sent[name], []
        if name in counts.updates:
            updates = counts.updates[name]
            into = [counts.synops[projection.name] for projection in program.projections_into(name)]
            dense, sparse = sum(s.dense.sum() for s in into), sum(s.sparse.sum() for s in into)
            shared = sum(s.shared.sum() for s in into)
            lines += [
                self._event("synaptic operations, lists without indices", dense, "synops", "synop_dense"),
                self._event("synaptic operations, lists with indices", sparse, "synops", "synop_sparse"),
                self._event("synaptic operations, shared lists", shared, "synops", "synop_shared"),
                self._event("active neuron updates", updates.active.sum(), "updates", "update_active"),
                self._event("inactive neuron updates", updates.inactive.sum(), "updates", "update_inactive"),
                self._event("firing neurons", sent.spikes.sum(), "spikes", "firing"),
            ]
        lines += [
            self._event("messages", sent.messages.sum(), "messages", "message"),
            self._event("tiles crossed along rows", sent.hops_east_west.sum(), "hops", "hop_east_west"),
            self._event("tiles crossed along columns", sent.hops_north_south.sum(), "hops", "hop_north_south"),
        ]
        if crossing is not None:
            moved = np.full(1 + DRAWS, crossing.bytes)
            lines.append(self._line(Term.BOUNDARY, "values over the link", moved, "bytes", "energy_per_byte"))
        return Group(name, tuple(line for line in lines if line.count[0] > 0))

    def _powered(self, counts: Counts, seconds: FloatArray) -> tuple[Line, ...]:
        processors = self._drawn("host_processors")
        return (
            self._line(Term.STATIC, "chips powered", seconds * counts.chips, "chip-seconds", "static_chip"),
            self._line(Term.STATIC, "cores powered", seconds * counts.cores, "core-seconds", "static_core"),
            self._line(Term.HOST, "processors awake", seconds * processors, "processor-seconds", "host_processor"),
        )

    def _event(self, what: str, count: float, unit: str, name: str) -> Line:
        return self._line(Term.DYNAMIC, what, np.full(1 + DRAWS, float(count)), unit, name)

    def _line(self, term: Term, what: str, count: FloatArray, unit: str, name: str) -> Line:
        constant, energy = self._constants[name], count * self._drawn(name)
        behind = self._timing if term in (Term.STATIC, Term.HOST) else ()
        return Line(term, what, count, unit, f"{self.chip.name}.{name}", constant, energy, behind)

    def _drawn(self, name: str) -> FloatArray:
        return self._draws.of(f"{self.chip.name}.{name}", self._constants[name])

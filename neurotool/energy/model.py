"""Latency and energy of one inference on a neuromorphic chip, from events and the chip's constants.

Model: a time step lasts as long as the busiest core, the busiest link between chips, or the barrier, whichever is
longest; input and output come on top. Static and host power burn for all of that time. Method after Timcheck, Pierro
and Shrestha (arXiv 2601.10035) and Yik et al. (arXiv 2511.21549), without the links within a chip and memory terms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from neurotool.arrays import Float64Array
from neurotool.chips import Chip, Constant
from neurotool.energy.bands import Floor, Values
from neurotool.energy.dynamic import CHIPS_POWERED, CORES_POWERED
from neurotool.energy.events import SPIKE_DRIVEN, ChipWork, LayerEvents
from neurotool.energy.lines import Group, Line, Priced, Term

STEP_TIMING = ("synop_time", "update_time", "crossing_time")
TRANSFER_TIMING = ("time_per_inference", "time_per_value")
"""Constants that decide the time of a step, and that of input and output."""

RATES = "activity.rates"
"""Name of the factor by which an assumed spike rate may be off."""

EVENTS = (
    ("synops_dense", "synaptic operations, lists without indices", "synops", "synop_dense"),
    ("synops_sparse", "synaptic operations, lists with indices", "synops", "synop_sparse"),
    ("synops_shared", "synaptic operations, shared lists", "synops", "synop_shared"),
    ("updates_active", "active neuron updates", "updates", "update_active"),
    ("updates_inactive", "inactive neuron updates", "updates", "update_inactive"),
    ("firing", "firing neurons", "spikes", "firing"),
    ("messages", "messages", "messages", "message"),
    ("hops_east_west", "tiles crossed along rows", "hops", "hop_east_west"),
    ("hops_north_south", "tiles crossed along columns", "hops", "hop_north_south"),
    ("crossings", "borders between chips crossed", "crossings", "crossing"),
)
"""Every event of a layer: its count, what it is for people, its unit, and the constant it is priced with."""


TINY = 1e-15
"""Seconds; keeps a ratio finite where a chip file sets a time to zero."""


def _barrier(work: ChipWork) -> str:
    """Constant that sets the shortest step."""
    return "barrier" if work.chips == 1 else "barrier_chips"


class ChipModel:
    """Prices events with the constants of a chip.

    Args:
        chip: The chip.
        values: Values of the constants.
    """

    def __init__(self, chip: Chip, values: Values) -> None:
        self.chip = chip
        self._values = values
        self._constants: dict[str, Constant] = {**dict(chip.costs), **dict(chip.link)}

    def price(self, part: str, work: ChipWork) -> Priced:
        """Price one inference.

        Args:
            part: Name of the part.
            work: What it does.

        Returns:
            One group per input port and population, then ``chip`` for what the chip spends as a whole.
        """
        times, timing = self.times(work), self._timing(work)
        steady = {layer.name: layer for layer in work.steady}
        groups = [Group(x.name, tuple(self._layer(work, x, steady.get(x.name)))) for x in work.layers]
        groups.append(Group("chip", self._powered(work, times["total"], timing)))
        floor = Floor.relative(self.chip.dynamic_floor.si)
        return Priced(part, self.chip.name, tuple(groups), times, timing, floor, times["total"])

    def times(self, work: ChipWork) -> Mapping[str, Float64Array]:
        """Latency by cause and in total, ``[columns]`` each. What is known is not modelled."""
        if work.latency is not None:
            given = np.full(self._values.columns, work.latency)
            return {"given": given, "total": given}
        steps = self._step_seconds(work)
        transfer = self._drawn("time_per_inference") + self._drawn("time_per_value") * work.values
        return {"steps": steps, "input and output": transfer, "total": steps + transfer}

    def _step_seconds(self, work: ChipWork) -> Float64Array:
        """Time of all steps: the sum of max(busiest core's synops, fullest core's updates, busiest link, barrier)."""
        if work.step_time is not None:
            return np.full(self._values.columns, work.steps * work.step_time)
        synop = self._drawn("synop_time") * self._rates(work)
        shortest = np.maximum(self._drawn("update_time") * work.busiest_updates, self._drawn(_barrier(work)))
        # A link's load counts as the synaptic operations that take as long; draws move both by one factor.
        ratio = self._constants["crossing_time"].si / max(self._constants["synop_time"].si, TINY)
        load = np.sort(np.maximum(work.busiest_synops, ratio * work.busiest_link), axis=None)
        below = np.concatenate([[0.0], np.cumsum(load)])
        # Sorted loads make the sum of maxima two products: steps below the crossing take the shortest time.
        crossing = np.divide(shortest, synop, out=np.full_like(shortest, np.inf), where=synop > 0)
        short = np.searchsorted(load, crossing)
        return np.asarray((shortest * short + synop * (below[-1] - below[short])) / work.samples, np.float64)

    def _timing(self, work: ChipWork) -> tuple[Constant, ...]:
        if work.latency is not None:
            return ()
        names = list(TRANSFER_TIMING)
        if work.step_time is None:
            names += [name for name in STEP_TIMING if work.chips > 1 or name != "crossing_time"] + [_barrier(work)]
        return tuple(self._constants[name] for name in names if self._constants[name].value > 0)

    def _layer(self, work: ChipWork, layer: LayerEvents, steady: LayerEvents | None) -> Iterator[Line]:
        rates, behind = self._rates(work), () if work.rates is None else (work.rates,)
        for field, what, unit, name in EVENTS:
            count = float(getattr(layer, field))
            if count > 0:
                # What does not follow the rate of the others is not as uncertain as they are.
                still = 0.0 if steady is None else float(getattr(steady, field))
                driven = field in SPIKE_DRIVEN and still < count
                counts = still + (count - still) * rates if driven else np.full_like(rates, count)
                yield self._line(Term.DYNAMIC, what, counts, unit, name, behind * driven)
        if layer.link_bytes > 0:
            moved = np.full(self._values.columns, layer.link_bytes)
            yield self._line(Term.BOUNDARY, "values over the link", moved, "bytes", "energy_per_byte", ())

    def _powered(self, work: ChipWork, seconds: Float64Array, timing: tuple[Constant, ...]) -> tuple[Line, ...]:
        processors = self._drawn("host_processors")
        return (
            self._line(Term.STATIC, CHIPS_POWERED, seconds * work.chips, "chip-seconds", "static_chip", timing),
            self._line(Term.STATIC, CORES_POWERED, seconds * work.cores, "core-seconds", "static_core", timing),
            self._line(
                Term.HOST, "processors awake", seconds * processors, "processor-seconds", "host_processor", timing
            ),
        )

    def _line(
        self, term: Term, what: str, count: Float64Array, unit: str, name: str, behind: tuple[Constant, ...]
    ) -> Line:
        constant, energy = self._constants[name], count * self._drawn(name)
        return Line(term, what, count, unit, f"{self.chip.name}.{name}", constant, energy, behind)

    def _rates(self, work: ChipWork) -> Float64Array:
        return np.ones(self._values.columns) if work.rates is None else self._values.of(RATES, work.rates)

    def _drawn(self, name: str) -> Float64Array:
        return self._values.of(f"{self.chip.name}.{name}", self._constants[name])

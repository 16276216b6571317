"""What a population hears: the synapses that end at it, and how far back each of them listens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from neurotool.arrays import Int32Array
from neurotool.ir.program import Population, Projection
from neurotool.targets.loihi.run import Run
from neurotool.targets.loihi.synapses import Arithmetic, Delivered, Synapses, prepared


@dataclass(eq=False)
class Tally:
    """What the synapses of a projection did in a run."""

    used: Counter[Arithmetic] = field(default_factory=Counter)
    seen: int = 0
    events: int = 0
    operations: int = 0

    def add(self, delivered: Delivered) -> None:
        """Count a delivery."""
        self.used[delivered.how] += 1
        self.seen += delivered.seen
        self.events += delivered.events
        self.operations += delivered.operations


@dataclass(frozen=True, eq=False)
class Connection:
    """Synapses of one projection and delay.

    Attributes:
        projection: The projection.
        distance: Rows between what the source sends and what the target hears: lag and delay.
        synapses: The synapses, ready to deliver.
        tally: What all synapses of the projection did.
    """

    projection: Projection
    distance: int
    synapses: Synapses
    tally: Tally

    def deliver(self, run: Run, first: int, last: int, window: Int32Array, start: int) -> None:
        """Add what arrives in rows ``first`` to ``last``.

        Args:
            run: The run.
            first: First row of the target.
            last: Row to stop before.
            window: Sums at the input, ``[time, batch, neuron]``.
            start: Row of the target with which the window begins.
        """
        for row, heard in run.sent_in(self.projection.source, first - self.distance, last - self.distance):
            offset = row + self.distance - start
            target = window[offset : offset + len(heard)]
            rows = len(heard) * run.batch
            delivered = self.synapses.deliver(heard.reshape(rows, -1), target.reshape(rows, -1), run.workers)
            self.tally.add(delivered)


def connections_into(run: Run, population: Population) -> list[Connection]:
    """Return all connections into a population."""
    found = []
    for projection in run.program.projections_into(population.name):
        tally = Tally()
        for delay, synapses in prepared(run.program)[projection.name].items():
            found.append(Connection(projection, run.program.lag(projection) + delay, synapses, tally))
    return found


def hear(
    run: Run, connections: Iterable[Connection], first: int, last: int, inputs: Mapping[str, Int32Array], start: int
) -> None:
    """Add what arrives in rows ``first`` to ``last`` at the inputs of a population; windows begin at ``start``."""
    for connection in connections:
        connection.deliver(run, first, last, inputs[connection.projection.port], start)

"""One population over a window of rows, on the device: what it hears, then what it does."""

from __future__ import annotations

import importlib.util
from collections import Counter
from typing import NamedTuple

import torch

from neurotool.arrays import Int64Array
from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import ChipProgram, Population
from neurotool.neurons import LIF, MODELS
from neurotool.targets.loihi.components import Component
from neurotool.targets.loihi.torch.neurons import Neurons, ReadableNeurons
from neurotool.targets.loihi.torch.products import Arithmetic, wrap
from neurotool.targets.loihi.torch.senders import Senders
from neurotool.targets.loihi.torch.synapses import Synapses, synapses_of

Sums = dict[str, torch.Tensor]
"""What arrives at each input, ``[time, batch, neuron]``, int64."""


class Connection(NamedTuple):
    """Synapses of one projection and delay.

    Attributes:
        source: Input port or population.
        port: Input of the target.
        distance: Rows between what the source sends and what the target hears: lag and delay.
        synapses: The synapses.
    """

    source: str
    port: str
    distance: int
    synapses: Synapses


class Layer:
    """A population in a run.

    Args:
        program: The program.
        population: The population.
        component: The populations that it steps together with.
        senders: What everybody sent.
        options: Probes, strictness, progress.

    Attributes:
        population: The population.
        neurons: Its neurons.
    """

    def __init__(
        self, program: ChipProgram, population: Population, component: Component, senders: Senders, options: RunOptions
    ) -> None:
        self.population = population
        self.neurons = _neurons(population, senders, strict=options.strict)
        self._senders = senders
        self._stride = component.stride
        connections = [
            Connection(p.source, p.port, program.lag(p) + delay, synapses)
            for p in program.projections_into(population.name)
            for delay, synapses in synapses_of(program, p, senders.device).items()
        ]
        loop = component.names if component.looped else ()
        self._inside = [connection for connection in connections if connection.source in loop]
        self._outside = [connection for connection in connections if connection.source not in loop]
        self._several = {
            port for port, count in Counter(connection.port for connection in connections).items() if count > 1
        }
        self._used: Counter[Arithmetic] = Counter()

    @property
    def how(self) -> str:
        """What computed the population so far, in words."""
        loop = {0: (), 1: ("step by step in a loop",)}.get(self._stride, (f"{self._stride} steps at a time in a loop",))
        return ", ".join([self.neurons.how, *loop, *sorted(self._used)])

    def state(self) -> dict[str, Int64Array]:
        """Return the state of the neurons, ``[batch, neuron]`` for each variable."""
        return {name: values.cpu().numpy() for name, values in self.neurons.state.items()}

    def hear_outside(self, first: int, last: int) -> Sums:
        """Sum what arrives in a window from outside the loop."""
        batch = self._senders.recording.state.batch
        heard = self._hear(self._outside, {}, first, last)
        for port in MODELS[self.population.model].inputs:
            if port not in heard:
                shape = (last - first, batch, self.population.size)
                heard[port] = torch.zeros(shape, dtype=torch.int64, device=self._senders.device)
        return heard

    def advance(self, sums: Sums, window: int, low: int, high: int) -> None:
        """Hear the loop and step through some rows.

        Args:
            sums: What arrives from outside in the window.
            window: First row of the window.
            low: First row.
            high: Row to stop before.
        """
        rows, name, senders = slice(low - window, high - window), self.population.name, self._senders
        heard = self._hear(self._inside, {port: x[rows] for port, x in sums.items()}, low, high)
        heard = {port: wrap(x, 32) if port in self._several else x for port, x in heard.items()}
        records = {k: values[rows] for k, values in senders.states[name].items()}
        self.neurons.run(heard, senders.recording.state.rows + low, senders.sent[name].now[rows], records)

    def _hear(self, connections: list[Connection], heard: Sums, first: int, last: int) -> Sums:
        """Add what arrives in some rows; Lava's ports add 32-bit integers, which is left to the caller."""
        heard = dict(heard)
        for connection in connections:
            messages = self._senders.sent[connection.source].between(
                first - connection.distance, last - connection.distance
            )
            delivered, how = connection.synapses.deliver(messages.flatten(0, 1))
            self._used[how] += 1
            arrived = delivered.reshape(*messages.shape[:2], -1)
            heard[connection.port] = heard[connection.port] + arrived if connection.port in heard else arrived
        return heard


def _neurons(population: Population, senders: Senders, *, strict: bool) -> Neurons:
    """Return the fastest form of the neurons of a population."""
    state, device = senders.recording.state.states[population.name], senders.device
    if population.model == LIF.name and device.type == "cuda" and not strict and importlib.util.find_spec("triton"):
        from neurotool.targets.loihi.torch.lif_kernel import LifKernel  # compiles, for NVIDIA and AMD devices only

        return LifKernel(population, state, device)
    return ReadableNeurons(population, state, device, strict=strict)

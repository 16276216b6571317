"""Says which way each population took, and at what speed."""

from __future__ import annotations

from collections.abc import Sequence

from neurotool.targets.loihi.groups import Group
from neurotool.targets.loihi.hearing import Tally
from neurotool.targets.loihi.layers import Layer
from neurotool.targets.loihi.listed import listed
from neurotool.targets.loihi.run import Run


def explain(run: Run, groups: Sequence[Group], seconds: float) -> dict[str, str]:
    """Return facts for the trace.

    Args:
        run: The run.
        groups: All of its populations, after it.
        seconds: Wall-clock duration.

    Returns:
        ``path`` per population, and the throughput in neuron-steps and synaptic operations.
    """
    ways: dict[str, list[str]] = {}
    operations = 0
    for together in groups:
        for layer in together.layers:
            tallies = list(dict.fromkeys(connection.tally for connection in layer.connections))
            ways.setdefault(_way(layer, together.together, tallies), []).append(layer.population.name)
            operations += sum(tally.operations for tally in tallies)
    neuron_steps = run.steps * run.batch * sum(p.size for p in run.program.populations.values())
    return {
        "path": "; ".join(f"{listed(names)}: {way}" for way, names in ways.items()),
        "neuron-steps per second": f"{neuron_steps / seconds:.3g}",
        "synaptic operations per second": f"{operations / seconds:.3g}",
    }


def _way(layer: Layer, together: str, tallies: Sequence[Tally]) -> str:
    model = layer.population.model
    neurons = "scan" if layer.compiled else f"reference steps, as no compiled form of {model} exists"
    products = dict.fromkeys(_product(tally) for tally in tallies if tally.seen)
    return ", ".join([neurons, *([together] if together else []), *products])


def _product(tally: Tally) -> str:
    rate = f"{100 * tally.events / tally.seen:.3g} % active"
    return f"{' and '.join(how.value for how in sorted(tally.used))} ({rate})"

"""Says which way each population took, and at what speed."""

from __future__ import annotations

from collections.abc import Sequence

from neurotool.targets.loihi.layers import ReferenceLayer, Run, ScanLayer
from neurotool.targets.loihi.products import Synapses

NAMES_SHOWN = 8
"""Populations named for each way; a trace file holds short texts only."""


def explain(run: Run, layers: Sequence[ScanLayer | ReferenceLayer], seconds: float) -> dict[str, str]:
    """Return facts for the trace.

    Args:
        run: The run.
        layers: All of its layers, after it.
        seconds: Wall-clock duration.

    Returns:
        ``path`` per population, and the throughput in neuron-steps and, where they were counted, synaptic operations.
    """
    ways: dict[str, list[str]] = {}
    for layer in layers:
        ways.setdefault(_way(layer), []).append(layer.population.name)
    neuron_steps = run.steps * run.batch * sum(p.size for p in run.program.populations.values())
    facts = {
        "path": "; ".join(f"{_listed(names)}: {way}" for way, names in ways.items()),
        "neuron-steps per second": f"{neuron_steps / seconds:.3g}",
    }
    if all(isinstance(layer, ScanLayer) for layer in layers):
        operations = sum(
            s.events * s.targets for layer in layers if isinstance(layer, ScanLayer) for s in layer.synapses
        )
        facts["synaptic operations per second"] = f"{operations / seconds:.3g}"
    return facts


def _way(layer: ScanLayer | ReferenceLayer) -> str:
    if isinstance(layer, ReferenceLayer):
        return f"reference steps, as no compiled form of {layer.population.model} exists"
    together = "scan, step by step in a loop" if layer.looped else "scan"
    return ", ".join([together, *dict.fromkeys(_product(s) for s in layer.synapses if s.seen)])


def _product(synapses: Synapses) -> str:
    rate = f"{100 * synapses.events / synapses.seen:.3g} % active"
    return f"{' and '.join(how.value for how in sorted(synapses.used))} ({rate})"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")

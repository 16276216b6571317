"""Turns the differential equations of the neuron nodes into one update per time step.

NIR writes a leaky membrane as ``τ dv/dt = (v_leak - v) + R i`` and a synaptic current as ``τ_syn di/dt = -i + w_in x``
(Pedersen et al., Nature Communications 15, 2024). Over one step of length dt the state moves towards its resting value
by a share k of the distance: k = dt/τ under forward Euler, k = 1 - exp(-dt/τ) where the input is held constant over
the step.
"""

from __future__ import annotations

from dataclasses import replace

import nir
import numpy as np
import numpy.typing as npt

from neurotool.diagnostics import Diagnostic, Severity
from neurotool.errors import UnsupportedError
from neurotool.ir.convention import InitialMembrane, Integration
from neurotool.ir.graph import NEURON_TYPES, SPIKING_TYPES, Graph, Node
from neurotool.ir.update import NeuronUpdate
from neurotool.units import format_si

FloatArray = npt.NDArray[np.float64]

_CURRENT_BASED = (nir.CubaLIF, nir.CubaLI)
_MEMBRANE_BASED = (nir.LIF, nir.LI)
_KNOWN = (*_CURRENT_BASED, *_MEMBRANE_BASED, nir.IF)


def discretise(graph: Graph) -> Graph:
    """Return the graph with an update on every neuron node, computed in float64 under the graph's convention.

    Args:
        graph: A float graph; updates that are there already are computed anew.

    Raises:
        UnsupportedError: A time constant is shorter than forward Euler can follow, or a neuron model has no update
            here; ``diagnostics`` lists all of them.
    """
    neurons = [node for node in graph.nodes.values() if isinstance(node.op, NEURON_TYPES)]
    refused = [finding for node in neurons for finding in _refusals(node, graph)]
    if refused:
        names = ", ".join(dict.fromkeys(d.node for d in refused))
        raise UnsupportedError(f"no update per step of {format_si(graph.dt, 's')} for {names}", diagnostics=refused)
    updated = {node.name: replace(node, update=_update(node, graph)) for node in neurons}
    return replace(graph, nodes={name: updated.get(name, node) for name, node in graph.nodes.items()})


def _refusals(node: Node, graph: Graph) -> list[Diagnostic]:
    if not isinstance(node.op, _KNOWN):
        message = f"{node.name}: {node.type_name} has no update rule"
        fix = "use IF, LIF, CubaLIF, LI or CubaLI"
        return [
            Diagnostic("NT-DISC-002", Severity.ERROR, node.name, message, node.type_name, fix=fix, origin=node.origin)
        ]
    found = []
    for field in ("tau", "tau_syn", "tau_mem"):
        if hasattr(node.op, field) and np.any(_share(_parameter(node, field), graph) > 1.0):
            shortest = format_si(float(np.min(_parameter(node, field))), "s")
            found.append(
                Diagnostic(
                    "NT-DISC-001",
                    Severity.ERROR,
                    node.name,
                    f"{node.name}: {field} of {shortest} is shorter than the time step {format_si(graph.dt, 's')}",
                    found=shortest,
                    limit=f"at least {format_si(graph.dt, 's')}",
                    fix=f"take a time step of at most {shortest}, or --convention {Integration.EXPONENTIAL_EULER}",
                    origin=node.origin,
                )
            )
    return found


def _update(node: Node, graph: Graph) -> NeuronUpdate:
    op = node.op
    ones, zeros = np.ones(node.shape), np.zeros(node.shape)
    current_decay = input_gain = ones
    if isinstance(op, _CURRENT_BASED):
        current_decay = _share(_parameter(node, "tau_syn"), graph)
        input_gain = _as_float32_meant(current_decay * _parameter(node, "w_in"))
    leaky = not isinstance(op, nir.IF)
    tau = "tau" if isinstance(op, _MEMBRANE_BASED) else "tau_mem"
    resistance = _parameter(node, "r")
    leak = _parameter(node, "v_leak") if leaky else zeros
    spikes = isinstance(op, SPIKING_TYPES)
    reset = _parameter(node, "v_reset") if spikes else zeros
    at_leak = graph.convention.initial_membrane is InitialMembrane.LEAK
    return NeuronUpdate(
        current_decay=current_decay,
        input_gain=input_gain,
        leaky=leaky,
        membrane_decay=_share(_parameter(node, tau), graph) if leaky else zeros,
        resistance=resistance if leaky else _as_float32_meant(resistance * graph.dt),
        leak=leak,
        threshold=_parameter(node, "v_threshold") if spikes else None,
        reset=reset,
        initial=(leak if leaky else reset) if at_leak else zeros,
    )


def _parameter(node: Node, field: str) -> FloatArray:
    """Return a parameter as float64 in the shape of the population."""
    value = np.asarray(getattr(node.op, field), np.float64)
    return np.array(np.broadcast_to(value, node.shape))


def _share(tau: FloatArray, graph: Graph) -> FloatArray:
    """Return k, the share of the distance to rest that is covered in one step."""
    ratio = graph.dt / tau
    if graph.convention.integration is Integration.EXPONENTIAL_EULER:
        return -np.expm1(-ratio)
    # A τ of exactly one step that was stored in float32 gives a ratio that misses 1 by up to 6e-8.
    return np.where(np.abs(ratio - 1.0) <= np.finfo(np.float32).eps, 1.0, ratio)


def _as_float32_meant(gain: FloatArray) -> FloatArray:
    """Undo the rounding of a product such as (dt/τ)·(τ/dt).

    The models come from float32 arithmetic, so a gain that lies within a few float64 roundings of a float32 number
    stands for that number: the gain of exactly 1 that Norse uses would otherwise be off by one unit in the last place.
    """
    with np.errstate(over="ignore"):
        nearest = gain.astype(np.float32).astype(np.float64)
    close = np.abs(gain - nearest) <= 4 * np.finfo(np.float64).eps * np.abs(gain)
    return np.where(close, nearest, gain)

"""Turns the differential equations of the neuron nodes into one update per time step.

NIR writes a leaky membrane as ``τ dv/dt = (v_leak - v) + R i`` and a synaptic current as ``τ_syn di/dt = -i + w_in x``
(Pedersen et al., Nature Communications 15, 2024). Over one step of length dt the state moves towards its resting value
by a share k of the distance: k = dt/τ under forward Euler, k = 1 - exp(-dt/τ) where the input is held constant over
the step. An integrator without leak, ``dv/dt = R i``, gains R·dt·i per step under both. A threshold has no memory: its
potential is its input, k = 1.
"""

from __future__ import annotations

from dataclasses import replace

import nir
import numpy as np

from neurotool.arrays import Float64Array
from neurotool.diagnostics import Diagnostic, Severity
from neurotool.errors import UnsupportedError
from neurotool.ir.convention import Drive, InitialMembrane, Integration, Reset, ResetTime
from neurotool.ir.graph import NEURON_TYPES, SPIKING_TYPES, Graph, Node
from neurotool.ir.threshold_schedule import threshold_schedule
from neurotool.ir.update import NeuronUpdate
from neurotool.units import format_si

_CURRENT_BASED = (nir.CubaLIF, nir.CubaLI)
_MEMBRANE_BASED = (nir.LIF, nir.LI)
_WITHOUT_LEAK = (nir.IF, nir.I)


def discretise(graph: Graph) -> Graph:
    """Return the graph with an update on every neuron node, computed in float64 under the graph's convention.

    Args:
        graph: A float graph; updates that are there already are computed anew.

    Raises:
        UnsupportedError: A time constant is shorter than forward Euler can follow; ``diagnostics`` lists all of them.
    """
    neurons = [node for node in graph.nodes.values() if isinstance(node.op, NEURON_TYPES)]
    refused = [finding for node in neurons for finding in _refusals(node, graph)]
    if refused:
        names = ", ".join(dict.fromkeys(d.node for d in refused))
        raise UnsupportedError(f"no update per step of {format_si(graph.dt, 's')} for {names}", diagnostics=refused)
    updated = {node.name: replace(node, update=_update(node, graph)) for node in neurons}
    return replace(graph, nodes={name: updated.get(name, node) for name, node in graph.nodes.items()})


def _refusals(node: Node, graph: Graph) -> list[Diagnostic]:
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
    return [*found, *_without_memory(node, graph), *_wrong_schedule(node)]


def _without_memory(node: Node, graph: Graph) -> list[Diagnostic]:
    """Refuse neurons that forget their potential in each step where the reset waits for the next one."""
    convention = graph.convention
    late = convention.reset is Reset.BY_SUBTRACTION and convention.reset_time is ResetTime.NEXT_STEP
    fields = [field for field in ("tau", "tau_mem") if hasattr(node.op, field)]
    if not late or not isinstance(node.op, SPIKING_TYPES) or not fields:
        return []
    if not np.any(_share(_parameter(node, fields[0]), graph) == 1.0):
        return []
    return [
        Diagnostic(
            "NT-DISC-003",
            Severity.ERROR,
            node.name,
            f"{node.name}: {fields[0]} is one time step, and {convention.name} subtracts in the next one",
            found=format_si(graph.dt, "s"),
            limit=f"more than {format_si(graph.dt, 's')}",
            fix="train with a longer time constant, or reset to zero and take --convention snntorch-zero",
            origin=node.origin,
        )
    ]


def _wrong_schedule(node: Node) -> list[Diagnostic]:
    """Refuse a threshold schedule that is no table of finite thresholds for these neurons."""
    schedule = threshold_schedule(node.op)
    if schedule is None or not isinstance(node.op, SPIKING_TYPES):
        return []
    rows = schedule.shape[1:]
    if schedule.ndim == len(node.shape) + 1 and rows in (node.shape, (1,) * len(node.shape)):
        if np.isfinite(schedule).all():
            return []
        found, limit = "a value that is not finite", "finite thresholds"
    else:
        found, limit = f"shape {schedule.shape}", f"(rows, {', '.join(map(str, node.shape))})"
    message = f"{node.name}: its threshold schedule is wrong"
    fix = "give one threshold for each row, or for each row and neuron"
    return [Diagnostic("NT-DISC-004", Severity.ERROR, node.name, message, found, limit, fix, node.origin)]


def _update(node: Node, graph: Graph) -> NeuronUpdate:
    op = node.op
    if isinstance(op, nir.Threshold):
        return _memoryless(node)
    ones, zeros = np.ones(node.shape), np.zeros(node.shape)
    current_decay = input_gain = ones
    if isinstance(op, _CURRENT_BASED):
        current_decay = _share(_parameter(node, "tau_syn"), graph)
        input_gain = _as_float32_meant(current_decay * _parameter(node, "w_in"))
    leaky = not isinstance(op, _WITHOUT_LEAK)
    tau = "tau" if isinstance(op, _MEMBRANE_BASED) else "tau_mem"
    membrane_decay = _share(_parameter(node, tau), graph) if leaky else zeros
    leak = _parameter(node, "v_leak") if leaky else zeros
    spikes = isinstance(op, SPIKING_TYPES)
    reset = _parameter(node, "v_reset") if spikes else zeros
    return NeuronUpdate(
        current_decay=current_decay,
        input_gain=input_gain,
        leaky=leaky,
        membrane_decay=membrane_decay,
        resistance=_resistance(node, graph, membrane_decay),
        leak=leak,
        threshold=_parameter(node, "v_threshold") if spikes else None,
        reset=reset,
        initial=_initial(node, graph, leak, reset),
        subtract=_subtract(node, graph, membrane_decay) if spikes else None,
        inclusive=graph.convention.inclusive and spikes,
        refractory=_refractory(node, graph) if spikes else 0,
        schedule=_schedule(node) if spikes else None,
    )


def _resistance(node: Node, graph: Graph, membrane_decay: Float64Array) -> Float64Array:
    """Return the factor on the current: R, or what makes R of it after the decay, or R·dt without a leak."""
    resistance = _parameter(node, "r")
    if isinstance(node.op, _WITHOUT_LEAK):
        return _as_float32_meant(resistance * graph.dt)
    convention = graph.convention
    drive = convention.drive if isinstance(node.op, SPIKING_TYPES) else convention.readout_drive
    return resistance if drive is Drive.INTEGRATED else resistance / membrane_decay


def _initial(node: Node, graph: Graph, leak: Float64Array, reset: Float64Array) -> Float64Array:
    """Return the potential before the first step."""
    rule = graph.convention.initial_membrane
    if rule is InitialMembrane.ZERO:
        return np.zeros(node.shape)
    fires = isinstance(node.op, SPIKING_TYPES)
    prefers_leak = rule is InitialMembrane.LEAK and not isinstance(node.op, _WITHOUT_LEAK)
    return reset if fires and not prefers_leak else leak


def _subtract(node: Node, graph: Graph, membrane_decay: Float64Array) -> Float64Array | None:
    """Return what a spike subtracts at once; what is due after the decay of the next step is that much larger now."""
    convention = graph.convention
    if convention.reset is not Reset.BY_SUBTRACTION:
        return None
    distance = _parameter(node, "v_threshold") - _parameter(node, "v_reset")
    return distance / (1.0 - membrane_decay) if convention.reset_time is ResetTime.NEXT_STEP else distance


def _refractory(node: Node, graph: Graph) -> int:
    """Return the steps that a reset to a value takes from the membrane; see :class:`Convention` for the exception."""
    convention = graph.convention
    if convention.reset is not Reset.TO_VALUE or convention.reset_time is ResetTime.SAME_STEP:
        return 0
    return int(isinstance(node.op, _CURRENT_BASED) or _hears_itself(node.name, graph))


def _schedule(node: Node) -> Float64Array | None:
    """Return the thresholds of the first steps, in the shape of the population."""
    schedule = threshold_schedule(node.op)
    return None if schedule is None else np.array(np.broadcast_to(schedule, (len(schedule), *node.shape)))


def _hears_itself(name: str, graph: Graph) -> bool:
    """Whether a population has a connection from itself, of one edge or through one node."""
    sources = [edge.source for edge in graph.incoming(name)]
    return name in sources or any(edge.source == name for source in sources for edge in graph.incoming(source))


def _memoryless(node: Node) -> NeuronUpdate:
    """The update of a threshold: it forgets everything in each step, and the potential is the input."""
    ones, zeros = np.ones(node.shape), np.zeros(node.shape)
    return NeuronUpdate(
        current_decay=ones,
        input_gain=ones,
        leaky=True,
        membrane_decay=ones,
        resistance=ones,
        leak=zeros,
        threshold=_parameter(node, "threshold"),
        reset=zeros,
        initial=zeros,
    )


def _parameter(node: Node, field: str) -> Float64Array:
    """Return a parameter as float64 in the shape of the population."""
    value = np.asarray(getattr(node.op, field), np.float64)
    return np.array(np.broadcast_to(value, node.shape))


def _share(tau: Float64Array, graph: Graph) -> Float64Array:
    """Return k, the share of the distance to rest that is covered in one step."""
    ratio = graph.dt / tau
    if graph.convention.integration is Integration.EXPONENTIAL_EULER:
        return -np.expm1(-ratio)
    # A τ of exactly one step that was stored in float32 gives a ratio that misses 1 by up to 6e-8.
    return np.where(np.abs(ratio - 1.0) <= np.finfo(np.float32).eps, 1.0, ratio)


def _as_float32_meant(gain: Float64Array) -> Float64Array:
    """Undo the rounding of a product such as (dt/τ)·(τ/dt).

    The models come from float32 arithmetic, so a gain that lies within a few float64 roundings of a float32 number
    stands for that number: the gain of exactly 1 that Norse uses would otherwise be off by one unit in the last place.
    """
    with np.errstate(over="ignore"):
        nearest = gain.astype(np.float32).astype(np.float64)
    close = np.abs(gain - nearest) <= 4 * np.finfo(np.float64).eps * np.abs(gain)
    return np.where(close, nearest, gain)

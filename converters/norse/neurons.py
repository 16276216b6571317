"""One rule per Norse neuron: the NIR node with the same discrete update under the convention ``norse``.

In Norse an input x makes the synaptic current jump by x, where NIR's equation would add ``dt / tau_syn * w_in * x``.
The rules therefore write ``w_in = tau_syn / dt``. Norse's own exporter leaves it at 1, which is another network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import nir
import numpy as np
import torch
from norse.torch import (
    IAF,
    LI,
    LIF,
    IAFCell,
    LIBoxCell,
    LICell,
    LIFBoxCell,
    LIFCell,
    LIFRecurrent,
    LIFRecurrentCell,
)

from neurotool.converters.norse.parameters import Shape, full, time_constant
from neurotool.ir.threshold_schedule import with_threshold_schedule

MakeNode = Callable[[Any, Shape], nir.NIRNode]


@dataclass(frozen=True)
class NeuronRule:
    """How a Norse class is converted.

    Attributes:
        make: Builds the NIR node for a population of a shape.
        sequence: Whether the module runs over a whole raster ``[time, ...]`` by itself; otherwise it is a cell that
            runs one step.
        recurrent: Whether it holds ``input_weights`` and ``recurrent_weights``: what it takes goes through the former,
            and its spikes of the step before through the latter (``norse.torch.functional.lif.lif_step``).
    """

    make: MakeNode
    sequence: bool
    recurrent: bool = False


def lif(module: Any, shape: Shape) -> nir.NIRNode:
    """``i += x; v += dt/τ_mem ((v_leak - v) + i); i -= dt/τ_syn i`` (``norse.torch.functional.lif``)."""
    p, dt = module.p, float(module.dt)
    tau_syn = time_constant(p.tau_syn_inv, dt, shape)
    return nir.CubaLIF(
        tau_syn=tau_syn,
        tau_mem=time_constant(p.tau_mem_inv, dt, shape),
        r=np.ones(shape),
        v_leak=full(p.v_leak, shape),
        v_threshold=full(p.v_th, shape),
        v_reset=full(p.v_reset, shape),
        w_in=tau_syn / dt,
    )


def li(module: Any, shape: Shape) -> nir.NIRNode:
    """As :func:`lif`, without threshold (``norse.torch.functional.leaky_integrator``)."""
    p, dt = module.p, float(module.dt)
    tau_syn = time_constant(p.tau_syn_inv, dt, shape)
    return nir.CubaLI(
        tau_syn=tau_syn,
        tau_mem=time_constant(p.tau_mem_inv, dt, shape),
        r=np.ones(shape),
        v_leak=full(p.v_leak, shape),
        w_in=tau_syn / dt,
    )


def lif_box(module: Any, shape: Shape) -> nir.NIRNode:
    """``v += dt/τ_mem (x + v_leak - v)`` (``norse.torch.functional.lif_box``)."""
    p, dt = module.p, float(module.dt)
    return nir.LIF(
        tau=time_constant(p.tau_mem_inv, dt, shape),
        r=np.ones(shape),
        v_leak=full(p.v_leak, shape),
        v_threshold=full(p.v_th, shape),
        v_reset=full(p.v_reset, shape),
    )


def scheduled_lif_box(module: Any, shape: Shape) -> nir.NIRNode:
    """As :func:`lif_box`, with a threshold for each step (``neurotool.nn.ScheduledLIFBox``)."""
    table = np.asarray(module.schedule.detach().cpu(), np.float64)
    table = table.reshape(len(table), *(table.shape[1:] or (1,) * len(shape)))
    node = lif_box(module, shape)
    node.v_threshold = np.array(np.broadcast_to(table[-1], shape))
    if len(table) > 1:
        node.metadata = with_threshold_schedule(table[:-1])
    return node


def li_box(module: Any, shape: Shape) -> nir.NIRNode:
    """As :func:`lif_box`, without threshold (``norse.torch.functional.leaky_integrator_box``)."""
    p, dt = module.p, float(module.dt)
    return nir.LI(tau=time_constant(p.tau_mem_inv, dt, shape), r=np.ones(shape), v_leak=full(p.v_leak, shape))


def iaf(module: Any, shape: Shape) -> nir.NIRNode:
    """``v += x`` (``norse.torch.functional.iaf``): NIR adds ``dt * r * x``, so r is 1 / dt."""
    p, dt = module.p, float(module.dt)
    return nir.IF(r=np.full(shape, 1.0 / dt), v_threshold=full(p.v_th, shape), v_reset=full(p.v_reset, shape))


RULES: dict[type[torch.nn.Module], NeuronRule] = {
    LIF: NeuronRule(lif, sequence=True),
    LIFCell: NeuronRule(lif, sequence=False),
    LIFBoxCell: NeuronRule(lif_box, sequence=False),
    LI: NeuronRule(li, sequence=True),
    LICell: NeuronRule(li, sequence=False),
    LIBoxCell: NeuronRule(li_box, sequence=False),
    IAF: NeuronRule(iaf, sequence=True),
    IAFCell: NeuronRule(iaf, sequence=False),
    LIFRecurrent: NeuronRule(lif, sequence=True, recurrent=True),
    LIFRecurrentCell: NeuronRule(lif, sequence=False, recurrent=True),
}


NAMED: dict[str, NeuronRule] = {"scheduled_lif_box": NeuronRule(scheduled_lif_box, sequence=True)}
"""Neurons of other libraries by what their class attribute ``neurotool_neuron`` says."""


def rule_for(module: torch.nn.Module) -> NeuronRule | None:
    """Return the rule of a neuron, or None for anything else."""
    return RULES.get(type(module)) or NAMED.get(getattr(type(module), "neurotool_neuron", ""))

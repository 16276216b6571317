"""Builds the Lava processes of a job. Imported in the worker only, after the repairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from lava.proc.io.source import RingBuffer

from neurotool.targets.lava.connect import connect
from neurotool.targets.lava.job import COUNTER, SPIKES, Job, Layer, record_file
from neurotool.targets.lava.processes.atrlif import WindowedATRLIF
from neurotool.targets.lava.processes.file_sink import FileSink
from neurotool.targets.lava.processes.graded import (
    WindowedGradedReluVec,
    WindowedGradedVec,
    WindowedInvSqrt,
    WindowedProdNeuron,
)
from neurotool.targets.lava.processes.lif import WindowedLIF, WindowedLIFReset, WindowedTernaryLIF
from neurotool.targets.lava.processes.lif_refractory import WindowedLIFRefractory
from neurotool.targets.lava.processes.lif_schedule import WindowedLIFSchedule
from neurotool.targets.lava.processes.lif_subtract import WindowedLIFSubtract
from neurotool.targets.lava.processes.rf import WindowedRF, WindowedRFIZ, WindowedRFZero
from neurotool.targets.lava.processes.sdn import WindowedDelta, WindowedSigma, WindowedSigmaDelta

PROCESSES: Mapping[str, Callable[..., Any]] = {
    "lif": WindowedLIF,
    "lif_reset": WindowedLIFReset,
    "ternary_lif": WindowedTernaryLIF,
    "lif_subtract": WindowedLIFSubtract,
    "lif_refractory": WindowedLIFRefractory,
    "lif_schedule": WindowedLIFSchedule,
    "atrlif": WindowedATRLIF,
    "sigma": WindowedSigma,
    "delta": WindowedDelta,
    "sigma_delta": WindowedSigmaDelta,
    "rf": WindowedRF,
    "rf_iz": WindowedRFIZ,
    "rf_zero": WindowedRFZero,
    "graded_vec": WindowedGradedVec,
    "graded_relu_vec": WindowedGradedReluVec,
    "prod_neuron": WindowedProdNeuron,
    "inv_sqrt": WindowedInvSqrt,
}
"""The process of each neuron model."""


def build(job: Job, folder: Path) -> list[Any]:
    """Create and connect the processes of a job.

    Args:
        job: What to build.
        folder: Where the records go; their files are created here.

    Returns:
        All processes; running one of them runs them all.
    """
    nodes = {source.name: RingBuffer(data=source.data) for source in job.sources}
    nodes |= {layer.name: _neurons(layer, i, job.steps, folder) for i, layer in enumerate(job.layers)}
    sinks = [_sink(nodes[layer.name], layer, i, job.steps, folder) for i, layer in enumerate(job.layers)]
    synapses = [connect(c, nodes[c.source].s_out, getattr(nodes[c.target], c.port)) for c in job.connections]
    return [*nodes.values(), *synapses, *sinks]


def _neurons(layer: Layer, index: int, steps: int, folder: Path) -> Any:
    neurons = PROCESSES[layer.model](
        shape=(layer.size,),
        name=layer.name,
        window=layer.window,
        states=layer.states,
        probes={name: _record(folder, index, name, (steps, layer.size), np.int32) for name in layer.probes},
        **{name: values if values.ndim else values.item() for name, values in layer.keywords.items()},
    )
    for name, values in layer.variables.items():
        getattr(neurons, name).init = values
    return neurons


def _sink(neurons: Any, layer: Layer, index: int, steps: int, folder: Path) -> Any:
    counter = folder / COUNTER if index == 0 else folder / f"layer{index}.{COUNTER}"
    np.save(counter, np.zeros(1, np.int64))
    rows = _record(folder, index, SPIKES, (steps, layer.size), np.int32 if layer.graded else np.bool_)
    sink = FileSink(shape=(layer.size,), path=rows, counter=str(counter))
    neurons.s_out.connect(sink.a_in)
    return sink


def _record(folder: Path, layer: int, variable: str, shape: tuple[int, int], dtype: npt.DTypeLike) -> str:
    path = str(folder / record_file(layer, variable))
    np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape).flush()
    return path

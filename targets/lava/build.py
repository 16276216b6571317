"""Builds the Lava processes of a job. Imported in the worker only, after the repairs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from lava.proc.dense.process import Dense
from lava.proc.io.source import RingBuffer
from lava.proc.lif.process import LIFReset
from lava.utils.weightutils import SignMode

from neurotool.targets.lava.job import COUNTER, SPIKES, Connection, Job, Layer, record_file
from neurotool.targets.lava.processes.file_sink import FileSink
from neurotool.targets.lava.processes.probed_lif import ProbedLIFReset


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
    return [*nodes.values(), *(_synapses(c, nodes) for c in job.connections), *sinks]


def _neurons(layer: Layer, index: int, steps: int, folder: Path) -> Any:
    arguments = {
        "shape": (layer.size,),
        "reset_interval": layer.reset_interval,
        "reset_offset": layer.reset_offset,
        "name": layer.name,
        **layer.parameters,
    }
    if not layer.probes:
        return LIFReset(**arguments)
    probes = {name: _record(folder, index, name, (steps, layer.size), np.int32) for name in layer.probes}
    return ProbedLIFReset(probes=probes, **arguments)


def _sink(neurons: Any, layer: Layer, index: int, steps: int, folder: Path) -> Any:
    counter = folder / COUNTER if index == 0 else folder / f"layer{index}.{COUNTER}"
    np.save(counter, np.zeros(1, np.int64))
    rows = _record(folder, index, SPIKES, (steps, layer.size), np.bool_)
    sink = FileSink(shape=(layer.size,), path=rows, counter=str(counter))
    neurons.s_out.connect(sink.a_in)
    return sink


def _synapses(connection: Connection, nodes: dict[str, Any]) -> Any:
    dense = Dense(
        weights=connection.weights,
        weight_exp=connection.weight_exp,
        num_weight_bits=connection.num_weight_bits,
        sign_mode=SignMode[connection.sign_mode.upper()],
        num_message_bits=connection.num_message_bits,
    )
    nodes[connection.source].s_out.connect(dense.s_in)
    dense.a_out.connect(nodes[connection.target].a_in)
    return dense


def _record(folder: Path, layer: int, variable: str, shape: tuple[int, int], dtype: npt.DTypeLike) -> str:
    path = str(folder / record_file(layer, variable))
    np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape).flush()
    return path

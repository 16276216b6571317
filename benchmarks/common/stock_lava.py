"""A network in Lava as its users run it: a plain script, RingBuffers at both ends, ``data.get()``.

Started with a folder that holds ``network.json`` and ``arrays.npz``; leaves ``spikes.npz``, one ``[step, *shape]`` per
population that is read, and ``seconds.json``. The clock runs from the spikes in memory to the spikes in memory: making
the processes, running them and reading them, without Python's start and imports.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np


def channels_last(array: np.ndarray) -> np.ndarray:
    """(channels, rows, columns, ...) to Lava's (columns, rows, channels, ...)."""
    return np.ascontiguousarray(array.transpose(2, 1, 0, *range(3, array.ndim)))


def columns_channels_last(weights: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Dense weights from an image in Lava's order of pixels."""
    return weights.reshape(-1, *shape).transpose(0, 3, 2, 1).reshape(len(weights), -1)


def build(network: dict[str, Any], arrays: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make and connect the processes; return them and the sinks by population."""
    from lava.proc.io.sink import RingBuffer as Sink
    from lava.proc.io.source import RingBuffer as Source
    from lava.proc.lif.process import LIF

    data = np.moveaxis(arrays["input"], 0, -1).astype(np.int32)
    nodes: dict[str, Any] = {"input": Source(data=channels_last(data) if data.ndim == 4 else data)}
    shapes = {"input": tuple(network["input"])}
    for name, population in network["populations"].items():
        shapes[name] = tuple(population["shape"])
        nodes[name] = LIF(shape=shapes[name][::-1], **population["parameters"])
    for name, projection in network["projections"].items():
        join(projection, arrays[name], nodes, shapes[projection["source"]])
    sinks = {}
    for name in network["read"]:
        sinks[name] = Sink(shape=nodes[name].s_out.shape, buffer=network["steps"])
        nodes[name].s_out.connect(sinks[name].a_in)
    return nodes, sinks


def join(projection: dict[str, Any], weights: np.ndarray, nodes: dict[str, Any], shape: tuple[int, ...]) -> None:
    """Connect two populations by a dense layer or a convolution."""
    from lava.proc.conv.process import Conv
    from lava.proc.dense.process import Dense

    source, target = nodes[projection["source"]], nodes[projection["target"]]
    if "stride" in projection:
        kernel = weights[:, :, ::-1, ::-1].transpose(0, 3, 2, 1)  # Lava flips kernels and has (columns, rows)
        stride = tuple(projection["stride"][::-1])
        synapses = Conv(weight=kernel, input_shape=shape[::-1], stride=stride, num_message_bits=0)
        source.s_out.connect(synapses.s_in)
    elif len(shape) == 3:
        synapses = Dense(weights=columns_channels_last(weights, shape))
        source.s_out.flatten().connect(synapses.s_in)
    else:
        synapses = Dense(weights=weights)
        source.s_out.connect(synapses.s_in)
    synapses.a_out.connect(target.a_in)


def main(folder: Path) -> None:
    """Run what the folder holds."""
    from neurotool.targets.lava import repairs

    repairs.install()  # Lava was written for Python 3.10 and numpy 1
    from lava.magma.core.run_conditions import RunSteps
    from lava.magma.core.run_configs import Loihi2SimCfg

    network = json.loads((folder / "network.json").read_text())
    arrays = dict(np.load(folder / "arrays.npz"))
    began = time.perf_counter()
    nodes, sinks = build(network, arrays)
    first = nodes["input"]
    first.run(condition=RunSteps(num_steps=network["steps"]), run_cfg=Loihi2SimCfg(select_tag="fixed_pt"))
    stepped = time.perf_counter()
    spikes = {name: np.moveaxis(sink.data.get(), -1, 0) for name, sink in sinks.items()}
    read = time.perf_counter()
    in_order = {name: rows.transpose(0, *range(rows.ndim - 1, 0, -1)) != 0 for name, rows in spikes.items()}
    np.savez(folder / "spikes.npz", **in_order)
    (folder / "seconds.json").write_text(json.dumps({"run": stepped - began, "read": read - stepped}))
    os._exit(0)  # Lava's own stop may hang; whoever started this ends its processes


if __name__ == "__main__":
    main(Path(sys.argv[1]))

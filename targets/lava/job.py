"""What the worker is asked to run: Lava processes as plain arrays and numbers, in files.

The worker reads this and nothing of :mod:`neurotool.ir`, so that it starts quickly.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.integer]

SPIKES = "spikes"
COUNTER = "counter.npy"


@dataclass(frozen=True, eq=False)
class Source:
    """A stock RingBuffer: int32 ``data`` of shape (neurons, steps)."""

    name: str
    data: IntArray


@dataclass(frozen=True, eq=False)
class Layer:
    """A stock LIFReset of shape (neurons,), with a file sink at its output.

    Attributes:
        name: Name of the population.
        parameters: du, dv, vth, bias_mant and bias_exp, int64 arrays of shape (neurons,).
        reset_interval: Steps between resets.
        reset_offset: Lava's step (counted from 1) of a reset, modulo the interval.
        probes: State variables to record.
    """

    name: str
    parameters: Mapping[str, IntArray]
    reset_interval: int
    reset_offset: int
    probes: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Number of neurons."""
        return len(self.parameters["vth"])


@dataclass(frozen=True, eq=False)
class Connection:
    """A stock Dense; the options have Lava's meaning, ``sign_mode`` is the lower-case name of a Lava SignMode."""

    source: str
    target: str
    weights: IntArray
    weight_exp: int
    num_weight_bits: int
    sign_mode: str
    num_message_bits: int


@dataclass(frozen=True, eq=False)
class Job:
    """One Lava run. All processes are connected with each other, since Lava runs only what it can reach."""

    steps: int
    sources: tuple[Source, ...]
    layers: tuple[Layer, ...]
    connections: tuple[Connection, ...]


def record_file(layer: int, variable: str) -> str:
    """Name of the file, of shape (steps, neurons), that holds the spikes or a state variable of a layer."""
    return f"record{layer}.{variable}.npy"


def save(job: Job, folder: Path) -> None:
    """Write a job to a folder: ``job.json`` and one ``.npy`` file per array."""
    for i, source in enumerate(job.sources):
        np.save(folder / f"source{i}.npy", source.data)
    for i, layer in enumerate(job.layers):
        for name, values in layer.parameters.items():
            np.save(folder / f"layer{i}.{name}.npy", values)
    for i, connection in enumerate(job.connections):
        np.save(folder / f"connection{i}.npy", connection.weights)
    header = {
        "steps": job.steps,
        "sources": [_header(source, "data") for source in job.sources],
        "layers": [_header(layer, "parameters") | {"parameters": list(layer.parameters)} for layer in job.layers],
        "connections": [_header(connection, "weights") for connection in job.connections],
    }
    (folder / "job.json").write_text(json.dumps(header))


def _header(item: Source | Layer | Connection, arrays: str) -> dict[str, object]:
    return {name: value for name, value in vars(item).items() if name != arrays}


def load(folder: Path) -> Job:
    """Read what :func:`save` wrote."""
    header = json.loads((folder / "job.json").read_text())

    def array(name: str) -> IntArray:
        values: IntArray = np.load(folder / f"{name}.npy", allow_pickle=False)
        return values

    def layer(i: int, h: dict[str, Any]) -> Layer:
        parameters = {name: array(f"layer{i}.{name}") for name in h["parameters"]}
        return Layer(h["name"], parameters, h["reset_interval"], h["reset_offset"], tuple(h["probes"]))

    return Job(
        steps=header["steps"],
        sources=tuple(Source(h["name"], array(f"source{i}")) for i, h in enumerate(header["sources"])),
        layers=tuple(layer(i, h) for i, h in enumerate(header["layers"])),
        connections=tuple(
            Connection(weights=array(f"connection{i}"), **h) for i, h in enumerate(header["connections"])
        ),
    )

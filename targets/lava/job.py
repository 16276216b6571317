"""What the worker is asked to run: Lava processes as plain arrays and numbers, in files.

The worker reads this and nothing of :mod:`neurotool.ir`, so that it starts quickly.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from neurotool.targets.lava.window import Window

Values = npt.NDArray[np.generic]

SPIKES = "spikes"
COUNTER = "counter.npy"


@dataclass(frozen=True, eq=False)
class Source:
    """A stock RingBuffer: int32 ``data`` of shape (neurons, steps)."""

    name: str
    data: Values


@dataclass(frozen=True, eq=False)
class Layer:
    """A neuron process of shape (neurons,), with a file sink at its output.

    Attributes:
        name: Name of the population.
        model: Name of the neuron model.
        size: Number of neurons.
        keywords: Arguments of the process: arrays of shape (neurons,), or () where Lava takes one number.
        variables: Initial values of variables that no argument sets.
        states: State variables.
        window: When the population is live.
        graded: Whether it sends integers.
        probes: State variables to record.
    """

    name: str
    model: str
    size: int
    keywords: Mapping[str, Values]
    variables: Mapping[str, Values]
    states: tuple[str, ...]
    window: Window
    graded: bool = False
    probes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Geometry:
    """A convolution in Lava's order: shapes are (columns, rows, channels) and pairs (columns, rows)."""

    input_shape: tuple[int, int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    groups: int


@dataclass(frozen=True, eq=False)
class Connection:
    """A stock connection process; options have Lava's meaning, ``sign_mode`` is the lower-case name of a SignMode.

    With a geometry it is a Conv. Otherwise it is Dense, or Sparse if there are ``rows`` and ``columns``, each with or
    without delays.

    Attributes:
        source: Name of a source or layer.
        target: Name of a layer.
        port: Input port of the layer's process.
        arrays: ``weights`` in the layout of the process, ``delays`` if there are any, and ``rows`` and ``columns``
            of listed synapses.
        copies: How often the source is repeated in the columns of a sparse matrix.
        geometry: Shapes of a convolution.
    """

    source: str
    target: str
    port: str
    arrays: Mapping[str, Values]
    weight_exp: int = 0
    num_weight_bits: int = 8
    sign_mode: str = "mixed"
    num_message_bits: int = 0
    copies: int = 1
    geometry: Geometry | None = None


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
    header = {
        "steps": job.steps,
        "sources": [_save(source, f"source{i}", folder) for i, source in enumerate(job.sources)],
        "layers": [_save(layer, f"layer{i}", folder) for i, layer in enumerate(job.layers)],
        "connections": [_save(item, f"connection{i}", folder) for i, item in enumerate(job.connections)],
    }
    (folder / "job.json").write_text(json.dumps(header))


def _save(item: Source | Layer | Connection, prefix: str, folder: Path) -> dict[str, object]:
    """Save the arrays of an item; return the rest, with names of arrays where they were."""
    header: dict[str, object] = {}
    for field in fields(item):
        value = getattr(item, field.name)
        if isinstance(value, np.ndarray):
            np.save(folder / f"{prefix}.npy", value)
        elif isinstance(value, Mapping):
            for name, values in value.items():
                np.save(folder / f"{prefix}.{name}.npy", values)
            header[field.name] = list(value)
        else:
            header[field.name] = asdict(value) if isinstance(value, Window | Geometry) else value
    return header


def load(folder: Path) -> Job:
    """Read what :func:`save` wrote."""
    header = json.loads((folder / "job.json").read_text())

    def array(name: str) -> Values:
        values: Values = np.load(folder / f"{name}.npy", allow_pickle=False)
        return values

    def layer(prefix: str, h: dict[str, Any]) -> Layer:
        for kind in ("keywords", "variables"):
            h[kind] = {name: array(f"{prefix}.{name}") for name in h[kind]}
        return Layer(window=Window(**h.pop("window")), **h)

    def connection(prefix: str, h: dict[str, Any]) -> Connection:
        arrays = {name: array(f"{prefix}.{name}") for name in h.pop("arrays")}
        geometry = h.pop("geometry")
        return Connection(arrays=arrays, geometry=geometry and Geometry(**geometry), **h)

    return Job(
        steps=header["steps"],
        sources=tuple(Source(h["name"], array(f"source{i}")) for i, h in enumerate(header["sources"])),
        layers=tuple(layer(f"layer{i}", h) for i, h in enumerate(header["layers"])),
        connections=tuple(connection(f"connection{i}", h) for i, h in enumerate(header["connections"])),
    )

"""NIR files made field by field, so that they can be wrong in any way."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np


def fields(kind, **values):
    return {"type": kind, **values}


def ends(shape=(2,)):
    """Input ``x`` and Output ``y``."""
    return {"x": fields("Input", shape=np.array(shape)), "y": fields("Output", shape=np.array(shape))}


def lif(n=2, **changes):
    """An LIF; a change to None leaves the field out."""
    values = {"tau": 0.01, "r": 1.0, "v_leak": 0.0, "v_threshold": 1.0, "v_reset": 0.0}
    full = {name: np.full(n, value) for name, value in values.items()} | changes
    return fields("LIF", **{name: value for name, value in full.items() if value is not None})


def affine(outputs=2, inputs=2, **changes):
    return fields("Affine", **({"weight": np.ones((outputs, inputs)), "bias": np.zeros(outputs)} | changes))


def conv2d(weight, **changes):
    """A Conv2d without stride, padding, dilation, groups or bias."""
    plain = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": np.zeros(len(weight))}
    return fields("Conv2d", **(plain | {"weight": weight} | changes))


def pool(kind, kernel_size=2, stride=2, padding=0):
    return fields(kind, kernel_size=kernel_size, stride=stride, padding=padding)


def graph_of(nodes, edges):
    """A graph inside a graph."""
    return fields("NIRGraph", nodes=nodes, edges=edges)


def recurrent(n=2, **changes):
    """What snnTorch writes for RSynaptic and RLeaky: a population with recurrent weights, in a graph of its own."""
    nodes = {
        "input": fields("Input", shape=np.array([n])),
        "lif": lif(n),
        "w_rec": affine(n, n, **changes),
        "output": fields("Output", shape=np.array([n])),
    }
    return graph_of(nodes, [("input", "lif"), ("lif", "w_rec"), ("w_rec", "lif"), ("lif", "output")])


def chain_of(*names):
    return list(pairwise(names))


def save(path: Path, nodes, edges, metadata=None) -> Path:
    """Write a file of the given nodes and edges without any check."""
    with h5py.File(path, "w") as file:
        file["version"] = "1.0"
        root = {"type": "NIRGraph", "nodes": nodes, "edges": edges}
        _fill(file.create_group("node"), root | ({"metadata": metadata} if metadata else {}))
    return path


def _fill(group, values):
    for name, value in values.items():
        if isinstance(value, dict):
            _fill(group.create_group(name), value)
        else:
            group.create_dataset(name, data=value)

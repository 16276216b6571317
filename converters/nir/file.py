"""NIR files on disk: HDF5 groups to fields and back, without a second copy of any array.

The layout is that of ``nir.write``: a group for each node, a dataset for each field, text as variable-length strings.
``nir.write`` itself copies every array twice, which a network of many synapses has no memory for.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import h5py
import nir
import numpy as np

from neurotool.converters.nir.support import GRAPH
from neurotool.errors import UsageError
from neurotool.ir.adapters import Progress

Link = tuple[str, str]

MEGABYTE = 10**6

_LARGEST_RATIO = 1032
"""Bytes that one byte of a gzip stream can stand for at most (zlib, technical details)."""


def read_root(path: Path, progress: Progress | None = None) -> dict[str, Any]:
    """Read the fields of the outermost graph without judging its nodes.

    Args:
        path: The file.
        progress: Told of the megabytes that were read, of all.

    Raises:
        UsageError: It is no HDF5 file, damaged, or holds something else than a NIR graph.
    """
    if not h5py.is_hdf5(path):
        raise UsageError(f"{path}: is not an HDF5 file, and so not a NIR file", hint="NIR files are made by nir.write")
    try:
        with h5py.File(path, "r") as file:
            # A file that is no NIR graph may hold anything, so look before reading all of it.
            found = file.get("node")
            root = (
                _Reading(found, path.stat().st_size, progress).group(found) if isinstance(found, h5py.Group) else None
            )
    except Exception as error:  # h5py raises many types on damaged files
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UsageError(f"{path}: is damaged: {reason}", hint="copy or export the file again") from None
    if root is None:
        raise UsageError(f"{path}: is an HDF5 file but holds no NIR graph", hint="NIR files are made by nir.write")
    if root.get("type") != GRAPH:
        kind = root.get("type")
        shown = f"a single {kind}" if isinstance(kind, str) else "no node type"
        raise UsageError(
            f"{path}: holds {shown}, not a {GRAPH}",
            hint="put a single node into a graph with Input and Output: nir.NIRGraph.from_list",
        )
    return root


class _Reading:
    """One pass over the fields of a file.

    Args:
        root: The group to be read.
        largest: Size of the file in bytes.
        progress: Told of the megabytes that were read, of all.
    """

    def __init__(self, root: h5py.Group, largest: int, progress: Progress | None) -> None:
        self._largest, self._progress, self._done = largest, progress, 0
        sizes: list[int] = []
        root.visititems(lambda _, item: sizes.append(item.nbytes) if isinstance(item, h5py.Dataset) else None)
        self._total = sum(sizes)

    def group(self, group: h5py.Group) -> dict[str, Any]:
        """Read a group and the groups in it."""
        return {
            name: self.group(item) if isinstance(item, h5py.Group) else self._value(item)
            for name, item in group.items()
            if isinstance(item, h5py.Group | h5py.Dataset)
        }

    def _value(self, dataset: h5py.Dataset) -> Any:
        """Read a field; text as text. A damaged size would have HDF5 fill all memory, so it is checked before."""
        stored = dataset.id.get_storage_size()
        if dataset.shape is not None and (stored > self._largest or dataset.nbytes > stored * _LARGEST_RATIO):
            raise ValueError(f"{dataset.name} is said to hold {dataset.nbytes} bytes, {stored} are stored")
        value = dataset[()]
        self._done += dataset.nbytes
        if self._progress is not None:
            self._progress(-(-self._done // MEGABYTE), -(-self._total // MEGABYTE))
        return value.decode("utf8") if isinstance(value, bytes) else value


def write_root(
    path: Path, nodes: Mapping[str, nir.NIRNode], links: Iterable[Link], metadata: Mapping[str, Any]
) -> None:
    """Write a graph of nodes.

    Raises:
        OSError: The file cannot be written.
    """
    with h5py.File(path, "w") as file:
        file.create_dataset("version", data=nir.version, dtype=h5py.string_dtype())
        root = {"type": GRAPH, "metadata": metadata, "edges": list(links)}
        _fill(file.create_group("node"), root)
        group = file["node"].create_group("nodes")
        for name, node in nodes.items():
            _fill(group.create_group(name), _fields(node))


def _fields(node: nir.NIRNode) -> dict[str, Any]:
    """Fields of a node as the format has them; as ``node.to_dict()``, but not copied."""
    skipped = ("input_type", "output_type", "metadata")
    found: dict[str, Any] = {"type": type(node).__name__, "metadata": node.metadata}
    if isinstance(node, nir.Input):
        return found | {"shape": node.input_type["input"]}
    if isinstance(node, nir.Output):
        return found | {"shape": node.output_type["output"]}
    if isinstance(node, nir.Flatten):
        found["input_type"] = node.input_type["input"]
    return found | {f.name: getattr(node, f.name) for f in dataclasses.fields(node) if f.name not in skipped}


def _fill(group: h5py.Group, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        if isinstance(value, Mapping):
            if value or name != "metadata":
                _fill(group.create_group(name), value)
        elif isinstance(value, str):
            group.create_dataset(name, data=value, dtype=h5py.string_dtype())
        elif isinstance(value, np.ndarray) and value.ndim:
            group.create_dataset(name, data=value, dtype=value.dtype, compression="gzip")
        else:
            group.create_dataset(name, data=value)

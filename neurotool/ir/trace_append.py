"""Trace files of runs in batches: written batch by batch, and read back one raster at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np

from neurotool.ir import hdf5
from neurotool.ir.trace import Raster, Trace
from neurotool.ir.trace_file import SCHEMA, save_trace

_BATCH_AXIS = 1


class TraceAppender:
    """Writes the traces of one part, batch after batch, into one file.

    Args:
        path: File to write; it has the layout of :mod:`neurotool.ir.trace_file`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.summary: Trace | None = None

    def add(self, trace: Trace) -> None:
        """Append the samples of a batch."""
        if self.summary is None:
            save_trace(trace, self.path)
            with h5py.File(self.path, "r+") as file:
                for name, values in _rasters(trace).items():
                    _make_growing(file, name, values)
            self.summary = replace(trace, spikes={}, states={}, outputs={}, state=None)
            return
        with h5py.File(self.path, "r+") as file:
            for name, values in _rasters(trace).items():
                data = _find(file, name)
                before = data.shape[_BATCH_AXIS]
                data.resize(before + values.shape[_BATCH_AXIS], axis=_BATCH_AXIS)
                data[:, before:] = values
            seconds = self.summary.seconds + trace.seconds
            file.attrs["seconds"] = seconds
        self.summary = replace(self.summary, seconds=seconds)


def stored_trace(path: Path, summary: Trace) -> Trace:
    """Return a trace whose rasters are read from a file one by one, when they are asked for.

    Args:
        path: Trace file.
        summary: The trace without rasters, as :class:`TraceAppender` holds it.
    """
    with hdf5.reading(path, SCHEMA, "neurotool trace") as file:
        populations = [name for name, _ in hdf5.items(hdf5.group(file, "states"), h5py.Group)]
    states = {name: StoredRasters(path, ("states", name)) for name in populations}
    return replace(
        summary,
        spikes=StoredRasters(path, ("spikes",)),
        states=states,
        outputs=StoredRasters(path, ("outputs",)),
    )


class StoredRasters(Mapping[str, Raster]):
    """Rasters of one group of a trace file.

    Args:
        path: Trace file.
        group: Names of the groups from the root on.
    """

    def __init__(self, path: Path, group: tuple[str, ...]) -> None:
        self._path, self._group = path, group
        with h5py.File(path, "r") as file:
            found = hdf5.items(_descend(file, group), h5py.Dataset)
            self._places = {name: data.name for name, data in found}

    def __getitem__(self, name: str) -> Raster:
        """Read one raster."""
        with h5py.File(self._path, "r") as file:
            return np.asarray(file[self._places[name]][()])

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


Place = tuple[str, ...]


def _rasters(trace: Trace) -> dict[Place, Raster]:
    """All rasters by their place in the file."""
    found: dict[Place, Raster] = {("spikes", name): raster for name, raster in trace.spikes.items()}
    found |= {("states", p, v): raster for p, states in trace.states.items() for v, raster in states.items()}
    return found | {("outputs", name): raster for name, raster in trace.outputs.items()}


def _descend(file: h5py.File, place: Place) -> h5py.Group:
    found: h5py.Group = file
    for depth, name in enumerate(place):
        found = hdf5.group(found, name) if depth == 0 else dict(hdf5.items(found, h5py.Group))[name]
    return found


def _find(file: h5py.File, place: Place) -> h5py.Dataset:
    return dict(hdf5.items(_descend(file, place[:-1]), h5py.Dataset))[place[-1]]


def _make_growing(file: h5py.File, place: Place, values: Raster) -> None:
    """Replace a raster by one that can take more samples."""
    data, parent = _find(file, place), _descend(file, place[:-1])
    name, attributes = data.name, dict(data.attrs)
    del file[name]
    limits = tuple(None if axis == _BATCH_AXIS else size for axis, size in enumerate(values.shape))
    made = parent.create_dataset(
        name.rpartition("/")[2], data=values, maxshape=limits, compression="gzip", shuffle=True
    )
    made.attrs.update(attributes)

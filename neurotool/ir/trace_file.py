"""Traces on disk: HDF5, every raster ``[time, batch, *shape]`` as in memory.

Layout::

    /                            schema, target, dt [s], steps, seconds, probes
    /spikes/<name>               bool or integer raster
    /states/<name>/<variable>    integer or float raster
    /outputs/<name>              raster or tensor
    /latency                     an attribute per population: its start step
    /facts                       an attribute per fact: text
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np

from neurotool.ir import hdf5
from neurotool.ir.trace import Raster, Trace

SCHEMA = "neurotool.trace/1"


def save_trace(trace: Trace, path: Path) -> None:
    """Write a trace; an existing file is replaced."""
    with hdf5.writing(path, SCHEMA) as file:
        file.attrs.update({"target": trace.target, "dt": float(trace.dt), "steps": trace.steps})
        file.attrs["seconds"] = float(trace.seconds)
        probes = {variable: None for states in trace.states.values() for variable in states}
        hdf5.put_strings(file, "probes", tuple(probes))
        spikes, states, outputs, latency, facts = (
            file.create_group(name) for name in ("spikes", "states", "outputs", "latency", "facts")
        )
        _write_rasters(spikes, trace.spikes)
        for population, variables in trace.states.items():
            _write_rasters(hdf5.child(states, population), variables)
        _write_rasters(outputs, trace.outputs)
        latency.attrs.update(trace.latency)
        facts.attrs.update(trace.facts)


def load_trace(path: Path) -> Trace:
    """Read a trace, such as ``runs/<id>/spiking-0.trace.h5`` of a bundle.

    Args:
        path: The file.

    Returns:
        The trace, all of it in memory, with rasters ``[time, batch, *shape]``.

    Raises:
        UsageError: The file is missing, truncated, or of another kind or version; the message names the file and the
            field.
    """
    with hdf5.reading(path, SCHEMA, "neurotool trace") as file:
        states = hdf5.items(hdf5.group(file, "states"), h5py.Group)
        latency, facts = hdf5.group(file, "latency"), hdf5.group(file, "facts")
        return Trace(
            target=hdf5.attribute(file, "target", str),
            dt=hdf5.attribute(file, "dt", float),
            steps=hdf5.attribute(file, "steps", int),
            spikes=_read_rasters(hdf5.group(file, "spikes")),
            states={population: _read_rasters(variables) for population, variables in states},
            outputs=_read_rasters(hdf5.group(file, "outputs")),
            latency={population: hdf5.attribute(latency, population, int) for population in latency.attrs},
            seconds=hdf5.attribute(file, "seconds", float),
            facts={name: hdf5.attribute(facts, name, str) for name in facts.attrs},
        )


def _write_rasters(group: h5py.Group, rasters: Mapping[str, Raster]) -> None:
    for name, raster in rasters.items():
        hdf5.put(group, name, raster)


def _read_rasters(group: h5py.Group) -> dict[str, Raster]:
    return {name: np.asarray(data[()]) for name, data in hdf5.items(group, h5py.Dataset)}

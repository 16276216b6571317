"""Run states on disk: HDF5, lossless.

Layout::

    /                                     schema
    /parts/<part>                         rows
    /parts/<part>/states/<name>/<variable>  int64 [batch, neuron]
    /parts/<part>/sent/<name>             bool or integers [row, batch, neuron]
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np

from neurotool.errors import UsageError
from neurotool.ir import hdf5
from neurotool.ir.program import ChipProgram
from neurotool.ir.state import RunState, history

SCHEMA = "neurotool.state/1"


def save_states(states: Mapping[str, RunState], path: Path) -> None:
    """Write the state of each spiking part of a model."""
    with hdf5.writing(path, SCHEMA) as file:
        parts = file.create_group("parts")
        for name, state in states.items():
            part = hdf5.child(parts, name)
            part.attrs["rows"] = state.rows
            populations, sent = part.create_group("states"), part.create_group("sent")
            for population, variables in state.states.items():
                group = hdf5.child(populations, population)
                for variable, values in variables.items():
                    hdf5.put(group, variable, values)
            for source, raster in state.sent.items():
                hdf5.put(sent, source, raster)


def load_states(path: Path) -> dict[str, RunState]:
    """Read the states of the spiking parts of a model.

    Raises:
        UsageError: The file is missing, truncated, or of another kind or version.
    """
    with hdf5.reading(path, SCHEMA, "neurotool run state") as file:
        return {name: _read_part(part) for name, part in hdf5.items(hdf5.group(file, "parts"), h5py.Group)}


def _read_part(part: h5py.Group) -> RunState:
    populations = hdf5.items(hdf5.group(part, "states"), h5py.Group)
    sent = hdf5.items(hdf5.group(part, "sent"), h5py.Dataset)
    return RunState(
        rows=hdf5.attribute(part, "rows", int),
        states={
            name: {v: hdf5.int64_values(d) for v, d in hdf5.items(group, h5py.Dataset)} for name, group in populations
        },
        sent={name: np.asarray(data[()]) for name, data in sent},
    )


def check_state(state: RunState, program: ChipProgram, batch: int, where: str) -> None:
    """Refuse a state that does not belong to a program and a batch.

    Raises:
        UsageError: Populations, variables or shapes differ; names the first difference.
    """
    hint = "go on with the program and the samples that the state was saved with"
    if set(state.states) != set(program.populations):
        differing = ", ".join(sorted(set(state.states) ^ set(program.populations)))
        raise UsageError(f"{where}: is not a state of this program, which differs in {differing}", hint=hint)
    rows = history(program)
    shapes: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
        f"sent/{name}": (state.sent[name].shape if name in state.sent else (), (rows[name], batch, size))
        for name, size in ((name, program.size_of(name)) for name in rows)
    }
    for name, variables in state.states.items():
        expected = (batch, program.populations[name].size)
        shapes |= {f"states/{name}/{variable}": (values.shape, expected) for variable, values in variables.items()}
    for field, (found, wanted) in shapes.items():
        if found != wanted:
            raise UsageError(f"{where}: {field} has shape {found}, this run needs {wanted}", hint=hint)

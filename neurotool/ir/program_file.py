"""Programs on disk: HDF5, lossless, the same bytes for the same program.

Layout::

    /                     schema, dt [s], notes
    /inputs/<name>        shape, message_bits, scale
    /populations/<name>   model, shape, start [step], scale, offset, origin
        <parameter>       int64 [size]
    /projections/<name>   source, target, port, weight_exp, weight_bits, sign_mode, message_bits, origin,
                          connectivity: all_to_all, sparse or convolution (with stride, padding, dilation, groups)
        weights           int64, in the shape that the connectivity asks for
        delays            int64 [step], in the shape of the weights; absent where there are none
        targets, sources  int64 [synapse], if sparse
    /outputs/<number>     population, kind
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import h5py
import numpy as np

from neurotool.arrays import Int64Array
from neurotool.errors import UsageError
from neurotool.ir import hdf5
from neurotool.ir.program import (
    AllToAll,
    ChipProgram,
    Connectivity,
    Convolution,
    InputPort,
    OutputKind,
    OutputPort,
    Population,
    Projection,
    SignMode,
    Sparse,
)
from neurotool.ir.program_check import problems

SCHEMA = "neurotool.program/1"

CONNECTIVITIES = {"all_to_all": AllToAll, "sparse": Sparse, "convolution": Convolution}

E = TypeVar("E", SignMode, OutputKind)


def save_program(program: ChipProgram, path: Path) -> None:
    """Write a program.

    Raises:
        ValueError: The program breaks a structural rule of :mod:`neurotool.ir.program_check`.
    """
    if found := problems(program):
        raise ValueError(f"not a valid program: {'; '.join(found)}")
    with hdf5.writing(path, SCHEMA) as file:
        file.attrs["dt"] = program.dt
        hdf5.put_strings(file, "notes", program.notes)
        inputs, populations, projections, outputs = (
            file.create_group(name) for name in ("inputs", "populations", "projections", "outputs")
        )
        for port in program.inputs.values():
            _write_input(hdf5.child(inputs, port.name), port)
        for population in program.populations.values():
            _write_population(hdf5.child(populations, population.name), population)
        for projection in program.projections.values():
            _write_projection(hdf5.child(projections, projection.name), projection)
        for number, output in enumerate(program.outputs):
            hdf5.child(outputs, str(number)).attrs.update({"population": output.population, "kind": output.kind.value})


def load_program(path: Path) -> ChipProgram:
    """Read a program.

    Raises:
        UsageError: The file is missing, truncated, of another kind or version, or breaks a structural rule; the
            message names the file and the field.
    """
    with hdf5.reading(path, SCHEMA, "neurotool program") as file:
        program = ChipProgram(
            dt=hdf5.attribute(file, "dt", float),
            inputs={name: _read_input(name, g) for name, g in hdf5.items(hdf5.group(file, "inputs"), h5py.Group)},
            populations={
                name: _read_population(name, g) for name, g in hdf5.items(hdf5.group(file, "populations"), h5py.Group)
            },
            projections={
                name: _read_projection(name, g) for name, g in hdf5.items(hdf5.group(file, "projections"), h5py.Group)
            },
            outputs=tuple(_read_output(g) for _, g in hdf5.items(hdf5.group(file, "outputs"), h5py.Group)),
            notes=hdf5.strings(file, "notes"),
        )
    if found := problems(program):
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise UsageError(f"{path}: is not a valid neurotool program: {found[0]}{more}", hint="convert the model again")
    return program


def _write_shape(group: h5py.Group, shape: tuple[int, ...]) -> None:
    group.attrs.create("shape", np.array(shape, dtype=np.int64))


def _write_input(group: h5py.Group, port: InputPort) -> None:
    _write_shape(group, port.shape)
    group.attrs.update({"message_bits": port.message_bits, "scale": float(port.scale)})


def _read_input(name: str, group: h5py.Group) -> InputPort:
    return InputPort(
        name=name,
        shape=hdf5.integers(group, "shape"),
        message_bits=hdf5.attribute(group, "message_bits", int),
        scale=hdf5.attribute(group, "scale", float),
    )


def _write_population(group: h5py.Group, population: Population) -> None:
    _write_shape(group, population.shape)
    group.attrs.update(
        {
            "model": population.model,
            "start": population.start,
            "scale": float(population.scale),
            "offset": float(population.offset),
            "origin": population.origin,
        }
    )
    for name, values in population.parameters.items():
        hdf5.put(group, name, values)


def _read_population(name: str, group: h5py.Group) -> Population:
    return Population(
        name=name,
        model=hdf5.attribute(group, "model", str),
        shape=hdf5.integers(group, "shape"),
        parameters={parameter: hdf5.int64_values(data) for parameter, data in hdf5.items(group, h5py.Dataset)},
        start=hdf5.attribute(group, "start", int),
        scale=hdf5.attribute(group, "scale", float),
        offset=hdf5.attribute(group, "offset", float),
        origin=hdf5.attribute(group, "origin", str),
    )


def _write_projection(group: h5py.Group, projection: Projection) -> None:
    group.attrs.update(
        {
            "source": projection.source,
            "target": projection.target,
            "weight_exp": projection.weight_exp,
            "weight_bits": projection.weight_bits,
            "sign_mode": projection.sign_mode.value,
            "message_bits": projection.message_bits,
            "origin": projection.origin,
            "port": projection.port,
        }
    )
    hdf5.put(group, "weights", projection.weights)
    if projection.delays is not None:
        hdf5.put(group, "delays", projection.delays)
    _write_connectivity(group, projection.connectivity)


def _write_connectivity(group: h5py.Group, connectivity: Connectivity) -> None:
    group.attrs["connectivity"] = next(name for name, kind in CONNECTIVITIES.items() if isinstance(connectivity, kind))
    if isinstance(connectivity, Sparse):
        hdf5.put(group, "targets", connectivity.targets)
        hdf5.put(group, "sources", connectivity.sources)
    elif isinstance(connectivity, Convolution):
        for name in ("stride", "padding", "dilation"):
            group.attrs.create(name, np.array(getattr(connectivity, name), dtype=np.int64))
        group.attrs["groups"] = connectivity.groups


def _read_connectivity(group: h5py.Group) -> Connectivity:
    kind = hdf5.attribute(group, "connectivity", str)
    if kind == "all_to_all":
        return AllToAll()
    if kind == "sparse":
        return Sparse(targets=_dataset(group, "targets"), sources=_dataset(group, "sources"))
    if kind == "convolution":
        return Convolution(
            stride=_pair(group, "stride"),
            padding=_pair(group, "padding"),
            dilation=_pair(group, "dilation"),
            groups=hdf5.attribute(group, "groups", int),
        )
    choices = ", ".join(CONNECTIVITIES)
    raise hdf5.DamagedFileError(f"attribute {group.name}/connectivity is {kind!r}, expected one of {choices}")


def _pair(group: h5py.Group, name: str) -> tuple[int, int]:
    values = hdf5.integers(group, name)
    if len(values) != 2:
        raise hdf5.DamagedFileError(f"attribute {group.name}/{name} holds {len(values)} values, expected 2")
    return values[0], values[1]


def _dataset(group: h5py.Group, name: str) -> Int64Array:
    if name not in group or not isinstance(group[name], h5py.Dataset):
        raise hdf5.DamagedFileError(f"dataset {group.name}/{name} is missing")
    return hdf5.int64_values(group[name])


def _read_projection(name: str, group: h5py.Group) -> Projection:
    return Projection(
        name=name,
        source=hdf5.attribute(group, "source", str),
        target=hdf5.attribute(group, "target", str),
        weights=_dataset(group, "weights"),
        weight_exp=hdf5.attribute(group, "weight_exp", int),
        weight_bits=hdf5.attribute(group, "weight_bits", int),
        sign_mode=_member(SignMode, group, "sign_mode"),
        message_bits=hdf5.attribute(group, "message_bits", int),
        origin=hdf5.attribute(group, "origin", str),
        connectivity=_read_connectivity(group),
        delays=_dataset(group, "delays") if "delays" in group else None,
        port=hdf5.attribute(group, "port", str),
    )


def _read_output(group: h5py.Group) -> OutputPort:
    return OutputPort(hdf5.attribute(group, "population", str), _member(OutputKind, group, "kind"))


def _member(kind: type[E], group: h5py.Group, name: str) -> E:
    value = hdf5.attribute(group, name, str)
    try:
        return kind(value)
    except ValueError:
        choices = ", ".join(kind)
        raise hdf5.DamagedFileError(f"attribute {group.name}/{name} is {value!r}, expected one of {choices}") from None

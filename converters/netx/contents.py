"""The raw contents of a NetX file, before anything is believed about its layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from neurotool.converters.netx.fields import Array, Layer, text_of
from neurotool.errors import UsageError

ARGUMENT = "network."
"""Prefix of the root attributes that name an argument of lava-dl's ``Network``."""

_LFS = b"version https://git-lfs.github.com/spec/"
_EXPORT = "NetX files are made by SLAYER's export_hdf5, or by neurotool"


@dataclass(frozen=True, eq=False)
class Contents:
    """A NetX file as fields.

    Attributes:
        file: Name of the file, for messages.
        layers: Layers in order.
        dt: Time step in seconds, or None where the file does not say.
        arguments: Arguments of lava-dl's ``Network`` that the file asks for; only files of neurotool do.
    """

    file: str
    layers: tuple[Layer, ...]
    dt: float | None
    arguments: Mapping[str, int]


def read_contents(path: Path) -> Contents:
    """Read a NetX file without judging its layers.

    Raises:
        UsageError: It is missing, no HDF5 file, damaged, or holds something else than a NetX network.
    """
    try:
        with path.open("rb") as file:
            head = file.read(len(_LFS))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}", hint="check the path of the .net file") from None
    if head == _LFS:
        raise UsageError(f"{path}: this is a Git LFS pointer, not the file itself", hint="run: git lfs pull")
    if not h5py.is_hdf5(path):
        raise UsageError(f"{path}: is not an HDF5 file, and so not a NetX file", hint=_EXPORT)
    try:
        with h5py.File(path, "r") as file:
            return Contents(path.name, _layers(path, file), _time_step(path, file), _arguments(path, file))
    except UsageError:
        raise
    except Exception as error:  # h5py raises many types on damaged files
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UsageError(f"{path}: is damaged: {reason}", hint="copy or export the file again") from None


def _layers(path: Path, file: h5py.File) -> tuple[Layer, ...]:
    root = file.get("layer")
    if not isinstance(root, h5py.Group) or not len(root):
        raise UsageError(f"{path}: is an HDF5 file but holds no group 'layer', and so no NetX network", hint=_EXPORT)
    for index in range(len(root)):
        if not isinstance(root.get(str(index)), h5py.Group):
            raise UsageError(
                f"{path}: layer {index} is missing: {len(root)} layers are numbered from 0 to {len(root) - 1}",
                hint=f"there are: {', '.join(root)}",
            )
    return tuple(_layer(path, index, root[str(index)]) for index in range(len(root)))


def _layer(path: Path, index: int, group: h5py.Group) -> Layer:
    fields: dict[str, Array] = {}

    def keep(name: str, item: h5py.HLObject) -> None:
        if isinstance(item, h5py.Dataset):
            fields[name] = np.asarray(item[()])

    group.visititems(keep)
    return Layer(path.name, index, text_of(fields.get("type")), fields)


def _time_step(path: Path, file: h5py.File) -> float | None:
    """Return the time step that some exporters write, in milliseconds."""
    item = file.get("simulation/Ts")
    if not isinstance(item, h5py.Dataset):
        return None
    value = np.asarray(item[()])
    if value.size != 1 or value.dtype.kind not in "iuf" or not 0 < value.item() < float("inf"):
        raise UsageError(f"{path}: simulation/Ts is {value}, expected the time step in ms")
    return float(value.item()) / 1e3


def _arguments(path: Path, file: h5py.File) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for name, value in file.attrs.items():
        if name.startswith(ARGUMENT):
            if not isinstance(value, np.integer) or value < 0 or (not value and name.endswith("interval")):
                raise UsageError(f"{path}: attribute {name} is {value!r}, expected a positive integer")
            found[name.removeprefix(ARGUMENT)] = int(value)
    return found

"""Loads ``.pt2`` files safely: nothing in the file is executed, and torch only sees what was checked.

``torch.export.load`` is built for trusted files. It unpickles sample inputs, constants and weights that say so, loads
shared libraries, evaluates size expressions, and compiles names and guards as Python source. Here the members and
every field of the JSON are held to an allow-list (:mod:`neurotool.targets.gpu.pt2_schema`), and what passes is packed
anew before torch reads it, so that two zip readers cannot see two different archives.
"""

from __future__ import annotations

import io
import json
import warnings
from pathlib import Path
from typing import TypeVar

import torch
from pydantic import ValidationError
from torch.export import ExportedProgram

from neurotool.errors import UsageError
from neurotool.targets.gpu import pt2_archive
from neurotool.targets.gpu.pt2_schema import ITEM_SIZE, Payload, PayloadConfig, Program, Size, Strict

_FIXED = {"archive_format": b"pt2", "archive_version": b"0", "byteorder": b"little", pt2_archive.SAMPLE_INPUTS: b""}
_Model = TypeVar("_Model", bound=Strict)


def load_program(path: Path) -> ExportedProgram:
    """Check and load a ``.pt2`` file.

    Args:
        path: The file.

    Returns:
        The program, on the CPU.

    Raises:
        UsageError: The file is missing, damaged, or holds anything outside the allow-list; the message names the
            file, the member and the place in it.
    """
    members = checked_members(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.export.load(io.BytesIO(pt2_archive.pack(members)))
    except Exception as error:  # torch raises many types for a file that is well formed but inconsistent
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise UsageError(
            f"{path}: torch {torch.__version__} cannot read it: {reason}",
            hint="convert the model again with this version of torch",
        ) from error


def checked_members(path: Path) -> dict[str, bytes]:
    """Read the members of a ``.pt2`` file and compare them with the allow-list.

    Raises:
        UsageError: As for :func:`load_program`.
    """
    members = pt2_archive.read_members(path)
    for name, expected in _FIXED.items():
        if members[name] != expected:
            problem = "must be empty: it would be unpickled" if not expected else f"must say {expected.decode()!r}"
            raise UsageError(f"{path}: member {name!r} {problem}", hint="only use files that neurotool has written")
    _parse(path, members, pt2_archive.MODEL, Program)
    for name in (pt2_archive.WEIGHTS, pt2_archive.CONSTANTS):
        config = _parse(path, members, name, PayloadConfig)
        for tensor, payload in config.config.items():
            _check_payload(path, members, name, tensor, payload)
    return members


def _parse(path: Path, members: dict[str, bytes], name: str, model: type[_Model]) -> _Model:
    """Validate a JSON member; afterwards it holds exactly what was validated."""
    try:
        value = json.loads(members[name])
        parsed = model.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"{path}: member {name!r}: {place}: {first['msg'].removeprefix('Value error, ')}",
            hint="only use files that neurotool has written with this version of torch",
        ) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: member {name!r} is not JSON: {error}") from error
    members[name] = json.dumps(value).encode()
    return parsed


def _check_payload(path: Path, members: dict[str, bytes], config: str, tensor: str, payload: Payload) -> None:
    """Compare the extent of a tensor with the bytes that are there."""
    member = f"{config.rpartition('/')[0]}/{payload.path_name}"
    if not pt2_archive.is_payload(member) or member not in members:
        raise UsageError(f"{path}: member {config!r}: tensor {tensor!r} refers to {member!r}, which is not there")
    meta = payload.tensor_meta
    offset, *numbers = [_known(path, config, s) for s in (meta.storage_offset, *meta.sizes, *meta.strides)]
    sizes, strides = numbers[: len(meta.sizes)], numbers[len(meta.sizes) :]
    if len(sizes) != len(strides):
        raise UsageError(f"{path}: member {config!r}: tensor {tensor!r} has {len(sizes)} sizes, {len(strides)} strides")
    if _extent(sizes, strides, offset) * ITEM_SIZE[meta.dtype] > len(members[member]):
        raise UsageError(f"{path}: member {member!r} is too short for tensor {tensor!r} of shape {tuple(sizes)}")


def _known(path: Path, config: str, size: Size) -> int:
    if size.as_expr is not None:
        raise UsageError(f"{path}: member {config!r}: a stored tensor has no fixed shape")
    return size.as_int


def _extent(sizes: list[int], strides: list[int], offset: int) -> int:
    """Elements of storage that a strided tensor reaches."""
    if 0 in sizes:
        return 0
    return 1 + offset + sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True))

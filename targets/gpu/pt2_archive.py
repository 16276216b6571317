"""The zip archive of a ``.pt2`` file: members in, members out."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

from neurotool.errors import UsageError

MODEL = "models/model.json"
WEIGHTS = "data/weights/model_weights_config.json"
CONSTANTS = "data/constants/model_constants_config.json"
SAMPLE_INPUTS = "data/sample_inputs/model.pt"
SERIALIZATION_ID = ".data/serialization_id"
REQUIRED = (MODEL, WEIGHTS, CONSTANTS, SAMPLE_INPUTS, "archive_format", "archive_version", "byteorder")
"""Members that torch needs. The sample inputs must be there and are always empty: they would be a pickle."""

_PAYLOAD = re.compile(r"data/weights/weight_[0-9]+|data/constants/tensor_[0-9]+")
_BOOKKEEPING = frozenset({".data/version", SERIALIZATION_ID})
_EPOCH = (1980, 1, 1, 0, 0, 0)


def read_members(path: Path) -> dict[str, bytes]:
    """Read a ``.pt2`` file without interpreting its members.

    Args:
        path: The file.

    Returns:
        The bytes of each member by name, without the root folder of the archive.

    Raises:
        UsageError: The file is missing, not a zip archive, damaged, or holds a member that does not belong there.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            _check_directory(path, infos)
            members = {info.filename.partition("/")[2]: archive.read(info) for info in infos}
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    except (zipfile.BadZipFile, RuntimeError, EOFError, ValueError) as error:
        raise UsageError(f"{path}: not a .pt2 file, or damaged: {error}", hint="convert the model again") from error
    for name in REQUIRED:
        if name not in members:
            raise UsageError(f"{path}: member {name!r} is missing: not a .pt2 file, or damaged")
    return members


def pack(members: Mapping[str, bytes]) -> bytes:
    """Build an archive that depends on nothing but the members: equal content gives equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(f"archive/{name}", _EPOCH), data)
    return buffer.getvalue()


def is_payload(name: str) -> bool:
    """Whether a member holds the bytes of a tensor."""
    return bool(_PAYLOAD.fullmatch(name))


def _check_directory(path: Path, infos: list[zipfile.ZipInfo]) -> None:
    """Refuse foreign and doubled members, and content that is larger than the file (a zip bomb)."""
    roots, seen = {info.filename.partition("/")[0] for info in infos}, set()
    if len(roots) != 1:
        raise UsageError(f"{path}: not a .pt2 file: it holds {len(roots)} root folders instead of one")
    for info in infos:
        name = info.filename.partition("/")[2]
        if name not in REQUIRED and name not in _BOOKKEEPING and not is_payload(name):
            raise UsageError(
                f"{path}: member {name!r} does not belong in a dense part; it might run code",
                hint="only use files that neurotool has written",
            )
        if name in seen:
            raise UsageError(f"{path}: member {name!r} is there twice")
        if info.compress_type != zipfile.ZIP_STORED:
            raise UsageError(f"{path}: member {name!r} is compressed; torch stores them plainly")
        seen.add(name)
    if sum(info.file_size for info in infos) > path.stat().st_size:
        raise UsageError(f"{path}: its members claim to be larger than the file")

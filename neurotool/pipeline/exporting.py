"""Writes the spiking parts of a bundle in forms that other programs run."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import cast

from neurotool.errors import UsageError
from neurotool.ir.bundle import Bundle
from neurotool.ir.program import ChipProgram
from neurotool.pipeline.running import Model
from neurotool.plugins import TARGETS, load

Writer = Callable[[ChipProgram, Path], tuple[str, ...]]

FORMATS = ("lava-script",)


def export(path: Path, out: Path, form: str = "lava-script") -> tuple[Path, ...]:
    """Export every spiking part of a bundle into a folder of its own below ``out``.

    Args:
        path: The bundle.
        out: Folder to make; it appears when everything is written.
        form: ``lava-script``: a plain Lava script with its data, untested on silicon.

    Returns:
        The files.

    Raises:
        UsageError: The format is unknown, the bundle has no spiking part, or ``out`` exists.
        UnsupportedError: Lava cannot run a part; lists every reason.
    """
    if form not in FORMATS:
        raise UsageError(f"unknown format {form!r}", hint=f"there are: {', '.join(FORMATS)}")
    if out.exists():
        raise UsageError(f"{out}: exists already", hint="choose another --out, or remove it yourself")
    programs = Model(Bundle.open(path)).programs
    if not programs:
        raise UsageError(f"{path}: has no spiking part to export")
    write = cast("Writer", load(TARGETS, "lava").write_script)
    out.parent.mkdir(parents=True, exist_ok=True)
    files = []
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as staged:
        for part, program in programs.items():
            folder = Path(staged, "parts", part)
            folder.mkdir(parents=True)
            files += [out / part / name for name in write(program, folder)]
        Path(staged, "parts").rename(out)
    return tuple(files)

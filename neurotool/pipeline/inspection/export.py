"""Writes the spiking parts of a bundle in forms that other programs run."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from neurotool.errors import UsageError
from neurotool.ir.bundle import Bundle
from neurotool.ir.program import ChipProgram
from neurotool.pipeline.adapters import format_named, program_format, script_writer
from neurotool.pipeline.runs.model import Model
from neurotool.pipeline.runs.programs import PROGRAM_PART, read_program
from neurotool.plugins import PROGRAM_FORMATS, names

Writer = Callable[[ChipProgram, Path], tuple[str, ...]]
"""Writes a program into a folder and returns the names of the files."""

Part = Callable[[Path], tuple[str, ...]]
"""The same of one spiking part."""

LAVA_SCRIPT = "lava-script"
NIR = "nir"


def export_formats() -> tuple[str, ...]:
    """Names of the forms that a program can be exported in."""
    return LAVA_SCRIPT, *names(PROGRAM_FORMATS), NIR


def export(path: Path, out: Path, form: str = LAVA_SCRIPT) -> tuple[Path, ...]:
    """Export every spiking part of a bundle, or a program that stands alone, into a folder of its own below ``out``.

    Args:
        path: The bundle, or a file with a chip program.
        out: Folder to make; it appears when everything is written.
        form: ``lava-script``: a plain Lava script with its data; ``netx``: a file for lava-dl. Untested on silicon.
            ``nir``: not the integers but the float network of the part, for other frameworks.

    Returns:
        The files.

    Raises:
        UsageError: The format is unknown, there is nothing to export, or ``out`` exists.
        UnsupportedError: The format has no room for a part; lists every reason.
    """
    if form not in export_formats():
        raise UsageError(f"unknown format {form!r}", hint=f"there are: {', '.join(export_formats())}")
    if out.exists():
        raise UsageError(f"{out}: exists already", hint="choose another --out, or remove it yourself")
    parts = _float_parts(path) if form == NIR else _integer_parts(path, _writer(form))
    if not parts:
        raise UsageError(f"{path}: has no spiking part to export")
    out.parent.mkdir(parents=True, exist_ok=True)
    files = []
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as staged:
        for part, write in parts.items():
            folder = Path(staged, "parts", part)
            folder.mkdir(parents=True)
            files += [out / part / name for name in write(folder)]
        Path(staged, "parts").rename(out)
    return tuple(files)


def _integer_parts(path: Path, write: Writer) -> dict[str, Part]:
    if program_format(path) is not None:
        programs = {PROGRAM_PART: read_program(path)}
    else:
        programs = Model(Bundle.open(path)).programs
    return {part: partial(write, program) for part, program in programs.items()}


def _float_parts(path: Path) -> dict[str, Part]:
    if program_format(path) is not None:
        raise UsageError(f"{path}: holds integers alone, and NIR is a format of floats", hint="export a bundle")

    def copy(file: Path, folder: Path) -> tuple[str, ...]:
        shutil.copyfile(file, folder / "network.nir")
        return ("network.nir",)

    return {part: partial(copy, file) for part, file in Model(Bundle.open(path)).nir_files.items()}


def _writer(form: str) -> Writer:
    if form == LAVA_SCRIPT:
        return script_writer().write_script
    found = format_named(form)

    def write(program: ChipProgram, folder: Path) -> tuple[str, ...]:
        name = f"network{found.suffix}"
        found.write(program, folder / name)
        return (name,)

    return write

"""Writes what a run made where the user asked for it; a file appears when it is whole."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from neurotool.errors import UsageError, reason
from neurotool.ir.adapters import Array
from neurotool.ir.atomic_file import replacing
from neurotool.ir.state_file import save_states
from neurotool.ir.trace import Trace
from neurotool.ir.trace_file import save_trace
from neurotool.ir.writable import check_writable
from neurotool.pipeline.results import RunResult
from neurotool.pipeline.runs.programs import PROGRAM_PART, ProgramRun

SUFFIXES = (".npz", ".h5")
FIGURES = (".png", ".svg", ".pdf")


def check(path: Path, force: bool, option: str = "--out", suffixes: Sequence[str] = SUFFIXES) -> None:
    """Refuse a path that could not be written, before anything is run.

    Raises:
        UsageError: The suffix is none of ``suffixes``, the folder is missing, or something is there already.
    """
    if path.suffix not in suffixes:
        raise UsageError(f"{option}: {path} must end in {' or '.join(suffixes)}")
    if path.is_dir() or not path.parent.is_dir():
        raise UsageError(f"{option}: {path} is not a file in an existing folder")
    check_writable(path.parent, option)
    if path.exists() and not force:
        raise UsageError(f"{option}: {path} exists", hint="add --force to replace it, or choose another name")


def check_folder(folder: Path, names: Iterable[str], force: bool, option: str = "--figures") -> None:
    """Refuse a folder that files could not be written to, before anything is run; it may be missing.

    Args:
        folder: The folder. What else lies in it is left alone.
        names: Files that may be written there.
        force: Replace those that are there.
        option: Option that named the folder.

    Raises:
        UsageError: It is none, cannot be written to, or holds one of the files.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{option}: {folder} is not a directory")
    check_writable(folder, option)
    there = [name for name in names if (folder / name).exists()]
    if there and not force:
        raise UsageError(
            f"{option}: {folder / there[0]} exists", hint="add --force to replace it, or choose another folder"
        )


def copied(files: Sequence[Path], folder: Path, option: str = "--figures") -> tuple[Path, ...]:
    """Copy files to a folder of the user's, which is made if it is missing, and return where they are.

    Raises:
        UsageError: It cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return tuple(Path(shutil.copy(file, folder / file.name)) for file in files)
    except OSError as error:
        raise UsageError(f"{option}: {folder} cannot be written: {reason(error)}") from None


def write(path: Path, result: RunResult | ProgramRun) -> None:
    """Write the outputs of a model under their names, or the whole recording of a program that stands alone.

    Raises:
        UsageError: The file cannot be written.
    """
    with replacing(path, "--out") as staged:
        if not isinstance(result, ProgramRun):
            _write_arrays(staged, result.outputs)
        elif path.suffix == ".h5":
            save_trace(result.trace, staged)
        else:
            _write_arrays(staged, _rasters(result.trace))


def write_states(path: Path, result: RunResult | ProgramRun) -> None:
    """Write where the spiking parts of a run stopped.

    Raises:
        UsageError: The file cannot be written.
    """
    traces = {PROGRAM_PART: result.trace} if isinstance(result, ProgramRun) else result.traces
    states = {part: trace.state for part, trace in traces.items() if trace.state is not None}
    with replacing(path, "--save-state") as staged:
        save_states(states, staged)


def _rasters(trace: Trace) -> dict[str, Array]:
    """Spikes by the name of the population, states as ``population.variable``."""
    return {
        **trace.spikes,
        **{
            f"{name}.{variable}": raster for name, states in trace.states.items() for variable, raster in states.items()
        },
    }


def _write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    if path.suffix == ".npz":
        np.savez_compressed(path, **dict[str, Any](arrays))
        return
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file.create_dataset(name, data=values)

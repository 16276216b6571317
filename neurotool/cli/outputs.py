"""Writes what a run made where the user asked for it; a file appears when it is whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurotool.errors import UsageError

if TYPE_CHECKING:
    from neurotool.ir.adapters import Array
    from neurotool.ir.trace import Trace
    from neurotool.pipeline import ProgramRun, RunResult

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
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"{option}: {path.parent} cannot be written to")
    if path.exists() and not force:
        raise UsageError(f"{option}: {path} exists", hint="add --force to replace it, or choose another name")


def write(path: Path, result: RunResult | ProgramRun) -> None:
    """Write the outputs of a model under their names, or the whole recording of a program that stands alone.

    Raises:
        UsageError: The file cannot be written.
    """
    from neurotool.pipeline import ProgramRun

    if not isinstance(result, ProgramRun):
        _replace(path, "--out", lambda staged: _write_arrays(staged, result.outputs))
    elif path.suffix == ".h5":
        from neurotool.ir.trace_file import save_trace

        _replace(path, "--out", lambda staged: save_trace(result.trace, staged))
    else:
        _replace(path, "--out", lambda staged: _write_arrays(staged, _rasters(result.trace)))


def write_states(path: Path, result: RunResult | ProgramRun) -> None:
    """Write where the spiking parts of a run stopped.

    Raises:
        UsageError: The file cannot be written.
    """
    from neurotool.ir.state_file import save_states
    from neurotool.pipeline import PROGRAM_PART, ProgramRun

    traces = {PROGRAM_PART: result.trace} if isinstance(result, ProgramRun) else result.traces
    states = {part: trace.state for part, trace in traces.items() if trace.state is not None}
    _replace(path, "--save-state", lambda staged: save_states(states, staged))


def _rasters(trace: Trace) -> dict[str, Array]:
    """Spikes by the name of the population, states as ``population.variable``."""
    return {
        **trace.spikes,
        **{
            f"{name}.{variable}": raster for name, states in trace.states.items() for variable, raster in states.items()
        },
    }


def _replace(path: Path, option: str, write_to: Callable[[Path], None]) -> None:
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            staged = Path(folder, path.name)
            write_to(staged)
            staged.replace(path)
    except OSError as error:
        raise UsageError(f"{option}: {path} cannot be written: {error.strerror or error}") from None


def _write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    import h5py
    import numpy as np

    if path.suffix == ".npz":
        np.savez_compressed(path, **dict[str, Any](arrays))
        return
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file.create_dataset(name, data=values)

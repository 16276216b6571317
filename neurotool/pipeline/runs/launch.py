"""Runs whatever can be run, a bundle or a chip program that stands alone, and writes the files that were asked for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from neurotool.errors import UsageError
from neurotool.pipeline.adapters import program_format
from neurotool.pipeline.results import RunResult
from neurotool.pipeline.runs import result_files
from neurotool.pipeline.runs.programs import ProgramRun, run_program
from neurotool.pipeline.runs.run import run
from neurotool.pipeline.samples import Encode


def launch(
    path: Path,
    data: Path,
    *,
    encode: Encode = None,
    batch: int | None = None,
    compiled: bool = False,
    keep_state: bool = False,
    out: Path | None = None,
    save_state: Path | None = None,
    force: bool = False,
    **options: Any,
) -> RunResult | ProgramRun:
    """Run a bundle, or a file with a chip program, on a data file.

    Args:
        path: The bundle or the file, such as ``network.net``.
        data: Data file.
        encode: Encoder, for a bundle also by input.
        batch: Samples that run together; bundles only.
        compiled: Compile the dense parts; bundles only.
        keep_state: Keep where the spiking parts stopped, as ``state`` of their traces.
        out: File (.npz, .h5) for the outputs of a bundle, or for the recording of a program.
        save_state: File (.h5) for where the spiking parts stopped.
        force: Replace these files.
        options: What both take: see :func:`neurotool.pipeline.run_program`.

    Raises:
        UsageError: A file cannot be written or does not fit the others, or an option is for bundles only.
        NegativeAnswerError: A chip could not hold a value, and ``strict`` asks for it.
        BackendMissingError: The target is absent.
    """
    for file, option, suffixes in ((out, "--out", result_files.SUFFIXES), (save_state, "--save-state", (".h5",))):
        if file is not None:
            result_files.check(file, force, option, suffixes)
    options["keep_state"] = keep_state or save_state is not None
    result: RunResult | ProgramRun
    if program_format(path) is None:
        result = run(path, data, encode=encode, batch=batch, compiled=compiled, **options)
    else:
        several = isinstance(encode, Mapping)
        _refuse(path, {"--batch": batch is not None, "--compile": compiled, "--encode NAME=ENCODER": several})
        result = run_program(path, data, encode=cast("str | None", encode), **options)
    if out is not None:
        result_files.write(out, result)
    if save_state is not None:
        result_files.write_states(save_state, result)
    return result


def _refuse(path: Path, given: dict[str, bool]) -> None:
    """Refuse what only a bundle knows, which has a dense half and may have several inputs."""
    wrong = [name for name, there in given.items() if there]
    if wrong:
        raise UsageError(f"{path}: {wrong[0]} is for bundles; a program stands alone and has one input")

"""Finds the adapters that the stages need, by name and never by import."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from neurotool.errors import BackendMissingError, UsageError
from neurotool.ir.adapters import (
    Array,
    Availability,
    Converter,
    GraphWriter,
    ObjectConverter,
    ProgramFormat,
    ProgramTarget,
    ScriptWriter,
    Source,
    SourceOptions,
    TorchTarget,
    limits_time,
)
from neurotool.pipeline.numbers import optional_real
from neurotool.plugins import CONVERTERS, PROGRAM_FORMATS, TARGETS, Plugin, load, load_all, names

OBJECTS = "torch"
"""The converter that takes objects: torch modules."""

GRAPHS = "nir"
"""The converter that writes the float graphs of a bundle."""

FLOAT_TARGET = "gpu"
"""The target that runs float graphs and dense parts."""

SCRIPTS = "lava"
"""The target that writes programs as scripts."""


def read_source(spec: object, options: SourceOptions) -> Source:
    """Load a model with the converter that accepts it.

    Args:
        spec: ``package.module:factory``, a file, or a ``torch.nn.Module``.
        options: What the converter is told.

    Raises:
        UsageError: No converter reads such a source.
    """
    if not isinstance(spec, str):
        return replace(_object_converter().describe(spec, options), converter=OBJECTS)
    plugins = load_all(CONVERTERS)
    for plugin in plugins:
        if isinstance(plugin.value, Converter) and plugin.value.accepts(spec):
            return replace(plugin.value.load(spec, options), converter=plugin.name)
    not_asked = _not_asked([plugin for plugin in plugins if not isinstance(plugin.value, Converter)])
    hint = "give a .nir file, or package.module:factory for a torch model"
    raise UsageError(f"cannot tell what {spec!r} is{not_asked}", hint="neurotool doctor" if not_asked else hint)


def can_be_read_again(spec: str) -> bool:
    """Whether the name of a source leads to it; that of an object of some process does not."""
    return not spec.startswith("<")


def program_format(path: Path) -> ProgramFormat | None:
    """Return the format that reads programs from files of this suffix, if there is one.

    Raises:
        UsageError: There is none for a file that one of the formats which cannot be imported may read.
    """
    plugins = load_all(PROGRAM_FORMATS)
    for plugin in plugins:
        if isinstance(plugin.value, ProgramFormat) and path.suffix == plugin.value.suffix:
            return plugin.value
    not_asked = _not_asked([plugin for plugin in plugins if not isinstance(plugin.value, ProgramFormat)])
    if not_asked and path.is_file():
        raise UsageError(f"{path}: no format reads it{not_asked}", hint="neurotool doctor")
    return None


def _not_asked(plugins: Iterable[Plugin]) -> str:
    """The plug-ins that could not be asked, each with what is wrong with it; empty without any."""
    listed = [f"{plugin.name} ({plugin.error or 'not what its group asks for'})" for plugin in plugins]
    return f"; plug-ins that could not be asked: {', '.join(listed)}" if listed else ""


def torch_target() -> TorchTarget:
    """Return the target that runs float graphs and dense parts."""
    found = load(TARGETS, FLOAT_TARGET)
    if not isinstance(found, TorchTarget):
        raise _lacks("target", FLOAT_TARGET, "run float graphs and dense parts")
    return found


def _object_converter() -> ObjectConverter:
    found = load(CONVERTERS, OBJECTS)
    if not isinstance(found, ObjectConverter):
        raise _lacks("converter", OBJECTS, "take models that are objects")
    return found


def graph_writer() -> GraphWriter:
    """Return the converter that writes the float graphs of a bundle."""
    found = load(CONVERTERS, GRAPHS)
    if not isinstance(found, GraphWriter):
        raise _lacks("converter", GRAPHS, "write graphs")
    return found


def script_writer() -> ScriptWriter:
    """Return the target that writes programs as scripts."""
    found = load(TARGETS, SCRIPTS)
    if not isinstance(found, ScriptWriter):
        raise _lacks("target", SCRIPTS, "write scripts")
    return found


def format_named(name: str) -> ProgramFormat:
    """Return a format of program files by its name."""
    found = load(PROGRAM_FORMATS, name)
    if not isinstance(found, ProgramFormat):
        raise _lacks("format", name, "read and write chip programs")
    return found


def _lacks(what: str, name: str, cannot: str) -> BackendMissingError:
    return BackendMissingError(
        f"the {what} {name!r} that is installed cannot {cannot}", hint="see neurotool.ir.adapters for what it must have"
    )


def program_target(name: str) -> ProgramTarget:
    """Return a target that runs chip programs, after making sure that it works here.

    Raises:
        UsageError: There is no such target, or it runs no chip programs.
        BackendMissingError: It cannot be used on this machine.
    """
    if name not in names(TARGETS):
        raise UsageError(f"no target named {name!r}", hint=f"there are: {', '.join(names(TARGETS))}")
    target = load(TARGETS, name)
    if not isinstance(target, ProgramTarget):
        able = [plugin.name for plugin in load_all(TARGETS) if isinstance(plugin.value, ProgramTarget)]
        raise UsageError(f"target {name!r} runs no integer programs", hint=f"those that do: {', '.join(able)}")
    found = target.available()
    if not found.ok:
        raise BackendMissingError(
            f"target {name!r} cannot be used: {found.detail}", hint=found.fix or "neurotool doctor"
        )
    return target


def availability(name: str) -> Availability:
    """Say whether a target that runs chip programs can be used here, and if not, why and what helps."""
    try:
        target = load(TARGETS, name)
    except BackendMissingError as error:
        return Availability(False, error.message, error.hint or "")
    if not isinstance(target, ProgramTarget):
        return Availability(False, f"target {name!r} runs no integer programs")
    return target.available()


def ends_in_time() -> tuple[str, ...]:
    """Names of the targets that end a run at its time limit."""
    return tuple(plugin.name for plugin in load_all(TARGETS) if limits_time(plugin.value))


def check_timeout(timeout: float | None, target: str) -> None:
    """Refuse a time limit that is none, or that the target would not keep.

    Raises:
        UsageError: It is not above zero, or the target runs to its end whatever the limit is.
    """
    limit = optional_real("--timeout", timeout, positive=True)
    if limit is not None and target in names(TARGETS) and target not in (able := ends_in_time()):
        what = f"--timeout has no meaning for --target {target}: nothing ends its runs"
        raise UsageError(what, hint=f"it is for {', '.join(able)}")


def example_of(raster: Array, scale: float) -> Array:
    """Give a raster the float meaning that the model knows: payloads times their scale, spikes as they are."""
    return raster if scale == 1.0 or raster.dtype == np.bool_ else np.multiply(raster, scale, dtype=np.float32)

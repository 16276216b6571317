"""Finds the adapters that the stages need, by name and never by import."""

from __future__ import annotations

from typing import Protocol, cast

import numpy as np

from neurotool.errors import BackendMissingError, UsageError
from neurotool.ir.adapters import Array, Converter, ProgramTarget, Source, SourceOptions, TorchTarget
from neurotool.plugins import CONVERTERS, TARGETS, load, load_all, names

OBJECTS = "torch"
"""The converter that takes objects: torch modules."""

FLOAT_TARGET = "gpu"
"""The target that runs float graphs and dense parts."""


class ObjectConverter(Protocol):
    """Describes a model that is an object of this process."""

    def describe(self, module: object, options: SourceOptions) -> Source:
        """Describe the object."""
        ...


def read_source(spec: object, options: SourceOptions) -> Source:
    """Load a model with the converter that accepts it.

    Args:
        spec: ``package.module:factory``, a file, or a ``torch.nn.Module``.
        options: What the converter is told.

    Raises:
        UsageError: No converter reads such a source.
    """
    if not isinstance(spec, str):
        return cast("ObjectConverter", load(CONVERTERS, OBJECTS)).describe(spec, options)
    for plugin in load_all(CONVERTERS):
        converter = cast("Converter | None", plugin.value)
        if converter is not None and converter.accepts(spec):
            return converter.load(spec, options)
    raise UsageError(
        f"cannot tell what {spec!r} is", hint="give a .nir file, or package.module:factory for a torch model"
    )


def can_be_read_again(spec: str) -> bool:
    """Whether the name of a source leads to it; that of an object of some process does not."""
    return not spec.startswith("<")


def torch_target() -> TorchTarget:
    """Return the target that runs float graphs and dense parts."""
    return cast("TorchTarget", load(TARGETS, FLOAT_TARGET))


def program_target(name: str) -> ProgramTarget:
    """Return a target that runs chip programs, after making sure that it works here.

    Raises:
        UsageError: There is no such target.
        BackendMissingError: It cannot be used on this machine.
    """
    if name not in names(TARGETS) or not isinstance(target := load(TARGETS, name), ProgramTarget):
        known = [n for n in names(TARGETS) if n != FLOAT_TARGET]
        raise UsageError(f"no target named {name!r}", hint=f"there are: {', '.join([*known, FLOAT_TARGET])}")
    found = target.available()
    if not found.ok:
        raise BackendMissingError(
            f"target {name!r} cannot be used: {found.detail}", hint=found.fix or "neurotool doctor"
        )
    return target


def example_of(raster: Array, scale: float) -> Array:
    """Give a raster the float meaning that the model knows: payloads times their scale, spikes as they are."""
    return raster if scale == 1.0 or raster.dtype == np.bool_ else np.multiply(raster, scale, dtype=np.float32)

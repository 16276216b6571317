"""The verbs as functions of a Python session: options by name, paths as text, models as objects.

``neurotool.partition`` and its like stand here; they give the results of the command line, which show themselves.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import fields, replace
from os import PathLike
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from neurotool import pipeline
from neurotool.errors import UsageError
from neurotool.pipeline.costing import EnergyOptions
from neurotool.pipeline.partitioning import PartitionResult
from neurotool.pipeline.results import ConvertOptions, ConvertResult, EnergyResult, RunResult, VerifyResult

Name = str | PathLike[str]

_PATHS = ("calib", "fine_tune")


def partition(
    model: object, example: Any = None, *, pareto: bool = False, data: Name | None = None, figure: Name | None = None,
    **options: Any,
) -> PartitionResult:  # fmt: skip
    """Cut a model into spiking and dense parts, without converting it.

    Args:
        model: A ``torch.nn.Module``, ``package.module:factory`` or a ``.nir`` file.
        example: Input ``[time, batch, *features]`` to trace a module with, for several inputs by name.
        pareto: Find the cuts that no other beats, too.
        data: Samples with labels to find accuracies with.
        figure: File to draw the Pareto set into.
        options: Fields of :class:`neurotool.pipeline.ConvertOptions`, such as ``objective="energy"``.

    Raises:
        UsageError: The model, the data or an option is wrong.
        UnsupportedError: The model holds something without a meaning here; lists all of it.
        NegativeAnswerError: No legal cut keeps the limits.
    """
    chosen = _options(example, options)
    return pipeline.partition(model, chosen, pareto=pareto, data=_path(data), figure=_path(figure))


def convert(model: object, out: Name, example: Any = None, **options: Any) -> ConvertResult:
    """Convert a model into a bundle; see :func:`neurotool.pipeline.convert`.

    Args:
        model: As for :func:`partition`.
        out: Directory of the bundle.
        example: As for :func:`partition`.
        options: Fields of :class:`neurotool.pipeline.ConvertOptions`.
    """
    return pipeline.convert(model, Path(out), _options(example, options))


def run(bundle: Name, data: Name, **options: Any) -> RunResult:
    """Run a bundle on a data file; see :func:`neurotool.pipeline.run` for the options."""
    return pipeline.run(Path(bundle), Path(data), **options)


def verify(bundle: Name, data: Name, **options: Any) -> VerifyResult:
    """Compare the forms of a bundle's model; see :func:`neurotool.pipeline.verify` for the options."""
    return pipeline.verify(Path(bundle), Path(data), **options)


def estimate_energy(bundle: Name, data: Name, **options: Any) -> EnergyResult:
    """Estimate what an inference takes.

    Args:
        bundle: Directory of the bundle.
        data: Samples to run.
        options: As for :func:`neurotool.pipeline.estimate_energy`, and fields of
            :class:`neurotool.pipeline.EnergyOptions`, such as ``compare=True``.
    """
    known = {each.name for each in fields(EnergyOptions)}
    chosen = {name: _energy_value(name, options.pop(name)) for name in known & options.keys()}
    given = options.pop("options", None) or EnergyOptions()
    return pipeline.estimate_energy(Path(bundle), Path(data), options=replace(given, **chosen), **options)


class _Verify(ModuleType):
    """The package ``neurotool.verify``, which has the name of the verb: calling it runs the verb."""

    def __call__(self, bundle: Name, data: Name, **options: Any) -> VerifyResult:
        """See :func:`verify`."""
        return verify(bundle, data, **options)


# Once imported, the package hides what neurotool.__getattr__ would give.
sys.modules["neurotool.verify"].__class__ = _Verify


def _energy_value(name: str, value: Any) -> Any:
    if name in ("constants", "compare_with"):
        return tuple(Path(each) for each in ([value] if isinstance(value, str | PathLike) else value))
    return _path(value) if name in ("figures", "neurobench", "accuracies") else value


def _path(name: Name | None) -> Path | None:
    return None if name is None else Path(name)


def _options(example: Any, given: Mapping[str, Any]) -> ConvertOptions:
    known = [field.name for field in fields(ConvertOptions)]
    unknown = [name for name in given if name not in known]
    if unknown:
        raise UsageError(f"there is no option {', '.join(unknown)}", hint=f"options: {', '.join(known)}")
    made: dict[str, Any] = {name: _path(value) if name in _PATHS else value for name, value in given.items()}
    return ConvertOptions(**made, example=_arrays(example))


def _arrays(example: Any) -> Any:
    """Tensors and lists as arrays."""
    if isinstance(example, Mapping):
        return {name: np.asarray(value) for name, value in example.items()}
    return None if example is None else np.asarray(example)

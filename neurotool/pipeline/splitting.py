"""Source to partition: load, discretise, fold, cut."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neurotool import data
from neurotool.data import Dataset
from neurotool.errors import UnsupportedError
from neurotool.ir.adapters import Source, SourceOptions
from neurotool.ir.partition import Partition, Side
from neurotool.passes.discretise import discretise
from neurotool.passes.fold import fold
from neurotool.passes.partition import partition as cut_graph
from neurotool.pipeline.adapters import example_of, read_source
from neurotool.pipeline.results import ConvertOptions, PartitionResult

EXAMPLE_SAMPLES = 4
"""Samples of the calibration data that a torch model is traced with."""


@dataclass(frozen=True, eq=False)
class Split:
    """A loaded source with its cut and the calibration data that came with it."""

    source: Source
    partition: Partition
    calibration: Dataset | None


def partition(spec: str, options: ConvertOptions) -> PartitionResult:
    """Cut a model into spiking and dense parts, without converting it.

    Args:
        spec: ``package.module:factory`` or a ``.nir`` file.
        options: As for :func:`neurotool.pipeline.convert`.

    Raises:
        UsageError: The source, the data or an option is wrong.
        UnsupportedError: The model holds something without a meaning here; lists all of it.
    """
    found = split(spec, options)
    return PartitionResult(found.partition, found.source.graph.notes)


def split(spec: str, options: ConvertOptions) -> Split:
    """Load and cut a model; keeps what conversion needs beside the cut."""
    calibration = _calibration(options.calib, options)
    example = None
    if calibration is not None:
        example = example_of(calibration.take(EXAMPLE_SAMPLES).x, calibration.scale)
    source = read_source(
        spec, SourceOptions(dt=options.dt, convention=options.convention, example=example, seed=options.seed)
    )
    if len(source.graph.inputs) != 1:
        found = ", ".join(source.graph.inputs)
        raise UnsupportedError(f"{spec} has {len(source.graph.inputs)} inputs ({found}); data files hold one")
    graph = fold(discretise(source.graph))
    patterns = dict.fromkeys(options.dense, Side.DENSE) | dict.fromkeys(options.spiking, Side.SPIKING)
    return Split(source, cut_graph(graph, patterns), calibration)


def _calibration(path: Path | None, options: ConvertOptions) -> Dataset | None:
    if path is None:
        return None
    return data.load(path, encode=options.encode, steps=options.steps, seed=options.seed)

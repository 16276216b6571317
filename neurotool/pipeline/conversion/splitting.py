"""Source to partition: load, discretise, fold, cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from neurotool.chips import load_chip
from neurotool.data import Samples
from neurotool.ir.adapters import Source, SourceOptions
from neurotool.ir.graph import Graph, subgraph
from neurotool.ir.partition import Part, Partition, Side
from neurotool.passes.boundaries import Reduction, reduced
from neurotool.passes.discretise import discretise
from neurotool.passes.fold import fold
from neurotool.passes.partition import Candidates, candidates
from neurotool.pipeline.adapters import read_source
from neurotool.pipeline.conversion.boundaries import code
from neurotool.pipeline.conversion.options import ConvertOptions
from neurotool.pipeline.conversion.ports import entry
from neurotool.pipeline.cuts.choice import ChosenCut, Judge, choose
from neurotool.pipeline.results import StageProgress, progress_of, told
from neurotool.pipeline.samples import check_inputs, example_inputs, read_new

PASSES: tuple[tuple[str, str, Callable[[Graph], Graph]], ...] = (
    ("discretise", "one update per time step", discretise),
    ("fold", "linear layers in front of neurons made one", fold),
)
"""The passes between a source and its cut, in their order: name, what it does, and the pass."""


@dataclass(frozen=True, eq=False)
class Split:
    """A loaded source with its cut and the calibration data that came with it.

    Attributes:
        source: The source.
        partition: The cut, with a coding for each boundary.
        calibration: Calibration data, or None.
        sums: Sums over time that dense parts make of values that cross summed, by value and part.
        candidates: What could have been cut.
        chosen: How the cut was chosen and what it costs; None where all goes to the chip that can.
    """

    source: Source
    partition: Partition
    calibration: Samples | None
    sums: Mapping[tuple[str, str], tuple[Reduction, ...]]
    candidates: Candidates
    chosen: ChosenCut | None = None

    def dense_graph(self, part: Part) -> Graph:
        """The graph of a dense part, taking values as they cross."""
        graph = subgraph(self.partition.graph, part.nodes, part.outputs)
        for boundary in self.partition.boundaries:
            if boundary.target == part.name and boundary.coding.reduces:
                graph = reduced(graph, boundary, self.sums[boundary.value, part.name])
        return graph


Judging = Callable[[Split, ConvertOptions, Path], Judge]
"""Makes what finds the accuracy of cuts of a loaded model, with its options, on a file of labelled samples."""


def split(
    spec: object,
    options: ConvertOptions,
    judging: Judging,
    *,
    progress: StageProgress | None = None,
    data: Path | None = None,
) -> Split:
    """Load and cut a model; keeps what conversion needs beside the cut.

    Args:
        spec: The model.
        options: See :class:`ConvertOptions`.
        judging: Makes the judge of cuts; it lowers and runs split models, and so stands above this module.
        progress: Told of the progress of each stage.
        data: Labelled samples to find the accuracy of cuts with, or None for the calibration data.
    """
    calibration = None
    if options.calib is not None:
        calibration = read_new(options.calib, options.encode, options.steps, options.seed)
    example = options.example if calibration is None else example_inputs(calibration)
    source = read_source(
        spec,
        SourceOptions(
            dt=options.dt,
            convention=options.convention,
            example=example,
            seed=options.seed,
            progress=progress_of("read", progress),
        ),
    )
    if options.calib is not None and calibration is not None:
        check_inputs(options.calib, calibration, source.graph)
    graph = source.graph
    for _, _, apply in PASSES:
        graph = apply(graph)
    sides = ((Side.DENSE, options.dense), (Side.SPIKING, options.spiking))
    patterns = [(pattern, side) for side, several in sides for pattern in several]
    possible = candidates(graph, patterns, entry(graph, calibration, load_chip(options.chip), options.coding))
    found = Split(source, possible.partition(), calibration, {}, possible)
    with told("partition", progress):
        cut, chosen = choose(possible, source, calibration, options, _judge(found, options, judging, data))
        coded = code(cut, source, calibration, options)
    return replace(found, partition=coded.partition, sums=coded.reductions, chosen=chosen)


def labelled(samples: Samples | None, options: ConvertOptions, data: Path | None) -> Path | None:
    """File with labels to find accuracies with: one that is given, else the calibration data."""
    return data or (options.calib if samples is not None and samples.y is not None else None)


def _judge(found: Split, options: ConvertOptions, judging: Judging, data: Path | None) -> Judge | None:
    """What finds the accuracy of a cut, where there is a least one to keep and data with labels."""
    path = labelled(found.calibration, options, data)
    return None if options.min_accuracy is None or path is None else judging(found, options, path)

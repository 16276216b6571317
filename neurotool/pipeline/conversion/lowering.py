"""A spiking part to integers, with what calibration data says about it: ranges, a search, a sensitivity table."""

from __future__ import annotations

from dataclasses import dataclass

from neurotool.errors import UsageError
from neurotool.ir.graph import subgraph
from neurotool.ir.partition import Part
from neurotool.passes.quantise import Quantised, Settings, WeightRange, Widths, quantise
from neurotool.passes.quantise.search import loops, search_scales
from neurotool.pipeline.conversion.calibration import Calibration, powers
from neurotool.pipeline.conversion.options import ConvertOptions
from neurotool.pipeline.conversion.ports import ports_of
from neurotool.pipeline.conversion.sensitivity import LayerLoss, sensitivity
from neurotool.pipeline.conversion.splitting import Split
from neurotool.pipeline.conversion.trial import Trial, only_spiking
from neurotool.pipeline.results import StageProgress, progress_of

SEARCH = "search scales"
SENSITIVITY = "sensitivity"


@dataclass(frozen=True, eq=False)
class Lowered:
    """A spiking part as integers.

    Attributes:
        quantised: The program, its records and findings.
        losses: The sensitivity table, if it was asked for.
    """

    quantised: Quantised
    losses: tuple[LayerLoss, ...] = ()


def settings_of(options: ConvertOptions) -> Settings:
    """What the options say about rounding."""
    return Settings(Widths(options.weight_bits, options.layer_bits), WeightRange.parse(options.scale_from))


def check_precision(found: Split, options: ConvertOptions) -> None:
    """Make sure that the options about rounding fit the model, before anything long runs.

    Raises:
        UsageError: A range or width is wrong, a pattern matches no node, or data is missing.
    """
    settings = settings_of(options)
    settings.widths.check([node for part in only_spiking(found.partition) for node in part.nodes])
    if found.calibration is None:
        for wanted, option in ((options.sensitivity, "--sensitivity"), (options.search_scales, "--search-scales")):
            if wanted:
                raise UsageError(f"{option} compares runs, and there is no data to run", hint="add --calib data.npz")


def lower(
    part: Part,
    found: Split,
    calibration: Calibration | None,
    options: ConvertOptions,
    given: Quantised | None = None,
    progress: StageProgress | None = None,
) -> Lowered:
    """Quantise a spiking part.

    Args:
        part: The part.
        found: The cut model.
        calibration: What the float reference showed on calibration data, or None.
        options: Options of the conversion.
        given: The integers, if they are there already: those of a fine-tuned model.
        progress: Told of the progress of each stage.
    """
    graph = subgraph(found.partition.graph, part.nodes, part.outputs)
    ports = ports_of(part, found.partition, found.calibration, calibration)
    settings = settings_of(options)
    listen = progress_of("quantise", progress)
    if calibration is None:
        return Lowered(quantise(graph, ports, None, settings, progress=listen))
    trial = Trial.of(found.partition, part, ports, calibration)
    ranges = powers(calibration.ranges, trial.values)
    tries = SEARCH_TRIES if options.search_scales is None else options.search_scales
    if given is not None:
        made = given
    elif tries and loops(graph):
        listen = progress_of(SEARCH, progress)
        made = search_scales(graph, ports, ranges, settings, tries, trial.score, listen)
    else:
        made = quantise(graph, ports, ranges, settings, progress=listen)
    if not options.sensitivity:
        return Lowered(made)
    return Lowered(made, sensitivity(trial, ranges, settings, made, progress_of(SENSITIVITY, progress)))


SEARCH_TRIES = 8
"""Scales tried for each recurrent component where there is calibration data and nothing is said."""

"""Fine-tuning as a stage of conversion: what it takes from the stages before, and what it changes for those after."""

from __future__ import annotations

from dataclasses import dataclass, replace

from neurotool.errors import UsageError
from neurotool.ir.manifest import TuningRecord
from neurotool.ir.partition import Part
from neurotool.passes.quantise import Quantised
from neurotool.pipeline.conversion.calibration import Calibration, powers
from neurotool.pipeline.conversion.lowering import lower, settings_of
from neurotool.pipeline.conversion.options import FINE_TUNE_EPOCHS, LEARNING_RATE, ConvertOptions
from neurotool.pipeline.conversion.ports import ports_of
from neurotool.pipeline.conversion.splitting import Split
from neurotool.pipeline.conversion.trial import Trial
from neurotool.pipeline.conversion.tuning import Lesson, fine_tune, only_part
from neurotool.pipeline.results import StageProgress
from neurotool.pipeline.samples import check_inputs, float_inputs, read_new


@dataclass(frozen=True, eq=False)
class TunedModel:
    """A model after fine-tuning.

    Attributes:
        found: The cut model with the tuned weights.
        part: The part that was tuned.
        quantised: Its integers.
        record: What the bundle says about it.
    """

    found: Split
    part: Part
    quantised: Quantised
    record: TuningRecord


def tune_model(
    found: Split, calibration: Calibration | None, options: ConvertOptions, progress: StageProgress | None
) -> TunedModel | None:
    """Fine-tune the one spiking part of a model, if that was asked for.

    The part is quantised first, with a search over its scales; training keeps these.

    Raises:
        UsageError: The data or an option does not fit, or there is no calibration data.
        UnsupportedError: The model has no spiking part, or several.
    """
    if options.fine_tune is None:
        return None
    part, partition = only_part(found.partition), found.partition
    if calibration is None:
        raise UsageError("--fine-tune starts from a calibrated model", hint=f"add --calib {options.fine_tune}")
    samples = read_new(options.fine_tune, options.encode, options.steps, options.seed)
    check_inputs(options.fine_tune, samples, partition.graph)
    start = lower(part, found, calibration, replace(options, sensitivity=False), progress=progress).quantised
    ports = ports_of(part, partition, found.calibration, calibration)
    lesson = Lesson(
        partition=partition,
        part=part,
        ports=ports,
        ranges=powers(calibration.ranges, Trial.of(partition, part, ports, calibration).values),
        settings=replace(settings_of(options), scales=start.scales),
        inputs=float_inputs(samples, partition.graph.inputs),
        labels=samples.y,
    )
    epochs = FINE_TUNE_EPOCHS if options.fine_tune_epochs is None else options.fine_tune_epochs
    rate = LEARNING_RATE if options.learning_rate is None else options.learning_rate
    graph, made, tuned = fine_tune(lesson, epochs=epochs, learning_rate=rate, seed=options.seed, progress=progress)
    record = TuningRecord(
        path=str(options.fine_tune),
        sha256=samples.sha256,
        samples=samples.batch,
        objective=tuned.objective.value,
        epochs=epochs,
        best_epoch=tuned.best,
        learning_rate=rate,
        losses=tuned.losses,
    )
    searched = {r.population: r.tries for r in start.records}
    records = tuple(replace(r, tries=searched.get(r.population, ())) for r in made.records)
    whole = partition.graph
    kept = {name: graph.nodes.get(name, node) if name in part.nodes else node for name, node in whole.nodes.items()}
    cut = replace(partition, graph=replace(whole, nodes=kept))
    return TunedModel(replace(found, partition=cut), part, replace(made, records=records), record)

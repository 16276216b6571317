"""Which stage of the conversion introduces a difference: every stage is run on the same data and compared with the
one before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from neurotool.verify.compare import Point
from neurotool.verify.membrane import Meanings, at_threshold
from neurotool.verify.pair import Labels, PairResult, judge
from neurotool.verify.rounding import Fault
from neurotool.verify.run import NamedRun
from neurotool.verify.tolerance import Cause, Tolerance


@dataclass(frozen=True, eq=False)
class Stage:
    """A form of the model on its way to the chip.

    Attributes:
        name: Name of the pass or step that makes it of the form before.
        does: What that step does, for the table.
        tolerance: How far it may be from the form before.
        run: Runs it on the data of all stages.
        faults: Parameters that this step should not have changed as it did.
    """

    name: str
    does: str
    tolerance: Tolerance
    run: Callable[[], NamedRun]
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class StageResult:
    """What a stage changes.

    Attributes:
        name: Name of the stage.
        does: What it does.
        pair: The stage beside the one before it; None for the first.
        total: The stage beside the first; None for the first.
        faults: Parameters that it should not have changed as it did.
        wrong: Why the stage is not what it should be, one sentence each; empty if it is.
    """

    name: str
    does: str
    pair: PairResult | None
    total: PairResult | None
    faults: tuple[Fault, ...]
    wrong: tuple[str, ...]


@dataclass(frozen=True)
class Culprit:
    """The stage that a difference comes from.

    Attributes:
        stage: Its name.
        does: What it does.
        wrong: Whether it is at fault; otherwise it does what it may, and changes most.
        layer: First layer, in topological order, that it changes; empty if no layer does.
        point: First step, sample and neuron there.
        reasons: Why it was named, one sentence each.
    """

    stage: str
    does: str
    wrong: bool
    layer: str
    point: Point | None
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Bisection:
    """All stages on the same samples.

    Attributes:
        samples: Number of samples.
        stages: The stages in their order.
        notes: Which stages could not be run, and why.
    """

    samples: int
    stages: tuple[StageResult, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def wrong(self) -> tuple[StageResult, ...]:
        """Stages that are not what they should be."""
        return tuple(stage for stage in self.stages if stage.wrong)

    def culprit(self) -> Culprit | None:
        """Name the first stage that is wrong, else the one that changes most; None where none changes anything."""
        if self.wrong:
            return _culprit(self.wrong[0])
        changing = [stage for stage in self.stages if stage.pair is not None and stage.pair.differing]
        return _culprit(max(changing, key=_change)) if changing else None


def bisect(
    stages: Iterable[Stage], meanings: Meanings, labels: Labels | None = None, notes: Sequence[str] = ()
) -> Bisection:
    """Run the stages in their order and compare each with the one before it and with the first.

    Args:
        stages: The stages; each is run once, and no more than three recordings are held at a time.
        meanings: What the potentials of the layers mean.
        labels: Class number of each sample.
        notes: Which stages are missing, and why.
    """
    results: list[StageResult] = []
    first: NamedRun | None = None
    before: NamedRun | None = None
    for stage in stages:
        run = stage.run()
        if first is None or before is None:
            first, pair, total = run, None, None
        else:
            pair = judge(before, run, stage.tolerance, labels, meanings)
            total = judge(first, run, stage.tolerance, labels, meanings)
        results.append(
            StageResult(stage.name, stage.does, pair, total, stage.faults, _wrong(stage, pair, before, run, meanings))
        )
        before = run
    return Bisection(0 if first is None else first.samples, tuple(results), tuple(notes))


def _wrong(
    stage: Stage, pair: PairResult | None, before: NamedRun | None, run: NamedRun, meanings: Meanings
) -> tuple[str, ...]:
    """Say why a stage is wrong.

    Rounding to integers, like training, may change many spikes, so that a stage of it is wrong only if an integer is no
    rounding of its float. Float rounding may carry a potential across its threshold, from where on a network may take
    another way; so such a stage is right if the first difference is of that kind.
    """
    found = [str(fault) for fault in stage.faults]
    if pair is None or before is None or pair.passed or stage.tolerance.reason.moves_spikes:
        return tuple(found)
    first = pair.first if stage.tolerance.reason is Cause.ROUNDING else None
    if first is not None and at_threshold(before, run, first.layer, first.point, meanings):
        return tuple(found)
    return (*found, *pair.failures)


def _change(stage: StageResult) -> tuple[int, float]:
    assert stage.pair is not None
    return stage.pair.differing, -min((layer.cosine for layer in stage.pair.layers.values()), default=1.0)


def _culprit(stage: StageResult) -> Culprit:
    first = None if stage.pair is None else stage.pair.first
    layer = first.layer if first is not None else (stage.faults[0].layer if stage.faults else "")
    share = () if stage.pair is None else (f"{stage.pair.differing:,} of {stage.pair.slots:,} spike slots differ",)
    reasons = stage.wrong or share
    return Culprit(stage.name, stage.does, bool(stage.wrong), layer, first.point if first else None, reasons)

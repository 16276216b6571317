"""The certificate: a chain of runs, each compared with the one before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from neurotool.verify.compare import Agreement
from neurotool.verify.membrane import Meanings
from neurotool.verify.pair import Labels, PairResult, judge
from neurotool.verify.rows import OutputRow, Row, layer_rows, output_rows
from neurotool.verify.run import Arithmetic, NamedRun
from neurotool.verify.stages import Bisection
from neurotool.verify.tolerance import Tolerance, Tolerances

SCHEMA = "neurotool.certificate/1"


@dataclass(frozen=True)
class RunSummary:
    """What a certificate says of one run by itself.

    Attributes:
        name: Name of the run.
        arithmetic: Numbers that its neurons compute with.
        samples: Number of samples that it ran.
        accuracy: Share of them that it classifies rightly, if there are labels.
        detail: Version, device or mode.
        latency: Start step of each layer, by which its recording was moved back to align with the others.
    """

    name: str
    arithmetic: Arithmetic
    samples: int
    accuracy: float | None
    detail: str
    latency: Mapping[str, int]


@dataclass(frozen=True)
class Omission:
    """A form that is usually compared, and was not.

    Attributes:
        form: Its name.
        reason: Why it could not be run.
        fix: Command that would make it work, or empty.
    """

    form: str
    reason: str
    fix: str = ""

    def __str__(self) -> str:
        way_out = f". To install it: {self.fix}" if self.fix else ""
        return f"{self.form.capitalize()}: not compared, {self.reason}{way_out}"


@dataclass(frozen=True)
class Certificate:
    """The outcome of a verification.

    Attributes:
        runs: The runs, in the order of the chain.
        pairs: Each run with the one before it, then the first run with the first integer run.
        owners: Whose Lava process each neuron model is, by name of the model: ``lava`` (stock) or ``neurotool``.
            Agreement with a process of our own is the weaker proof.
        bisection: What each stage of the conversion changes; None where that was not asked for.
        omitted: Forms that were left out because they cannot be run here.
    """

    runs: tuple[RunSummary, ...]
    pairs: tuple[PairResult, ...]
    owners: Mapping[str, str]
    bisection: Bisection | None = None
    omitted: tuple[Omission, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every pair agrees within its tolerance, and no stage is wrong."""
        return all(pair.passed for pair in self.pairs) and not (self.bisection and self.bisection.wrong)

    def pair(self, a: str, b: str) -> PairResult | None:
        """Return the comparison of two runs by name, or None if they were not compared."""
        return next((p for p in self.pairs if (p.a, p.b) == (a, b)), None)

    def rows(self) -> Iterator[Row]:
        """Yield one line per pair and layer."""
        return layer_rows(self.pairs)

    def outputs(self) -> Iterator[OutputRow]:
        """Yield one line per pair and output of the whole model."""
        return output_rows(self.pairs)

    def to_json(self) -> dict[str, Any]:
        """Return the certificate as plain JSON values."""
        return {
            "schema": SCHEMA,
            "passed": self.passed,
            "runs": [asdict(run) for run in self.runs],
            "pairs": [_pair_json(pair) for pair in self.pairs],
            "not_compared": [asdict(each) for each in self.omitted],
            "owners": dict(self.owners),
            "stages": None if self.bisection is None else stages_json(self.bisection),
        }


def certify(
    runs: Sequence[NamedRun],
    labels: Labels | None = None,
    tolerances: Tolerances | None = None,
    owners: Mapping[str, str] | None = None,
    meanings: Meanings | None = None,
    bisection: Bisection | None = None,
) -> Certificate:
    """Compare runs of one model on the same samples.

    Args:
        runs: In the order of the chain: source, float reference, integer engine, Lava. A run may hold fewer samples
            than the others; they are the leading ones.
        labels: Class number of each sample, ``[batch]``.
        tolerances: Limits; the defaults where None.
        owners: Whose Lava process each neuron model is, by name of the model.
        meanings: What the potentials of the layers mean; they are not compared without.
        bisection: What each stage of the conversion changes.

    Raises:
        ValueError: There are fewer than two runs, two of them share a name, or one has no samples.
    """
    if len(runs) < 2 or len({run.name for run in runs}) < len(runs) or any(run.samples < 1 for run in runs):
        raise ValueError("a certificate needs at least two runs with samples and names of their own")
    limits = tolerances or Tolerances()
    pairs = list(pairwise(runs))
    integer = next((run for run in runs if run.arithmetic is Arithmetic.INTEGER), None)
    if integer is not None and integer not in runs[:2]:
        pairs.append((runs[0], integer))
    return Certificate(
        runs=tuple(_summary(run, labels) for run in runs),
        pairs=tuple(judge(a, b, _tolerance(a, b, limits), labels, meanings) for a, b in pairs),
        owners=dict(owners or {}),
        bisection=bisection,
    )


def _tolerance(a: NamedRun, b: NamedRun, limits: Tolerances) -> Tolerance:
    if a.arithmetic is not b.arithmetic:
        return limits.quantisation
    return limits.exact if a.arithmetic is Arithmetic.INTEGER else limits.rounding


def _summary(run: NamedRun, labels: Labels | None) -> RunSummary:
    correct = None if labels is None else run.correct(labels)
    accuracy = None if correct is None else correct / run.samples
    return RunSummary(run.name, run.arithmetic, run.samples, accuracy, run.detail, dict(run.latency))


def _pair_json(pair: PairResult) -> dict[str, Any]:
    return {
        **asdict(pair),
        "passed": pair.passed,
        "slots": pair.slots,
        "differing": pair.differing,
        "layers": {name: _layer_json(layer) for name, layer in pair.layers.items()},
    }


def _layer_json(layer: Agreement) -> dict[str, Any]:
    rates = {"rate_a": layer.rate_a, "rate_b": layer.rate_b, "rate_error": layer.rate_error}
    return {**asdict(layer), "equal": layer.slots - layer.differing, **rates}


def stages_json(bisection: Bisection) -> dict[str, Any]:
    """Return the stages and the culprit as plain JSON values; what a stage changes is told in short."""
    culprit = bisection.culprit()
    return {
        "samples": bisection.samples,
        "notes": list(bisection.notes),
        "culprit": None if culprit is None else asdict(culprit),
        "stages": [
            {
                "name": stage.name,
                "does": stage.does,
                "wrong": list(stage.wrong),
                "faults": [asdict(fault) for fault in stage.faults],
                "changes": None if stage.pair is None else _change_json(stage.pair),
                "since_first": None if stage.total is None else _change_json(stage.total),
            }
            for stage in bisection.stages
        ],
    }


def _change_json(pair: PairResult) -> dict[str, Any]:
    layers = {name: {"differing": x.differing, "slots": x.slots, "cosine": x.cosine} for name, x in pair.layers.items()}
    return {
        "differing": pair.differing,
        "slots": pair.slots,
        "layers": layers,
        "first": None if pair.first is None else asdict(pair.first),
        "membrane": None if pair.membrane is None else asdict(pair.membrane),
        "correct": pair.correct,
    }

"""The lines that a certificate is read as, whoever prints them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from neurotool.verify.compare import OutputAgreement, Point
from neurotool.verify.pair import PairResult
from neurotool.verify.stages import Culprit


@dataclass(frozen=True)
class Row:
    """One layer of one pair."""

    pair: str
    layer: str
    slots: int
    differing: int
    cosine: float
    shift: int
    rate_a: float
    rate_b: float


@dataclass(frozen=True)
class OutputRow:
    """One output of the whole model in one pair, as text.

    Attributes:
        pair: The two runs.
        output: Name of the output.
        agrees: Whether it is within its tolerance.
        largest: Largest absolute difference, in the unit of the output.
        relative: Root mean square of the difference as a share of that of the first run.
        allowed: Largest ``relative`` that is accepted; ``as layer`` for spikes, which are judged as those of a layer.
        argmax: Share of the samples whose largest score is the same; empty where the output is no class scores.
    """

    pair: str
    output: str
    agrees: bool
    largest: str
    relative: str
    allowed: str
    argmax: str

    @property
    def figures(self) -> tuple[str, str, str, str]:
        """What was found, and what is allowed."""
        return self.largest, self.relative, self.allowed, self.argmax


def layer_rows(pairs: Iterable[PairResult]) -> Iterator[Row]:
    """Yield one line per pair and layer."""
    for pair in pairs:
        for name, found in pair.layers.items():
            counts = found.slots, found.differing, found.cosine, found.shift
            yield Row(pair.title, name, *counts, found.rate_a, found.rate_b)


def output_rows(pairs: Iterable[PairResult]) -> Iterator[OutputRow]:
    """Yield one line per pair and output that both runs have."""
    for pair in pairs:
        for name, found in pair.outputs.items():
            yield OutputRow(
                pair=pair.title,
                output=name,
                agrees=found.within,
                largest=f"{found.max_abs:.3g}",
                relative=f"{found.relative:.2g}",
                allowed=_allowed(found, pair),
                argmax="" if found.argmax is None else _share(found.argmax),
            )


def _allowed(found: OutputAgreement, pair: PairResult) -> str:
    if found.tolerance is not None:
        return f"{found.tolerance:g}"
    return "any" if pair.tolerance.outputs is None else "as layer"


def _share(share: float) -> str:
    """Write a share; only all of them reads 100%."""
    return f"{share if share == 1.0 else min(share, 0.9999):.2%}"


def accuracy(pair: PairResult) -> str:
    """Share of right answers of the first run and of the second; empty without labels that fit."""
    return "" if pair.correct is None else " → ".join(f"{right / pair.samples:.2%}" for right in pair.correct)


def place(layer: str, point: Point) -> str:
    """A slot as a user reads it."""
    neuron = ", ".join(map(str, point.neuron))
    return f"layer {layer}, step {point.step}, sample {point.sample}, neuron {neuron}"


def begins(found: Culprit) -> str:
    """Where the difference that a stage makes begins; empty where it changes nothing."""
    return "" if found.point is None else place(found.layer, found.point)

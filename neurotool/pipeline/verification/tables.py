"""A certificate as short tables, for Python and notebooks."""

from __future__ import annotations

from collections.abc import Iterator

from neurotool.pipeline.display import Rows
from neurotool.verify import Bisection, Certificate
from neurotool.verify.rows import accuracy, begins

VERDICTS = {True: "agree", False: "DIFFER"}


def proof_tables(proof: Certificate) -> list[Rows]:
    """Pairs of runs, outputs of the whole model, layers, what was left out, and the stage that differences come from.

    A table that would be empty is left out: that of the layers of a model without spikes, for example.
    """
    shown = [_pairs(proof), _outputs(proof), _layers(proof)]
    if proof.omitted:
        rows = [(each.form, each.reason, each.fix) for each in proof.omitted]
        shown.append((("not compared", "because", "to install it"), rows))
    if proof.bisection is not None:
        shown.append((("stage", "does", "verdict", "begins at"), list(_culprit(proof.bisection))))
    return [(headings, rows) for headings, rows in shown if rows]


def _pairs(proof: Certificate) -> Rows:
    rows = [(p.title, VERDICTS[p.passed], f"{p.samples:,}", accuracy(p), p.tolerance.reason) for p in proof.pairs]
    return ("runs", "within tolerance", ">samples", ">accuracy", "may differ by"), rows


def _outputs(proof: Certificate) -> Rows:
    rows = [(row.pair, row.output, VERDICTS[row.agrees], *row.figures) for row in proof.outputs()]
    return ("runs", "output", "within tolerance", ">largest", ">relative", ">may be", ">same argmax"), rows


def _layers(proof: Certificate) -> Rows:
    rows = [
        (row.pair, row.layer, f"{row.differing:,}", f"{row.slots:,}", f"{row.cosine:.4f}", str(row.shift))
        for row in proof.rows()
    ]
    return ("runs", "layer", ">differ", ">of", ">cosine", ">shift"), rows


def _culprit(bisection: Bisection) -> Iterator[tuple[str, str, str, str]]:
    found = bisection.culprit()
    if found is not None:
        yield found.stage, found.does, "WRONG" if found.wrong else "changes most", begins(found)

"""Examines a target: does it give the integers of the reference on programs of a neuron model?"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

from hypothesis import HealthCheck, Phase, assume, given, reject, seed, settings

from neurotool.errors import UnsupportedError
from neurotool.ir.adapters import ProgramTarget
from neurotool.testing.case import Case
from neurotool.testing.compare import explain, mismatches, run
from neurotool.testing.edges import edges
from neurotool.testing.strategies import cases
from neurotool.testing.tally import Tally

REFERENCE = "loihi-reference"
"""The target that runs the readable steps of ``neurotool.neurons`` one after the other."""

AT_ONCE = 10
"""Programs of one search. In a longer one hypothesis spends half of them on variations of those before."""

WORTH_A_RUN = 300
"""Neuron-steps that a program has at least if the target is slow."""


@dataclass(frozen=True)
class Extent:
    """How much to examine.

    Attributes:
        examples: Programs for each neuron model.
        seed: Programs are the same for the same seed, on every machine with the same release of hypothesis.
        slow: Whether the target takes long to run a program however small it is: tiny programs are not drawn then, nor
            is a smaller program looked for when one is found that differs.
        defined: Leave out programs on which Lava computes what C leaves undefined (see ``Edges.undefined``). Other
            targets have no reason to differ from the reference there.
    """

    examples: int = 20
    seed: int = 0
    slow: bool = False
    defined: bool = False


class ConformanceError(AssertionError):
    """A target does not give the integers of the reference."""


def examine(model: str, target: ProgramTarget, reference: ProgramTarget, extent: Extent, tally: Tally) -> None:
    """Compare a target with the reference on drawn programs.

    Args:
        model: Name in :data:`neurotool.neurons.MODELS`.
        target: Target under test.
        reference: What it must equal.
        extent: How much to examine.
        tally: Counted into, up to and including the first program that differs.

    Raises:
        ConformanceError: It differs, with the place and everything about that neuron that could be the reason.
    """
    for first in range(0, extent.examples, AT_ONCE):
        few = replace(extent, examples=min(AT_ONCE, extent.examples - first))
        _examine(f"{model} {extent.seed} {first}", model, (target, reference), few, tally)


def _examine(name: str, model: str, targets: tuple[ProgramTarget, ProgramTarget], extent: Extent, tally: Tally) -> None:
    """Examine a few programs, the choice of which depends on the name alone."""
    target, reference = targets
    failed = False

    @seed(zlib.crc32(name.encode()))
    @settings(
        max_examples=extent.examples,
        deadline=None,
        database=None,
        phases=(Phase.generate,) if extent.slow else (Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(cases(model))
    def check(case: Case) -> None:
        nonlocal failed
        assume(case.neuron_steps >= WORTH_A_RUN or not extent.slow)
        expected = run(reference, case)
        met = edges(case, expected)
        if extent.defined and any(edge.undefined for edge in met.values()):
            tally.undefined += 1
            reject()
        try:
            found = run(target, case)
        except UnsupportedError:
            tally.refused += not failed
            return
        different = mismatches(case, found, expected)
        if not failed:
            tally.count(case, expected, met, different)
        if different:
            failed = True
            raise ConformanceError(explain(case, found, expected, different))

    check()

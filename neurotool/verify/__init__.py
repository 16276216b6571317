"""Compares runs, finds the first divergence, writes the certificate.

The verb ``neurotool.verify`` has the name of this package, which hides it once it is imported, by whatever module; so
the package can be called in its place.
"""

import inspect
import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from neurotool.verify.certificate import Certificate, Omission, certify
from neurotool.verify.compare import Agreement, OutputAgreement, Point, compare_outputs, compare_spikes
from neurotool.verify.divergence import Divergence
from neurotool.verify.membrane import Meaning, MembraneError, potentials
from neurotool.verify.network import Connection, FloatNetwork, FloatPopulation, simulate
from neurotool.verify.pair import PairResult
from neurotool.verify.rounding import Fault, Register, Registers, round_in_turn
from neurotool.verify.rows import OutputRow, Row
from neurotool.verify.run import Arithmetic, NamedRun, count_correct
from neurotool.verify.stages import Bisection, Culprit, Stage, StageResult, bisect
from neurotool.verify.tolerance import EXACT, QUANTISATION, ROUNDING, TUNING, Cause, Tolerance, Tolerances

__all__ = [
    "EXACT",
    "QUANTISATION",
    "ROUNDING",
    "TUNING",
    "Agreement",
    "Arithmetic",
    "Bisection",
    "Cause",
    "Certificate",
    "Connection",
    "Culprit",
    "Divergence",
    "Fault",
    "FloatNetwork",
    "FloatPopulation",
    "Meaning",
    "MembraneError",
    "NamedRun",
    "Omission",
    "OutputAgreement",
    "OutputRow",
    "PairResult",
    "Point",
    "Register",
    "Registers",
    "Row",
    "Stage",
    "StageResult",
    "Tolerance",
    "Tolerances",
    "bisect",
    "certify",
    "compare_outputs",
    "compare_spikes",
    "count_correct",
    "potentials",
    "round_in_turn",
    "simulate",
]


class _Verb(ModuleType):
    """A package that can be called: this one."""

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(_verb())

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Run the verb; see :func:`neurotool.pipeline.session.api.verify`."""
        return _verb()(*args, **options)


def _verb() -> Any:
    # By name, when it is called: the pipeline stands above this package and imports it.
    return import_module("neurotool.pipeline.session.api").verify


sys.modules[__name__].__class__ = _Verb

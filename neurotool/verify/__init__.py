"""Compares runs, finds the first divergence, writes the certificate."""

from neurotool.verify.certificate import Certificate, certify
from neurotool.verify.compare import Agreement, OutputAgreement, Point, compare_outputs, compare_spikes
from neurotool.verify.pair import Divergence, PairResult
from neurotool.verify.run import Arithmetic, NamedRun, count_correct
from neurotool.verify.tolerance import EXACT, QUANTISATION, ROUNDING, Tolerance, Tolerances

__all__ = [
    "EXACT",
    "QUANTISATION",
    "ROUNDING",
    "Agreement",
    "Arithmetic",
    "Certificate",
    "Divergence",
    "NamedRun",
    "OutputAgreement",
    "PairResult",
    "Point",
    "Tolerance",
    "Tolerances",
    "certify",
    "compare_outputs",
    "compare_spikes",
    "count_correct",
]

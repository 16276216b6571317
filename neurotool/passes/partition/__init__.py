"""Splits a graph into spiking parts for the chip and dense parts for torch: what may go where, and what pays best."""

from neurotool.passes.partition.cut import Candidates, candidates, partition
from neurotool.passes.partition.goal import Limits, Objective
from neurotool.passes.partition.problem import Additive, CutProblem, Unit, Value
from neurotool.passes.partition.search import Answer, solve

__all__ = [
    "Additive",
    "Answer",
    "Candidates",
    "CutProblem",
    "Limits",
    "Objective",
    "Unit",
    "Value",
    "candidates",
    "partition",
    "solve",
]

"""Chooses how every value crosses between chip and torch, and what a dense part computes of what it then gets."""

from neurotool.passes.boundaries.between_steps import between_steps
from neurotool.passes.boundaries.choose import CodedPartition, choose_codings, enters_held, wish_of
from neurotool.passes.boundaries.constant import Evaluate
from neurotool.passes.boundaries.overtime import Reduction, reduced

__all__ = [
    "CodedPartition",
    "Evaluate",
    "Reduction",
    "between_steps",
    "choose_codings",
    "enters_held",
    "reduced",
    "wish_of",
]

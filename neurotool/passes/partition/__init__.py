"""Splits a graph into spiking parts for the chip and dense parts for torch, by capability and name patterns."""

from neurotool.passes.partition.cut import partition

__all__ = ["partition"]

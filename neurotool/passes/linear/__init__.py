"""Everything between two populations as one set of synapses: chains of linear nodes composed in float64."""

from neurotool.passes.linear.collect import LinearPath, collect
from neurotool.passes.linear.values import PathError

__all__ = ["LinearPath", "PathError", "collect"]

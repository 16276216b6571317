"""Everything between two populations as one set of synapses: chains of linear nodes composed in float64."""

from neurotool.passes.linear.collect import LinearPath, WayError, collect

__all__ = ["LinearPath", "WayError", "collect"]

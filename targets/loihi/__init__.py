"""The Loihi integer engine: runs chip programs with exact integers on the CPU."""

from neurotool.targets.loihi.target import REFERENCE, TARGET

__all__ = ["REFERENCE", "TARGET"]

"""Lays a program out on the cores of one or several chips.

``cutting`` splits populations into slices that fit a core, ``spread`` chooses how finely, ``layout`` finds who sends to
whom, ``packing`` joins slices on cores, ``quality`` says what a layout costs, ``search`` improves it, ``limits`` holds
the rules that it must keep, and ``place`` composes them.
"""

from neurotool.passes.place.limits import CHECKS
from neurotool.passes.place.place import place

__all__ = ["CHECKS", "place"]

"""Cuts: digits on a network with two spiking branches, so that there is something to choose between chip and torch.

``examples.cuts:model`` is the factory for the command line; the data is the quickstart's (``python -m
examples.quickstart``). ``docs/partition.md`` walks through it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .network import BranchedNet


def model() -> BranchedNet:
    """Return the trained network, from the cache or (the first time, in well under a minute) by training it."""
    from .train import trained

    return trained()

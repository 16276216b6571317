"""Quickstart: handwritten digits on a small hybrid network, a spiking branch in Norse and a dense head in torch.

``examples.quickstart:model`` is the factory that the command line takes; ``python -m examples.quickstart`` trains the
network and writes the data files that the README works with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .network import HybridNet


def model() -> HybridNet:
    """Return the trained network, from the cache or (the first time, in well under a minute) by training it."""
    from .train import trained

    return trained()

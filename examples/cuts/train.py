"""Trains the network as the quickstart trains its own, and keeps the weights so that it is trained once."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

from ..common import kept
from ..quickstart.train import SOURCES, Recipe, fit
from .network import BranchedNet

RECIPE = Recipe(epochs=20, smoothing=0.0)


def trained() -> BranchedNet:
    """Return the network from its checkpoint, or train it and keep it; says on stderr that it trains."""
    path = kept.checkpoint("cuts", asdict(RECIPE), (*SOURCES, Path(__file__).with_name("network.py"), Path(__file__)))
    return kept.trained(path, BranchedNet, lambda: _train(path))


def _train(path: Path) -> BranchedNet:
    print(
        f"training the network with two branches once ({RECIPE.epochs} epochs), keeping it in {path}", file=sys.stderr
    )
    return fit(BranchedNet, RECIPE)

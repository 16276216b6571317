"""The semantic abstract encoder on its way to the chip, and what becomes of the tasks with it.

The host computes tokens from pictures, and everything behind the latents. What is converted takes tokens and gives
latents; its samples are tokens, which run one after another on one copy, or all tokens of a picture on as many copies.
"""

from __future__ import annotations

from pathlib import Path

from ...common.trained import TrainedRun
from .encoder import Deployed

RUN = TrainedRun("NEUROTOOL_ASHNETS", Path("build/ashnets/story"))
"""The run that :func:`encoder` and :func:`replicated` load."""

__all__ = ["RUN", "Deployed", "encoder", "replicated"]


def encoder() -> Deployed:
    """The trained encoder of one token, for ``neurotool convert neurotool.examples.ashnets.deploy:encoder``."""
    return _loaded(1)


def replicated() -> Deployed:
    """The same with a copy for each token of a picture."""
    return _loaded(None)


def _loaded(copies: int | None) -> Deployed:
    from ..runs import load_options, trained

    options = load_options(RUN.folder)
    network, _ = trained(RUN.folder, "finetune", options)
    return Deployed(network, options.model.tokens**2 if copies is None else copies)

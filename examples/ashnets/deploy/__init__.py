"""The semantic abstract encoder on its way to the chip, and what becomes of the tasks with it.

The host computes tokens from pictures, and everything behind the latents. What is converted takes tokens and gives
latents; its samples are tokens, which run one after another on one copy, or all tokens of a picture on as many copies.
"""

from __future__ import annotations

import os
from pathlib import Path

from .encoder import Deployed

RUN = "ASHNETS_RUN"
"""Environment variable with the folder of the run that :func:`encoder` and :func:`replicated` load."""

DEFAULT = Path("build/ashnets/story")

__all__ = ["DEFAULT", "RUN", "Deployed", "encoder", "replicated"]


def encoder() -> Deployed:
    """The trained encoder of one token, for ``neurotool convert neurotool.examples.ashnets.deploy:encoder``."""
    return _loaded(1)


def replicated() -> Deployed:
    """The same with a copy for each token of a picture."""
    return _loaded(None)


def _loaded(copies: int | None) -> Deployed:
    from ..runs import load_options, trained

    folder = Path(os.environ.get(RUN, DEFAULT))
    options = load_options(folder)
    network, _ = trained(folder, "finetune", options)
    return Deployed(network, options.model.tokens**2 if copies is None else copies)

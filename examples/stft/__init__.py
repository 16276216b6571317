"""Spiking Tucker fusion transformer: audio-visual zero-shot learning, from training to the chip.

``neurotool.examples.stft:trained`` is the factory that the command line takes. It loads the chip variant that
``make story-stft`` trained, or the run that the environment variable ``NEUROTOOL_STFT`` names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .chip import Deployed


def trained() -> Deployed:
    """Return the trained model for ``neurotool convert``: recordings in, class scores out."""
    from .deploy import RUN, deployed

    return deployed(RUN.folder)

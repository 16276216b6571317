"""How far two runs may differ, by what can make them differ."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Cause(StrEnum):
    """What can make two runs differ."""

    ROUNDING = "rounding"
    QUANTISATION = "quantisation"
    TUNING = "fine-tuning"
    EXACT = "exact"

    @property
    def moves_spikes(self) -> bool:
        """Whether it may move many spikes, so that a difference between two runs convicts nothing."""
        return self in (Cause.QUANTISATION, Cause.TUNING)


@dataclass(frozen=True)
class Tolerance:
    """Limits for one pair of runs.

    Attributes:
        reason: What makes the two differ; ``EXACT`` for nothing.
        differing: Largest share of the slots of a layer that may differ.
        cosine: Similarity from which on a layer is accepted even if more slots differ; None for never.
        outputs: Largest relative difference of an output (see ``OutputAgreement.relative``); None to only report it.
            An output that is a raster of spikes is judged as a layer is instead, by ``differing`` and ``cosine``.
        accuracy_loss: Largest loss of accuracy, as a share of the samples. Where it is not 0, the loss of a single
            sample is accepted, since a short run cannot resolve less.
        complete: Whether both runs must have recorded the same layers, and states must be equal where both have them.
    """

    reason: Cause
    differing: float
    cosine: float | None
    outputs: float | None
    accuracy_loss: float
    complete: bool


ROUNDING = Tolerance(Cause.ROUNDING, differing=1e-4, cosine=None, outputs=1e-2, accuracy_loss=0.01, complete=False)
"""Two float evaluations: a sum in another order can carry a potential across the threshold, rarely. A spike that moves
changes a few outputs a lot, so these are judged by their root mean square."""

QUANTISATION = Tolerance(
    Cause.QUANTISATION, differing=1e-4, cosine=0.8, outputs=0.2, accuracy_loss=0.01, complete=False
)
"""Floats against integers: rounded weights and decays move single spikes by a step, which changes two slots each time,
so layers are judged by the similarity of their rasters, and the model by its accuracy and by how far its scores or
potentials are off. An unrelated raster of the same rate has a cosine near that rate; a layer of 8-bit weights behind
another one has about 0.9."""

TUNING = replace(QUANTISATION, reason=Cause.TUNING)
"""A source against a float graph that was trained further."""

EXACT = Tolerance(Cause.EXACT, differing=0.0, cosine=None, outputs=1e-5, accuracy_loss=0.0, complete=True)
"""Two engines for the same integers: every spike and state is equal. Dense parts after them still compute in floats,
whose rounding depends on the batch size."""


@dataclass(frozen=True)
class Tolerances:
    """The limits of a certificate."""

    rounding: Tolerance = ROUNDING
    quantisation: Tolerance = QUANTISATION
    exact: Tolerance = EXACT

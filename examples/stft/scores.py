"""The scores of generalised zero-shot learning, with calibrated stacking.

A sample is given the class whose text is nearest. Since a model prefers classes it was trained on, their distances are
raised by β first (Chao et al., "An Empirical Study and Analysis of Generalized Zero-Shot Learning", ECCV 2016). β is
chosen on the validation classes, never on the test.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .data.task import IntArray

FloatArray = npt.NDArray[np.floating]

BETAS = np.linspace(0.0, 3.0, 16)
"""What is tried for β, as in AVCA."""


@dataclass(frozen=True)
class Scores:
    """Scores of a model.

    Attributes:
        seen: S, mean accuracy per class over samples of seen classes.
        unseen: U, the same for unseen classes.
        zsl: Mean accuracy per class over samples of unseen classes if only those may be named.
        beta: What the distances of seen classes were raised by.
    """

    seen: float
    unseen: float
    zsl: float
    beta: float

    @property
    def harmonic(self) -> float:
        """HM, the harmonic mean of S and U."""
        total = self.seen + self.unseen
        return 2 * self.seen * self.unseen / total if total else 0.0


@dataclass(frozen=True, eq=False)
class Distances:
    """Distances of samples to the texts of all classes.

    Attributes:
        seen: Of samples of seen classes, ``[sample, class]``.
        seen_target: Their classes.
        unseen: Of samples of unseen classes.
        unseen_target: Their classes.
        seen_classes: The classes that were trained on.
        unseen_classes: The others that take part. Classes in neither cannot be named.
    """

    seen: FloatArray
    seen_target: IntArray
    unseen: FloatArray
    unseen_target: IntArray
    seen_classes: IntArray
    unseen_classes: IntArray


def per_class(named: IntArray, target: IntArray) -> float:
    """Accuracy of each class, averaged over the classes that occur."""
    return float(np.mean([np.mean(named[target == number] == number) for number in np.unique(target)]))


def nearest(distances: FloatArray, allowed: IntArray) -> IntArray:
    """The nearest of the allowed classes for each row of ``[sample, class]``."""
    return np.asarray(allowed[np.argmin(distances[:, allowed], axis=1)], np.int64)


def score(found: Distances, beta: float) -> Scores:
    """Scores with a given β."""
    raised = np.zeros(found.seen.shape[1])
    raised[found.seen_classes] = beta
    everything = np.union1d(found.seen_classes, found.unseen_classes)
    return Scores(
        seen=per_class(nearest(found.seen + raised, everything), found.seen_target),
        unseen=per_class(nearest(found.unseen + raised, everything), found.unseen_target),
        zsl=per_class(nearest(found.unseen, found.unseen_classes), found.unseen_target),
        beta=beta,
    )


def calibrate(found: Distances, betas: FloatArray = BETAS) -> Scores:
    """Scores with the β of the highest HM; the smallest of equals."""
    return max((score(found, float(beta)) for beta in betas), key=lambda scores: scores.harmonic)


def chance(seen: int, unseen: int) -> Scores:
    """Expected scores of a guess among all classes; ZSL among the unseen ones."""
    rate = 1.0 / (seen + unseen)
    return Scores(seen=rate, unseen=rate, zsl=1.0 / unseen, beta=0.0)

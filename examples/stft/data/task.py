"""What every data set is to the model and the protocol: features of six splits, and one text embedding per class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

SplitName = Literal["train", "val_seen", "val_unseen", "full_train", "test_seen", "test_unseen"]
"""Stage 1 trains on ``train`` and is judged on the two ``val`` splits; stage 2 trains on ``full_train``, which is all
three, and is judged on the two ``test`` splits."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Pairs of an audio and a video recording.

    Attributes:
        audio: Features averaged over time, ``[sample, feature]``, or a sequence ``[time, sample, feature]``.
        video: The same for the video; of the same rank.
        target: Class of each sample, ``[sample]``.
    """

    audio: FloatArray
    video: FloatArray
    target: IntArray

    def __len__(self) -> int:
        return len(self.target)

    def take(self, chosen: npt.NDArray[np.generic]) -> Samples:
        """The samples with these numbers, or where this mask holds."""
        return Samples(select(self.audio, chosen), select(self.video, chosen), self.target[chosen])


def select(values: FloatArray, chosen: npt.NDArray[np.generic]) -> FloatArray:
    """Samples of ``[sample, feature]`` or ``[time, sample, feature]``."""
    return values[:, chosen] if values.ndim == 3 else values[chosen]


def join(parts: Sequence[Samples]) -> Samples:
    """All samples of several splits, in their order."""
    axis = parts[0].audio.ndim - 2
    return Samples(
        np.concatenate([p.audio for p in parts], axis),
        np.concatenate([p.video for p in parts], axis),
        np.concatenate([p.target for p in parts]),
    )


@dataclass(frozen=True, eq=False)
class Task:
    """A data set with its class split.

    Attributes:
        name: Name for people.
        classes: Names of all classes; the index is the number in ``target``.
        text: Embedding of each class, ``[class, feature]``, of unit length.
        splits: Samples of each split.
    """

    name: str
    classes: tuple[str, ...]
    text: FloatArray
    splits: dict[SplitName, Samples]

    def present(self, *names: SplitName) -> IntArray:
        """Sorted numbers of the classes that occur in some splits."""
        return np.unique(np.concatenate([self.splits[name].target for name in names]))


def resample(sequence: FloatArray, steps: int) -> FloatArray:
    """Bring a sequence ``[frame, feature]`` to a number of steps by averaging (or repeating) neighbouring frames.

    Step t is the mean of frames ``floor(t L / T)`` to ``ceil((t + 1) L / T)``, as in torch's adaptive average pooling.
    """
    frames = len(sequence)
    first = np.arange(steps) * frames // steps
    last = -(-(np.arange(steps) + 1) * frames // steps)
    sums = np.concatenate([np.zeros_like(sequence[:1], np.float64), np.cumsum(sequence, 0, np.float64)])
    return np.asarray((sums[last] - sums[first]) / (last - first)[:, None], np.float32)

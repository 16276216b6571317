"""The digits: loaded from scikit-learn, split once, written as the data files of the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from neurotool.data.encode import Setting, latency

STEPS = 20
TEST_SHARE = 0.2
SPLIT_SEED = 0

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Digits:
    """The two halves of the data set.

    Attributes:
        train_x: Grey values in 0..1, ``[batch, 64]``; the scanned 8x8 image, row by row.
        train_y: Digits 0..9, ``[batch]``.
        test_x: As ``train_x``; no image is in both.
        test_y: As ``train_y``.
    """

    train_x: FloatArray
    train_y: npt.NDArray[np.int64]
    test_x: FloatArray
    test_y: npt.NDArray[np.int64]


def load(split_seed: int = SPLIT_SEED) -> Digits:
    """Load scikit-learn's handwritten digits (Alpaydin and Kaynak, UCI, 1998) and split them 80 to 20 by class."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    pixels, labels = load_digits(return_X_y=True)
    grey = (pixels / 16.0).astype(np.float32)  # pixels are whole numbers 0..16, so sixteenths are exact
    train_x, test_x, train_y, test_y = train_test_split(
        grey, labels.astype(np.int64), test_size=TEST_SHARE, stratify=labels, random_state=split_seed
    )
    return Digits(train_x, train_y, test_x, test_y)


def spikes(grey: FloatArray) -> FloatArray:
    """Code grey values by spike time: the darker the ink, the earlier its one spike; paper stays silent.

    Args:
        grey: Values in 0..1, ``[batch, 64]``.

    Returns:
        Spikes 0.0 or 1.0, ``[STEPS, batch, 64]``. The 17 grey levels fall on different steps, so nothing is lost.
    """
    return latency(grey, Setting(STEPS, peak=1.0)).x.astype(np.float32)


def write(folder: Path, digits: Digits | None = None) -> tuple[Path, Path]:
    """Write ``digits-train.npz`` and ``digits-test.npz`` with ``x`` ``[batch, 64]`` and ``y`` ``[batch]``.

    They hold grey values; give the commands that read them ``--encode latency --steps 20``.

    Returns:
        The two files, training data first.
    """
    digits = digits or load()
    train_file, test_file = folder / "digits-train.npz", folder / "digits-test.npz"
    np.savez_compressed(train_file, x=digits.train_x, y=digits.train_y)
    np.savez_compressed(test_file, x=digits.test_x, y=digits.test_y)
    return train_file, test_file

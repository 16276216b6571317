"""The default data set: the numbers 00 to 99, written by hand and spoken.

Class: a number. Video: someone reads it, so that the gaze rests on the image of one real handwritten digit
(scikit-learn; Alpaydin and Kaynak, UCI, 1998), then jumps to the next. Audio: the digits spoken one after another by a
synthetic voice. Both are sequences over the same steps; averaged over time they no longer tell 37 from 73.

Each split has its own images and its own speakers. What the model must do for an unseen number is to compose it: it has
seen and heard each digit in each place, but never this pair.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .attributes import number_texts
from .speech import draw_speaker, speak, spectrum
from .task import FloatArray, IntArray, Samples, SplitName, Task, join, resample


@dataclass(frozen=True)
class NumbersOptions:
    """What the data set is made of.

    Attributes:
        split: Which class split; each number shuffles the classes anew, and with them images, speakers and noise.
        digits: Digits of a number: 2 gives 100 classes, 3 gives 1000.
        steps: Time steps of both sequences.
        train: Samples per class in ``train``.
        seen: Samples per class in ``val_seen`` and ``test_seen``.
        unseen: Samples per class in ``val_unseen`` and ``test_unseen``, which have fewer classes.
        speakers: Voices in ``train``; each other split has a quarter of that.
        pixel_noise: Standard deviation of the noise on each pixel and step, where ink is 1.
        sound_noise: Lowest and highest signal-to-noise ratio in dB.
    """

    split: int = 0
    digits: int = 2
    steps: int = 10
    train: int = 60
    seen: int = 6
    unseen: int = 16
    speakers: int = 24
    pixel_noise: float = 0.6
    sound_noise: tuple[float, float] = (0.0, 15.0)


IMAGE_SHARES: dict[SplitName, float] = {
    "train": 0.6, "val_seen": 0.1, "val_unseen": 0.1, "test_seen": 0.1, "test_unseen": 0.1,
}  # fmt: skip
"""Share of the images of each digit that a split owns alone."""

CLASS_SHARES = (0.6, 0.2, 0.2)
"""Share of the classes that are seen, unseen in validation, and unseen in the test."""


def numbers(options: NumbersOptions | None = None) -> Task:
    """Make the data set. The same options give the same samples."""
    options = options or NumbersOptions()
    rng = np.random.default_rng([options.split, options.digits])
    count = 10**options.digits
    train, val_unseen, test_unseen = split_classes(count, rng)
    of_split: dict[SplitName, IntArray] = {
        "train": train,
        "val_seen": train,
        "val_unseen": val_unseen,
        "test_seen": np.sort(np.concatenate([train, val_unseen])),
        "test_unseen": test_unseen,
    }
    images = share_images(rng)
    splits = {name: _samples(classes, name, images[name], options, rng) for name, classes in of_split.items()}
    splits["full_train"] = join([splits["train"], splits["val_seen"], splits["val_unseen"]])
    names = tuple(f"{number:0{options.digits}d}" for number in range(count))
    return Task(f"numbers-{count}-split{options.split}", names, number_texts(options.digits), splits)


def split_classes(count: int, rng: np.random.Generator) -> tuple[IntArray, IntArray, IntArray]:
    """Draw seen, validation-unseen and test-unseen classes until every digit in every place occurs in the seen ones."""
    places = len(str(count - 1))
    while True:
        order = rng.permutation(count)
        first, second = int(CLASS_SHARES[0] * count), int(sum(CLASS_SHARES[:2]) * count)
        seen = np.sort(order[:first])
        if all(len(np.unique(seen // 10**place % 10)) == 10 for place in range(places)):
            return seen, np.sort(order[first:second]), np.sort(order[second:])


def share_images(rng: np.random.Generator) -> dict[SplitName, list[FloatArray]]:
    """Deal the images of each digit out to the splits, ``[image, 64]`` in 0..1 per split and digit."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    grey = (pixels / 16.0).astype(np.float32)
    shared: dict[SplitName, list[FloatArray]] = {name: [] for name in IMAGE_SHARES}
    for digit in range(10):
        own = rng.permutation(np.flatnonzero(labels == digit))
        ends = np.rint(np.cumsum(list(IMAGE_SHARES.values())) * len(own)).astype(int)
        for name, chosen in zip(IMAGE_SHARES, np.split(own, ends[:-1]), strict=True):
            shared[name].append(grey[chosen])
    return shared


def _samples(
    classes: IntArray, name: SplitName, images: list[FloatArray], options: NumbersOptions, rng: np.random.Generator
) -> Samples:
    per_class = options.train if name == "train" else options.seen if name.endswith("_seen") else options.unseen
    voices = [draw_speaker(rng) for _ in range(options.speakers if name == "train" else -(-options.speakers // 4))]
    target = np.repeat(classes, per_class)
    audio, video = [], []
    for number in target:
        digits = [int(number) // 10**place % 10 for place in reversed(range(options.digits))]
        wave = speak(digits, voices[rng.integers(len(voices))], rng)
        level = 10 ** (-rng.uniform(*options.sound_noise) / 20)
        audio.append(resample(spectrum(wave + level * rng.standard_normal(len(wave))), options.steps))
        video.append(_look([images[d][rng.integers(len(images[d]))] for d in digits], options, rng))
    return Samples(np.stack(audio, 1), np.stack(video, 1), target.astype(np.int64))


def _look(images: list[FloatArray], options: NumbersOptions, rng: np.random.Generator) -> FloatArray:
    """Rest on each image for about the same time, ``[step, 64]``; the moment of a jump differs, each step is noisy."""
    jumps = np.arange(1, len(images)) / len(images) * options.steps + rng.uniform(-1, 1, len(images) - 1)
    shown = np.searchsorted(jumps, np.arange(options.steps) + 0.5)
    noise = options.pixel_noise * rng.standard_normal((options.steps, images[0].size))
    return (np.stack(images)[shown] + noise).astype(np.float32)

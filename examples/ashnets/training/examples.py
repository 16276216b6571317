"""A split as tensors, and batches of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..corpus import Split
from ..corpus.sentences import ANSWERS
from ..model.config import Config
from ..model.vocabulary import PAD, Vocabulary


@dataclass(frozen=True, eq=False)
class Examples:
    """A split in numbers; entry i of every tensor is about picture i.

    Attributes:
        pictures: ``[picture, 3, height, width]``.
        captions: Words of the caption, ``[picture, word]``.
        things: Number of the set of things in the picture: pictures with the same one are alike.
        texts: Words for each task (``answer``, ``entailment``, ``pair``).
        labels: Right choice for each task.
        partners: Second picture of a pair.
    """

    pictures: Tensor
    captions: Tensor
    things: Tensor
    texts: dict[str, Tensor]
    labels: dict[str, Tensor]
    partners: Tensor

    def __len__(self) -> int:
        """Number of pictures."""
        return len(self.pictures)


def examples(split: Split, vocabulary: Vocabulary, config: Config, device: torch.device) -> Examples:
    """Turn a split into tensors on a device."""

    def words(texts: list[str]) -> Tensor:
        return vocabulary.encode(texts, config.longest).to(device)

    names = [frozenset(scene.names) for scene in split.scenes]
    numbers = {name: i for i, name in enumerate(dict.fromkeys(names))}
    texts = {
        "answer": words([question.text for question in split.questions]),
        "entailment": words([claim.text for claim in split.claims]),
        "pair": words([claim.text for claim in split.pairs]),
    }
    labels = {
        "answer": [ANSWERS.index(question.answer) for question in split.questions],
        "entailment": [claim.label for claim in split.claims],
        "pair": [claim.label for claim in split.pairs],
    }
    return Examples(
        pictures=torch.from_numpy(split.pictures).to(device),
        captions=words(list(split.captions)),
        things=torch.tensor([numbers[name] for name in names], device=device),
        texts=texts,
        labels={task: torch.tensor(np.asarray(found, np.int64), device=device) for task, found in labels.items()},
        partners=torch.from_numpy(split.partners).to(device),
    )


def batches(size: int, batch: int, *, shuffled: bool = True) -> Iterator[Tensor]:
    """Yield the indices of batches; shuffled, a last incomplete batch is left out."""
    order = torch.randperm(size) if shuffled else torch.arange(size)
    last = size - size % batch if shuffled and size >= batch else size
    yield from torch.split(order[:last], batch)


def trim(texts: Tensor) -> Tensor:
    """Leave out the columns of ``[batch, word]`` that hold padding only."""
    return texts[:, : int((texts != PAD).sum(1).max())]

"""Words to numbers. The corpus has so few words that each is a token."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

SPECIAL = ("[PAD]", "[CLS]", "[MASK]", "[UNK]")
PAD, CLS, MASK, UNKNOWN = range(len(SPECIAL))


class Vocabulary:
    """Numbers of words.

    Args:
        words: Words, in the order of their numbers behind the special ones.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self.words = (*SPECIAL, *words)
        self._numbers = {word: number for number, word in enumerate(self.words)}

    def __len__(self) -> int:
        """Number of words, special ones included."""
        return len(self.words)

    def encode(self, texts: Sequence[str], longest: int) -> Tensor:
        """Return ``[text, longest]`` numbers: a mark, the words, and padding; longer texts are cut."""
        rows = [[CLS, *(self._numbers.get(word, UNKNOWN) for word in text.split())][:longest] for text in texts]
        return torch.tensor([row + [PAD] * (longest - len(row)) for row in rows])

    def decode(self, numbers: Tensor) -> str:
        """The words of one text without marks and padding."""
        return " ".join(self.words[number] for number in numbers.tolist() if number not in (PAD, CLS))

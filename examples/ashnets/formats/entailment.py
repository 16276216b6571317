"""SNLI-VE: does a Flickr30k picture entail a sentence? Xie et al., arXiv 1901.06706 (2019)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from ..corpus.sentences import Entailment
from .files import read_lines

SOURCE = "SNLI-VE comes from https://github.com/necla-ml/SNLI-VE; the pictures are those of Flickr30k"


class _Line(BaseModel):
    Flickr30K_ID: str | int
    sentence2: str
    gold_label: Literal["entailment", "neutral", "contradiction"]


@dataclass(frozen=True)
class EntailmentPair:
    """A picture and a sentence.

    Attributes:
        picture: File name of the Flickr30k picture.
        sentence: The hypothesis.
        label: What the picture says of it.
    """

    picture: str
    sentence: str
    label: Entailment


def read_snli_ve(folder: Path, split: str) -> list[EntailmentPair]:
    """Read a split.

    Args:
        folder: Holds ``snli_ve_<split>.jsonl``.
        split: ``train``, ``dev`` or ``test``.

    Raises:
        UsageError: The file is absent or is not what it should be.
    """
    lines = read_lines(folder / f"snli_ve_{split}.jsonl", _Line, SOURCE)
    return [
        EntailmentPair(f"{line.Flickr30K_ID}.jpg", line.sentence2, Entailment[line.gold_label.upper()])
        for line in lines
    ]

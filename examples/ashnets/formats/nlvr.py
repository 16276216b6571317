"""NLVR2: is a sentence true of two pictures? Suhr et al., ACL 2019."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from .files import read_lines

SOURCE = "NLVR2 comes from https://github.com/lil-lab/nlvr (folder nlvr2/data)"


class _Line(BaseModel):
    identifier: str
    sentence: str
    label: Literal["True", "False"]


@dataclass(frozen=True)
class PairStatement:
    """A statement about two pictures.

    Attributes:
        left: File name of the left picture.
        right: File name of the right picture.
        sentence: The statement.
        label: Whether it is true.
    """

    left: str
    right: str
    sentence: str
    label: bool


def read_nlvr2(folder: Path, split: str) -> list[PairStatement]:
    """Read a split.

    Args:
        folder: Holds ``<split>.json``, which has one object a line in spite of its name.
        split: ``train``, ``dev`` or ``test1``.

    Raises:
        UsageError: The file is absent or is not what it should be.
    """
    return [_statement(line) for line in read_lines(folder / f"{split}.json", _Line, SOURCE)]


def _statement(line: _Line) -> PairStatement:
    """Name the pictures: the identifier ``dev-850-0-2`` is sentence 2 about pair 0 of set 850."""
    pair = line.identifier.rsplit("-", 1)[0]
    return PairStatement(f"{pair}-img0.png", f"{pair}-img1.png", line.sentence, line.label == "True")

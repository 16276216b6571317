"""Flickr30k and COCO captions with the splits of Karpathy and Fei-Fei, CVPR 2015."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from .files import read_json

SOURCE = "dataset_flickr30k.json and dataset_coco.json come from https://cs.stanford.edu/people/karpathy/deepimagesent"
RESTVAL = "restval"
"""COCO's validation pictures that are in none of the small splits; they are trained with."""


class _Sentence(BaseModel):
    raw: str


class _Image(BaseModel):
    filename: str
    split: str
    imgid: int
    sentences: list[_Sentence]
    filepath: str = ""


class _Dataset(BaseModel):
    images: list[_Image]


@dataclass(frozen=True)
class CaptionedPicture:
    """A picture with its captions.

    Attributes:
        number: ``imgid`` in the file.
        picture: Path of the picture below the picture folder.
        captions: Its sentences, five as a rule.
    """

    number: int
    picture: str
    captions: tuple[str, ...]


def read_karpathy(path: Path, split: str) -> list[CaptionedPicture]:
    """Read a split.

    Args:
        path: ``dataset_flickr30k.json`` or ``dataset_coco.json``.
        split: ``train``, ``val`` or ``test``; COCO's ``restval`` is a part of ``train``.

    Raises:
        UsageError: The file is absent or is not what it should be.
    """
    wanted = {split, RESTVAL} if split == "train" else {split}
    images = read_json(path, _Dataset, SOURCE).images
    return [
        CaptionedPicture(i.imgid, str(Path(i.filepath) / i.filename), tuple(s.raw for s in i.sentences))
        for i in images
        if i.split in wanted
    ]

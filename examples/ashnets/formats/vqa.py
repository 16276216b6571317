"""VQA v2: questions about COCO pictures, each answered by ten people.

Goyal et al., CVPR 2017. The score of an answer is min(number of people who gave it / 3, 1) (Antol et al., ICCV 2015),
averaged over the ten subsets of nine people, which the official evaluation does and this does too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from .files import read_json

SOURCE = "VQA v2 comes from https://visualqa.org/download.html; unpack the questions and annotations into one folder"
FULL_SCORE = 3
"""So many people make an answer fully right."""

LEAST_OCCURRENCES = 9
"""Answers that are given less often in training are left out of the 3,129 that models choose from."""


class _Question(BaseModel):
    image_id: int
    question: str
    question_id: int


class _Questions(BaseModel):
    questions: list[_Question]


class _Answer(BaseModel):
    answer: str


class _Annotation(BaseModel):
    question_id: int
    answers: list[_Answer]
    multiple_choice_answer: str


class _Annotations(BaseModel):
    annotations: list[_Annotation]


@dataclass(frozen=True)
class VqaQuestion:
    """A question.

    Attributes:
        question_id: Number in the data set.
        picture: File name of the COCO picture.
        question: The question.
        answers: What ten people answered; empty for the test split.
        majority: The most frequent answer; empty for the test split.
    """

    question_id: int
    picture: str
    question: str
    answers: tuple[str, ...]
    majority: str


def read_vqa(folder: Path, split: str) -> list[VqaQuestion]:
    """Read a split.

    Args:
        folder: Holds ``v2_OpenEnded_mscoco_<split>_questions.json`` and, but for test splits,
            ``v2_mscoco_<split>_annotations.json``.
        split: ``train2014``, ``val2014``, ``test2015`` or ``test-dev2015``.

    Raises:
        UsageError: A file is absent or is not what it should be.
    """
    questions = read_json(folder / f"v2_OpenEnded_mscoco_{split}_questions.json", _Questions, SOURCE).questions
    known: dict[int, _Annotation] = {}
    if not split.startswith("test"):
        annotations = read_json(folder / f"v2_mscoco_{split}_annotations.json", _Annotations, SOURCE).annotations
        known = {annotation.question_id: annotation for annotation in annotations}
    pictures = "test2015" if split.startswith("test") else split
    return [_joined(question, known.get(question.question_id), pictures) for question in questions]


def answer_list(questions: Iterable[VqaQuestion], least: int = LEAST_OCCURRENCES) -> tuple[str, ...]:
    """Answers that are the majority answer of at least ``least`` questions, most frequent first."""
    counts = Counter(question.majority for question in questions if question.majority)
    return tuple(answer for answer, count in sorted(counts.items(), key=lambda a: (-a[1], a[0])) if count >= least)


def soft_scores(answers: Sequence[str]) -> dict[str, float]:
    """Score of every answer that somebody gave: the mean over all subsets that leave one person out."""
    counts = Counter(answers)
    return {answer: _score(count, len(answers)) for answer, count in counts.items()}


def _score(count: int, people: int) -> float:
    without, within = min((count - 1) / FULL_SCORE, 1.0), min(count / FULL_SCORE, 1.0)
    return (count * without + (people - count) * within) / people


def _joined(question: _Question, annotation: _Annotation | None, pictures: str) -> VqaQuestion:
    return VqaQuestion(
        question_id=question.question_id,
        picture=f"COCO_{pictures}_{question.image_id:012d}.jpg",
        question=question.question,
        answers=tuple(a.answer for a in annotation.answers) if annotation else (),
        majority=annotation.multiple_choice_answer if annotation else "",
    )

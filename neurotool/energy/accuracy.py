"""How accurate the alternatives for a task are, as far as anybody knows, and whether two are equally accurate."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from neurotool.errors import UsageError, reason

EQUAL_WITHIN = 0.01
"""Accuracies that differ by no more count as equal: the loss that ``verify`` allows for quantisation."""


class Kind(StrEnum):
    """What does the task."""

    SPLIT = "split"  # the model as it was split: chip, or chip and device
    SPIKING = "spiking-gpu"  # the spiking network on a GPU, step by step
    ANN = "float-ann"  # an ANN with the same layers
    QUANTISED = "quantised-ann"  # the same in a few bits


class Accuracy(BaseModel):
    """A share of right answers, and who says so.

    Attributes:
        accuracy: Share of right answers.
        source: Where it was found.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    accuracy: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    source: str

    @field_validator("source")
    @classmethod
    def _names_a_source(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("an accuracy without a source is refused")
        return text.strip()


@dataclass(frozen=True)
class Equality:
    """Whether two accuracies are equal, for people."""

    text: str

    @classmethod
    def of(cls, accuracy: float | None, reference: float | None) -> Equality:
        """Compare an accuracy with that of the split model."""
        if accuracy is None or reference is None:
            return cls("not known")
        difference = accuracy - reference
        if abs(difference) <= EQUAL_WITHIN + 1e-12:
            return cls("yes")
        return cls(f"no: {100 * difference:+.2f} points")


def read_accuracies(path: Path) -> dict[Kind, Accuracy]:
    """Read a file of accuracies.

    It maps names of :class:`Kind` to an accuracy with its source::

        float-ann: {accuracy: 0.982, source: "train_ann.py, seed 0, same test set"}

    Raises:
        UsageError: The file cannot be read, names no such kind, or lacks a source.
    """
    try:
        stored = yaml.safe_load(path.read_text(encoding="utf-8"))
        return TypeAdapter(dict[Kind, Accuracy]).validate_python(stored)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--accuracies: {path} cannot be read: {reason(error)}") from None
    except yaml.YAMLError as error:
        raise UsageError(f"--accuracies: {path} is no YAML file: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != "[key]")
        raise UsageError(
            f"--accuracies: {path}: {where}: {first['msg'].removeprefix('Value error, ')}",
            hint=f"names are {', '.join(Kind)}; each has accuracy, from 0 to 1, and source",
        ) from None

"""The form of a file of published counts: what a network did in one inference, where there is no trace of it."""

from __future__ import annotations

import json
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from neurotool.errors import UsageError, reason
from neurotool.units import parse_time

_STRICT = ConfigDict(frozen=True, extra="forbid", strict=True)

Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
"""Number of events in one inference; a mean over samples need not be whole."""


def _duration(text: str) -> str:
    try:
        parse_time(text)
    except UsageError as error:
        raise ValueError(f"{error.message.removeprefix('time: ')}; write a number and a unit, such as 6.4 us") from None
    return text


Duration = Annotated[str, AfterValidator(_duration)]
"""A time with its unit, such as ``6.4 us``. A bare number is refused: its unit would be a guess."""

UPDATE_SLACK = 0.005
"""How far the updates may be from neurons times steps: published figures are rounded."""


class ActivityClass(StrEnum):
    """What stands behind the counts of a file."""

    MEASURED = "measured trace"
    RECORDED = "recorded rates"
    ASSUMED = "assumed rate"


class SynopCounts(BaseModel):
    """Synaptic operations on weights other than zero, by the form the synapses are stored in."""

    model_config = _STRICT

    dense: Amount = Field(default=0, description="From lists without target indices.")
    sparse: Amount = Field(default=0, description="From lists with target indices.")
    shared: Amount = Field(default=0, description="From lists that several neurons of a convolution share.")


class UpdateCounts(BaseModel):
    """Neuron updates: one for every neuron in every step."""

    model_config = _STRICT

    active: Amount = Field(default=0, description="Of neurons that receive an input, hold a state or a bias, or fire.")
    inactive: Amount = Field(default=0, description="Of neurons at rest.")


class HopCounts(BaseModel):
    """Tiles that messages cross."""

    model_config = _STRICT

    east_west: Amount = 0
    north_south: Amount = 0


class LayerCounts(BaseModel):
    """Events of one layer in one inference."""

    model_config = _STRICT

    name: str
    neurons: int | None = Field(default=None, ge=1, description="Number of neurons; checks the updates and the spikes.")
    synops: SynopCounts = SynopCounts()
    updates: UpdateCounts = UpdateCounts()
    spikes: Amount = Field(default=0, description="Spikes that its neurons send.")
    messages: Amount | None = Field(
        default=None, description="Spikes times the cores each goes to; one per spike if missing."
    )
    hops: HopCounts = HopCounts()
    crossings: Amount = Field(default=0, description="Borders between chips that messages cross.")


class BusiestCore(BaseModel):
    """The core that decides how long a step takes."""

    model_config = _STRICT

    synops_per_step: Amount
    neurons: Amount


class LinkCounts(BaseModel):
    """What enters and leaves the chip in one inference."""

    model_config = _STRICT

    values: Amount = Field(default=0, description="Values that the host writes and reads.")
    bytes: Amount = Field(default=0, description="Bytes on the link.")


class RateRange(BaseModel):
    """How far the spike rate may be from the one assumed, as a factor."""

    model_config = _STRICT

    low: float = Field(gt=0, le=1)
    high: float = Field(ge=1, allow_inf_nan=False)


class ActivityCounts(BaseModel):
    """What one inference of a network does on a chip. All counts are per inference, as a mean over samples."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)

    schema_: Literal["neurotool.activity/1"] = Field(alias="schema")
    name: str
    source: str = Field(description="Where the counts come from: a publication, a log, a calculation.")
    date: str = Field(pattern=r"^\d{4}(-\d\d(-\d\d)?)?$", description="When it was published: a year or ISO date.")
    evidence: ActivityClass
    rates_within: RateRange | None = Field(default=None, description="Needed where the rate is assumed: its range.")
    steps: int = Field(ge=1, description="Time steps of one inference.")
    cores: int = Field(ge=1, description="Cores in use, over all chips.")
    chips: int = Field(default=1, ge=1)
    time_per_step: Duration | None = Field(
        default=None, description="Where it is known, such as '6.4 us'; else modelled."
    )
    latency: Duration | None = Field(default=None, description="Of a whole inference where it is known; else modelled.")
    busiest_core: BusiestCore | None = Field(
        default=None, description="Where it is missing, work is spread evenly over cores."
    )
    link: LinkCounts = LinkCounts()
    layers: list[LayerCounts] = Field(description="Empty where no events are known: then only standing power counts.")

    @field_validator("evidence", mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        return ActivityClass(value) if value in list(ActivityClass) else value

    @field_validator("source", "name")
    @classmethod
    def _not_empty(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("must not be empty")
        return text.strip()

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.evidence is ActivityClass.ASSUMED and self.rates_within is None:
            raise ValueError("an assumed rate needs rates_within, such as {low: 0.5, high: 2}")
        names = [layer.name for layer in self.layers]
        if len(set(names)) < len(names):
            raise ValueError("two layers have the same name")
        for layer in self.layers:
            self._check(layer)
        return self

    def _check(self, layer: LayerCounts) -> None:
        if layer.neurons is None:
            return
        slots, updates = layer.neurons * self.steps, layer.updates.active + layer.updates.inactive
        if layer.spikes > slots:
            raise ValueError(
                f"layer {layer.name!r}: {layer.spikes:g} spikes of {layer.neurons} neurons in {self.steps} steps; "
                f"at most {slots} are possible, {layer.spikes / slots:.3g} times fewer"
            )
        if abs(updates - slots) > UPDATE_SLACK * slots:
            raise ValueError(
                f"layer {layer.name!r}: {updates:g} updates, active and inactive together; {layer.neurons} neurons in "
                f"{self.steps} steps make {slots}"
            )


def read_activity_counts(path: Path) -> ActivityCounts:
    """Read a file of published counts.

    Raises:
        UsageError: The file cannot be read, or a field is missing, unknown, in another unit, or contradicts another.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path}: cannot be read: {reason(error)}") from None
    except json.JSONDecodeError as error:
        raise UsageError(f"{path}: not a JSON file: {error}") from None
    return parse_activity_counts(content, str(path))


def parse_activity_counts(content: object, where: str) -> ActivityCounts:
    """Check counts that were read; see :func:`read_activity_counts`."""
    try:
        return ActivityCounts.model_validate(content)
    except ValidationError as error:
        found = [_sentence(dict(each)) for each in error.errors()]
        raise UsageError(
            f"{where}: {'; '.join(found)}",
            hint="docs/schema/activity.schema.json lists every field; counts are numbers, times carry their unit",
        ) from None


def _sentence(error: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"]) or "file"
    if error["type"] == "extra_forbidden":
        name = str(error["loc"][-1])
        if name in _FIELDS:
            return f"{place}: a field of another level"
        near = get_close_matches(name, _FIELDS, n=1)
        return f"{place}: there is no such field" + (f"; did you mean {near[0]!r}?" if near else "")
    if error["type"] == "missing":
        return f"{place}: is missing"
    if error["loc"][-1:] in (("time_per_step",), ("latency",)) and error["type"] == "string_type":
        return f"{place}: {error['input']!r} has no unit; write a number and a unit, such as '6.4 us'"
    found = "" if isinstance(error["input"], dict) else f", found {error['input']!r}"
    return f"{place}: {error['msg'].removeprefix('Value error, ')}{found}"[:300]


_FIELDS = sorted(
    {
        field.alias or name
        for model in (
            ActivityCounts, LayerCounts, SynopCounts, UpdateCounts, HopCounts, BusiestCore, LinkCounts, RateRange,
        )
        for name, field in model.model_fields.items()
    }
)  # fmt: skip

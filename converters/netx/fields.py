"""The fields of one layer: there, numbers, finite, and in the shape that was asked for; or an error that names them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.diagnostics import Diagnostic, Severity
from neurotool.ir.graph import Shape

Array = npt.NDArray[np.generic]

FIELDS, NEURONS, REGISTERS = "NT-NETX-003", "NT-NETX-002", "NT-NETX-004"


class LayerError(Exception):
    """A finding that stops a part of a layer from being read.

    Attributes:
        diagnostic: The finding.
    """

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer as the file has it.

    Attributes:
        file: Name of the file, for messages.
        index: Number in the file.
        kind: Type, such as ``conv``; empty if the file does not say.
        fields: Datasets by path, such as ``weight`` or ``neuron/vThMant``.
        notes: What a reader of the program should know about this layer; grows while it is read.
    """

    file: str
    index: int
    kind: str
    fields: Mapping[str, Array]
    notes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Name of the population."""
        return f"layer{self.index}"

    @property
    def origin(self) -> str:
        """Where the population comes from."""
        return f"layer/{self.index} ({self.kind or 'no type'} in {self.file})"

    def note(self, text: str) -> None:
        """Keep a sentence that goes on after the number of the layer."""
        self.notes.append(f"Layer {self.index} ({self.kind}): {text}.")

    def error(self, rule: str, message: str, *, found: str = "", limit: str = "", fix: str = "") -> LayerError:
        """Make an error about this layer; ``message`` names the field."""
        text = f"{self.file}: layer {self.index} ({self.kind or 'no type'}): {message}"
        return LayerError(Diagnostic(rule, Severity.ERROR, self.name, text, found, limit, fix, self.origin))

    def has(self, name: str) -> bool:
        """Whether a field or a group of this name exists."""
        return name in self.fields or any(known.startswith(f"{name}/") for known in self.fields)

    def numbers(self, name: str) -> Array:
        """Return a field that holds finite numbers."""
        if name not in self.fields:
            there = "is a group, expected numbers" if self.has(name) else "is missing"
            raise self.error(FIELDS, f"field {name} {there}", limit=name)
        value = self.fields[name]
        if value.dtype.kind not in "biuf" or not value.size:
            raise self.error(FIELDS, f"field {name} holds {shown(value)}, expected numbers", found=shown(value))
        if not np.all(np.isfinite(value.astype(np.float64))):
            count = f"{np.count_nonzero(~np.isfinite(value.astype(np.float64)))} of {value.size} values"
            raise self.error(FIELDS, f"{count} of field {name} are NaN or infinite", found=count)
        return value

    def integers(self, name: str) -> Int64Array:
        """Return a field of whole numbers; a fraction is an error."""
        value = self.numbers(name)
        whole = np.trunc(value.astype(np.float64)).astype(np.int64)
        if np.any(whole != value):
            first = str(value[whole != value][0]) if value.ndim else str(value)
            message = f"field {name} holds {first}, expected whole numbers"
            raise self.error(FIELDS, message, found=first, limit="whole numbers")
        return whole

    def truncated(self, name: str) -> Int64Array:
        """Return a field without its fractions, as lava-dl's loader drops them; a note says so."""
        value = self.numbers(name)
        whole = np.trunc(value.astype(np.float64)).astype(np.int64)
        if changed := np.count_nonzero(whole != value):
            self.note(
                f"{changed} of {value.size} values of {name} have fractions, which lava-dl drops and so were here"
            )
        return whole

    def number(self, name: str) -> int:
        """Return a field that holds one whole number, with or without an axis."""
        value = self.integers(name)
        if value.size != 1:
            raise self.error(FIELDS, f"field {name} has shape {list(value.shape)}, expected one number")
        return int(value.item())

    def real(self, name: str, default: float) -> float:
        """Return a field that holds one number, or the default where it is missing."""
        if not self.has(name):
            return default
        value = self.numbers(name)
        if value.size != 1:
            raise self.error(FIELDS, f"field {name} has shape {list(value.shape)}, expected one number")
        return float(value.item())

    def pair(self, name: str) -> tuple[int, int]:
        """Return (rows, columns); one number stands for both."""
        values = self.integers(name).reshape(-1)
        if values.size not in (1, 2):
            raise self.error(FIELDS, f"field {name} has {values.size} values, expected (rows, columns)")
        return int(values[0]), int(values[-1])

    def shape(self) -> Shape:
        """Return the shape of the layer: (channels, rows, columns) or (neurons,)."""
        values = self.integers("shape")
        if values.ndim != 1 or not 1 <= values.size <= 3 or values.min() < 1:
            limit = "(channels, rows, columns) or (neurons,)"
            raise self.error(FIELDS, f"field shape is {shown(values)}, expected {limit}", found=shown(values))
        return tuple(int(size) for size in values)

    def spread(self, name: str, shape: Shape, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Give every neuron of a population its value, in the order of our flat index.

        Arrays are taken as numpy broadcasts them onto Lava's reversed axes: one value, one per channel, or one per
        neuron in the order (columns, rows, channels).
        """
        if values.size == 1:
            return np.full(math.prod(shape), values.item())
        if values.shape == shape[:1]:
            return np.repeat(values, math.prod(shape[1:]))
        if values.shape == shape[::-1]:
            return values.transpose().reshape(-1)
        found, limit = list(values.shape), f"one value, {list(shape[:1])} or {list(shape[::-1])}"
        message = f"field {name} has shape {found}, the neurons ask for {limit}"
        raise self.error(FIELDS, message, found=str(found), limit=limit)

    def within(self, name: str, values: npt.NDArray[Any], low: int, high: int, fix: str) -> None:
        """Check that values fit a register of the chip."""
        bad = values[(values < low) | (values > high)]
        if bad.size:
            limit = f"{low}..{high}"
            message = f"field {name} holds {bad[0]}, the chip has {limit}"
            raise self.error(REGISTERS, message, found=str(bad[0]), limit=limit, fix=fix)


def text_of(value: Array | None) -> str:
    """Return a text, which SLAYER stores as bytes with or without an axis; empty if it is none."""
    first: Any = value.reshape(-1)[0] if value is not None and value.size else ""
    return first.decode("ascii", "replace") if isinstance(first, bytes) else first if isinstance(first, str) else ""


def shown(value: Array) -> str:
    """Return a short text for a value."""
    return str(value.tolist()) if value.size <= 4 else f"{value.dtype} {list(value.shape)}"

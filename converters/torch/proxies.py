"""Symbolic values that know what they are on the example: sizes become numbers where Python asks for one.

A loop over ``range(x.shape[0])`` or over ``x`` itself needs a number of steps while the model is traced, and a branch
on ``x.dim()`` an answer. Both are taken from the example. A branch on what a tensor holds is never taken.
"""

from __future__ import annotations

import dis
import operator
import sys
from collections.abc import Iterator
from typing import Any

import torch
from torch import fx

UNKNOWN = object()
"""Value of a node that could not be computed on the example."""

VALUE = "value"
"""Key in the metadata of an fx node: its value on the example."""


class DataDependentError(Exception):
    """The model asked for what a tensor holds."""


class ValueProxy(fx.Proxy):
    """A proxy whose sizes can be used as numbers."""

    def __index__(self) -> int:
        """Return a size as a number."""
        return int(self._number())

    def __int__(self) -> int:
        """Return a size as a number."""
        return int(self._number())

    def __float__(self) -> float:
        """Return a size as a number."""
        return float(self._number())

    def __len__(self) -> int:
        """Number of elements along the first axis, or of parts."""
        value = self._value()
        if not isinstance(value, torch.Tensor | tuple | list | dict):
            raise TypeError(f"a {type(value).__name__} has no length")
        return len(value)

    def __iter__(self) -> Iterator[Any]:
        """Go over the first axis of a tensor, or the parts of a tuple."""
        value = self._value()
        count = len(self) if value is not UNKNOWN else _unpacked(sys._getframe(1))
        return iter([self.tracer.create_proxy("call_function", operator.getitem, (self, i), {}) for i in range(count)])

    def __contains__(self, key: object) -> bool:
        """Whether a dictionary has a key."""
        value = self._value()
        if not isinstance(value, dict):
            raise DataDependentError("'in' asks for what a tensor holds")
        return key in value

    def __getattr__(self, name: str) -> Any:
        """Take an attribute, such as ``shape``."""
        return ValueAttribute(self, name)

    def __setitem__(self, index: object, value: object) -> None:
        """Refuse to change a value that others hold."""
        raise InPlaceError("a part of a tensor is overwritten")

    def __bool__(self) -> bool:
        """Answer a question on sizes."""
        return self.tracer.to_bool(self)

    def _value(self) -> Any:
        return self.node.meta.get(VALUE, UNKNOWN)

    def _number(self) -> Any:
        value = self._value()
        if isinstance(value, torch.Tensor):
            raise DataDependentError("a number is read out of a tensor")
        if value is UNKNOWN:
            raise DataDependentError("a value is needed that the example does not give")
        return value


class ValueAttribute(fx.proxy.Attribute, ValueProxy):
    """An attribute of a value; it is recorded when it is used as anything else than a method."""


class InPlaceError(Exception):
    """The model changes a part of a tensor."""


def answer(proxy: fx.Proxy) -> bool:
    """Decide a branch on sizes, types and the like.

    Raises:
        DataDependentError: The branch depends on what a tensor holds.
    """
    value = proxy.node.meta.get(VALUE, UNKNOWN)
    if value is UNKNOWN or isinstance(value, torch.Tensor):
        raise DataDependentError("the way through the code depends on what a tensor holds")
    return bool(value)


def _unpacked(frame: Any) -> int:
    """Number of names at the left of ``a, b = value``, where a frame stands.

    Raises:
        DataDependentError: It stands at something else, such as a loop.
    """
    for found in dis.get_instructions(frame.f_code):
        if found.offset == frame.f_lasti and found.opname == "UNPACK_SEQUENCE":
            return int(found.argval)
    raise DataDependentError("a loop goes over a value of unknown length")

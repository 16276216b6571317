"""Vector operations for the innermost loops over synapses.

The compiler cannot see that rows of weights and their sums never overlap, so that it checks in every short loop, and
keeps in memory what could stay in registers. Loops written with these operations become the vector instructions that
they name, in whatever width the processor has. Arrays are contiguous; places in them are not checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.core.errors import RequireLiteralValue
from numba.extending import intrinsic, models, register_model

AnyArray = npt.NDArray[Any]

WIDTH = 32
"""Numbers of 16 bits in 64 bytes, which is a line of the cache."""

BITS = 64
"""Messages that :func:`nonzero` looks at together."""

CHANNELS = 16
"""Numbers that :func:`add_channels` adds, and :func:`copy_raised` copies, together."""

TILE = 8
"""Rows and columns that :func:`add_transposed` treats together."""


class Vector(types.Type):
    """Numba's type of some numbers modulo 2^16.

    Args:
        count: How many: a power of two, as the compiler takes other vectors apart.
    """

    def __init__(self, count: int) -> None:
        super().__init__(f"Vector({count})")
        self.numbers = ir.VectorType(ir.IntType(16), count)


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, kind.numbers)  # type: ignore[no-untyped-call]


def _operation(described: Callable[..., Any]) -> Callable[..., Any]:
    """Give compiled loops an operation. What describes it has numba's context in front of the operation's arguments."""
    return cast(Callable[..., Any], intrinsic(described))


def _data(context: Any, builder: Any, kind: Any, array: Any, place: Any) -> Any:
    """Address of a place in an array."""
    return builder.gep(context.make_array(kind)(context, builder, array).data, [place])


def _load(builder: Any, address: Any, count: int) -> Any:
    """Load some numbers that follow each other."""
    held = address.type.pointee
    loaded = builder.load(builder.bitcast(address, ir.VectorType(held, count).as_pointer()))
    loaded.align = held.width // 8
    return loaded


def _store(builder: Any, vector: Any, address: Any) -> None:
    held = vector.type.element
    builder.store(vector, builder.bitcast(address, vector.type.as_pointer())).align = held.width // 8


def _vector(count: Any) -> Vector:
    """Return the type of vectors of a number that is written in the source, or is a constant of its module."""
    if not isinstance(count, types.IntegerLiteral):
        raise RequireLiteralValue("count")
    return Vector(count.literal_value)


@_operation
def zeros(typing: Any, count: Any) -> Any:
    """Return a vector of zeros."""
    kind = _vector(count)
    return kind(count), lambda context, builder, kinds, _: ir.Constant(kind.numbers, [0] * kind.numbers.count)


@_operation
def load(typing: Any, array: Any, place: Any, count: Any) -> Any:
    """Return the vector that begins at a place of an array of 16 bits."""
    kind = _vector(count)

    def generate(context: Any, builder: Any, kinds: Any, values: Any) -> Any:
        return _load(builder, _data(context, builder, kinds.args[0], *values[:2]), kind.numbers.count)

    return kind(array, types.intp, count), generate


@_operation
def store(typing: Any, vector: Any, array: Any, place: Any) -> Any:
    """Write a vector where an array of 16 bits has the place."""

    def generate(context: Any, builder: Any, kinds: Any, values: Any) -> Any:
        _store(builder, values[0], _data(context, builder, kinds.args[1], *values[1:]))
        return context.get_dummy_value()

    return types.void(vector, array, types.intp), generate


@_operation
def add(typing: Any, a: Any, b: Any) -> Any:
    """Return the sums of two vectors modulo 2^16."""
    return a(a, b), lambda context, builder, kinds, values: builder.add(*values)


@_operation
def upper(typing: Any, vector: Any) -> Any:
    """Return the upper bytes."""

    def generate(context: Any, builder: Any, kinds: Any, values: Any) -> Any:
        numbers = vector.numbers
        return builder.lshr(values[0], ir.Constant(numbers, [8] * numbers.count))

    return vector(vector), generate


@_operation
def nonzero(typing: Any, values: Any, place: Any) -> Any:
    """Return one bit, the lowest first, for each of :data:`BITS` values: whether it is not zero."""

    def generate(context: Any, builder: Any, kinds: Any, arguments: Any) -> Any:
        loaded = _load(builder, _data(context, builder, kinds.args[0], *arguments), BITS)
        found = builder.icmp_unsigned("!=", loaded, ir.Constant(loaded.type, [0] * BITS))
        return builder.bitcast(found, ir.IntType(BITS))

    return types.uint64(values, types.intp), generate


@_operation
def lowest(typing: Any, bits: Any) -> Any:
    """Return the place of the lowest bit that is set; there must be one."""

    def generate(context: Any, builder: Any, kinds: Any, values: Any) -> Any:
        return builder.cttz(values[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), generate


@_operation
def add_channels(typing: Any, sums: Any, place: Any, kernel: Any, tap: Any) -> Any:
    """Add :data:`CHANNELS` weights, from place ``tap`` on, to as many sums of the same type."""

    def generate(context: Any, builder: Any, kinds: Any, values: Any) -> Any:
        target = _data(context, builder, kinds.args[0], *values[:2])
        weights = _load(builder, _data(context, builder, kinds.args[2], *values[2:]), CHANNELS)
        _store(builder, builder.add(_load(builder, target, CHANNELS), weights), target)
        return context.get_dummy_value()

    return types.void(sums, types.intp, kernel, types.intp), generate


@_operation
def add_products(typing: Any, sums: Any, place: Any, kernel: Any, tap: Any, message: Any) -> Any:
    """Add the products of a message and :data:`CHANNELS` weights; see :func:`add_channels`."""

    def generate(context: Any, builder: Any, kinds: Any, values: Any) -> Any:
        target = _data(context, builder, kinds.args[0], *values[:2])
        weights = _load(builder, _data(context, builder, kinds.args[2], *values[2:4]), CHANNELS)
        products = builder.mul(weights, _repeated(builder, values[4], weights.type))
        _store(builder, builder.add(_load(builder, target, CHANNELS), products), target)
        return context.get_dummy_value()

    return types.void(sums, types.intp, kernel, types.intp, sums.dtype), generate


@_operation
def copy_raised(typing: Any, source: Any, first: Any, target: Any, place: Any, number: Any) -> Any:
    """Copy :data:`CHANNELS` numbers of 32 bits, from place ``first`` on, each raised by a number."""

    def generate(context: Any, builder: Any, kinds: Any, values: Any) -> Any:
        found = _load(builder, _data(context, builder, kinds.args[0], *values[:2]), CHANNELS)
        raised = builder.add(found, _repeated(builder, values[4], found.type))
        _store(builder, raised, _data(context, builder, kinds.args[2], *values[2:4]))
        return context.get_dummy_value()

    return types.void(source, types.intp, target, types.intp, types.int32), generate


@_operation
def add_transposed(typing: Any, sums: Any, place: Any, stride: Any, targets: Any, lead: Any, distance: Any) -> Any:
    """Add a square of :data:`TILE` rows of sums, as its columns, to targets of 32 bits.

    Args:
        sums: Whole numbers.
        place: Where the first row begins.
        stride: Distance of the rows.
        targets: Added to.
        lead: Where the first column goes.
        distance: Distance of the columns.
    """

    def generate(context: Any, builder: Any, kinds: Any, values: Any) -> Any:
        def line(i: int, first: int) -> Any:
            index = builder.add(values[first + 1], builder.mul(values[first + 2], ir.Constant(values[0 + 1].type, i)))
            return _data(context, builder, kinds.args[first], values[first], index)

        rows = [_load(builder, line(i, 0), TILE) for i in range(TILE)]
        wide = ir.VectorType(ir.IntType(32), TILE)
        for i, column in enumerate(_transposed(builder, rows)):
            whole = builder.sext(column, wide) if column.type.element.width < 32 else column
            _store(builder, builder.add(_load(builder, line(i, 3), TILE), whole), line(i, 3))
        return context.get_dummy_value()

    return types.void(sums, types.intp, types.intp, targets, types.intp, types.intp), generate


def _repeated(builder: Any, number: Any, kind: Any) -> Any:
    """Return a vector that holds a number everywhere."""
    vector = ir.Constant(kind, ir.Undefined)
    for i in range(kind.count):
        vector = builder.insert_element(vector, number, ir.Constant(ir.IntType(32), i))
    return vector


def _transposed(builder: Any, rows: list[Any]) -> list[Any]:
    """Transpose a square: merging rows i and i + n/2 as a zip does, log2 n times, is a transposition."""
    count = len(rows)
    merged = [(i // 2 + count * (i % 2)) for i in range(2 * count)]
    halves = [ir.Constant(ir.VectorType(ir.IntType(32), count), part) for part in (merged[:count], merged[count:])]
    for _ in range(count.bit_length() - 1):
        pairs = zip(rows[: count // 2], rows[count // 2 :], strict=True)
        rows = [builder.shuffle_vector(a, b, half) for a, b in pairs for half in halves]
    return rows

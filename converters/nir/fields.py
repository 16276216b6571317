"""The fields of each node type, and what a file may hold in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

import nir
import numpy as np
import numpy.typing as npt

from neurotool.ir.graph import Shape

Array = npt.NDArray[Any]


class Sort(Enum):
    """What a field holds."""

    WEIGHT = "weights"
    BIAS = "one value per output channel, or one"
    VALUES = "one value per neuron, or one"
    TIMES = "time constants in seconds, one per neuron, or one"
    DELAYS = "delays in seconds, one per neuron, or one"
    SHAPE = "sizes of one or more axes"
    EXTENT = "the size of each axis but the first"
    AXIS = "one integer"
    COUNT = "one integer of at least 1"
    STRIDES = "one integer of at least 1, or one for each axis"
    PADDING = "one integer of at least 0, or one for each axis, or 'same' or 'valid'"
    MARGINS = "one integer of at least 0, or one for each axis"


@dataclass(frozen=True)
class Field:
    """A field of a node type: its name, what it holds, and whether it must be there."""

    name: str
    sort: Sort
    required: bool = True


_WEIGHT, _RESET = Field("weight", Sort.WEIGHT), Field("v_reset", Sort.VALUES, required=False)
_R, _LEAK, _THRESHOLD = (Field(name, Sort.VALUES) for name in ("r", "v_leak", "v_threshold"))
_W_IN = Field("w_in", Sort.VALUES, required=False)
_TAU, _TAU_SYN, _TAU_MEM = (Field(name, Sort.TIMES) for name in ("tau", "tau_syn", "tau_mem"))
_CONVOLUTION = (
    Field("input_shape", Sort.EXTENT, required=False),
    _WEIGHT,
    Field("stride", Sort.STRIDES),
    Field("padding", Sort.PADDING),
    Field("dilation", Sort.STRIDES),
    Field("groups", Sort.COUNT),
    Field("bias", Sort.BIAS, required=False),
)
_POOL = (Field("kernel_size", Sort.STRIDES), Field("stride", Sort.STRIDES), Field("padding", Sort.MARGINS))

FIELDS: dict[type[nir.NIRNode], tuple[Field, ...]] = {
    nir.Affine: (_WEIGHT, Field("bias", Sort.BIAS)),
    nir.Linear: (_WEIGHT,),
    nir.Scale: (Field("scale", Sort.VALUES),),
    nir.Conv1d: _CONVOLUTION,
    nir.Conv2d: _CONVOLUTION,
    nir.SumPool2d: _POOL,
    nir.AvgPool2d: _POOL,
    nir.Flatten: (
        Field("input_type", Sort.SHAPE, required=False),
        Field("start_dim", Sort.AXIS, required=False),
        Field("end_dim", Sort.AXIS, required=False),
    ),
    nir.Delay: (Field("delay", Sort.DELAYS),),
    nir.IF: (_R, _THRESHOLD, _RESET),
    nir.LIF: (_TAU, _R, _LEAK, _THRESHOLD, _RESET),
    nir.CubaLIF: (_TAU_SYN, _TAU_MEM, _R, _LEAK, _THRESHOLD, _RESET, _W_IN),
    nir.Threshold: (Field("threshold", Sort.VALUES),),
    nir.I: (_R,),
    nir.LI: (_TAU, _R, _LEAK),
    nir.CubaLI: (_TAU_SYN, _TAU_MEM, _R, _LEAK, _W_IN),
    nir.Input: (Field("shape", Sort.SHAPE),),
    nir.Output: (Field("shape", Sort.SHAPE),),
}
"""Fields by node type, as ``nir.write`` writes them. A convolution without bias or input shape is read as well: older
versions of NIR wrote none."""

PER_NEURON_SORTS = (Sort.VALUES, Sort.TIMES, Sort.DELAYS)

_LEAST = {Sort.SHAPE: 1, Sort.EXTENT: 1, Sort.COUNT: 1, Sort.STRIDES: 1, Sort.PADDING: 0, Sort.MARGINS: 0}
_TEXTS = ("same", "valid")


def field_problems(field: Field, value: Array) -> Iterator[tuple[str, str, str, str]]:
    """List what is wrong with the value of a field: (rule, message, found, limit)."""
    if field.sort is Sort.PADDING and value.dtype.kind in "US" and value.ndim == 0 and str(value) in _TEXTS:
        return
    if field.sort in _LEAST or field.sort is Sort.AXIS:
        if not _are_integers(field.sort, value):
            yield "NT-NIR-004", f"{field.name} is {shown(value)}", shown(value), field.sort.value
    elif value.dtype.kind not in "fiu" or not value.size:
        yield "NT-NIR-004", f"{field.name} is {shown(value)}", shown(value), "numbers"
    elif not is_finite(value):
        count = f"{np.count_nonzero(~np.isfinite(value))} of {value.size} values"
        yield "NT-NIR-007", f"{count} of {field.name} are NaN or infinite", count, "finite numbers"
    elif field.sort is Sort.TIMES and np.any(value <= 0):
        shortest = f"{np.min(value):g} s"
        yield "NT-NIR-007", f"{field.name} holds a time constant of {shortest}", shortest, "greater than 0 s"


def _are_integers(sort: Sort, value: Array) -> bool:
    if value.dtype.kind not in "iu" or not value.size or value.ndim > 1:
        return False
    if (sort in (Sort.AXIS, Sort.COUNT) and value.size != 1) or (sort is Sort.SHAPE and not value.ndim):
        return False
    return sort is Sort.AXIS or bool(np.min(value) >= _LEAST[sort])


def is_finite(value: Array) -> bool:
    """Whether no value is NaN or infinite; as ``np.isfinite(value).all()``, but without an array of its size."""
    return value.dtype.kind in "iu" or bool(np.isfinite(np.min(value)) and np.isfinite(np.max(value)))


def is_shared(value: Array) -> bool:
    """Whether a parameter is a single value, which may stand for all neurons."""
    return value.size == 1 and value.ndim <= 1


def listed(shape: Shape) -> str:
    """A shape as a user reads it."""
    return str(list(shape))


def shown(value: Array) -> str:
    """A value as a user reads it: small ones in full, else their shape."""
    if value.dtype.kind not in "fiub":
        return "no numbers"
    return f"{value.tolist()}" if value.size <= 8 else f"of shape {listed(value.shape)}"

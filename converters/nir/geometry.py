"""The shape that each node makes of the shape it takes.

Sizes are computed here and not taken from the node classes of nir, whose Conv2d (1.0.8) uses the first axis of a kernel
for both axes. Formula: torch.nn.Conv2d, ``floor((n + 2 padding - dilation (kernel - 1) - 1) / stride) + 1``.
"""

from __future__ import annotations

from math import prod

import nir

from neurotool.converters.nir.specs import Pattern, Spec
from neurotool.converters.nir.support import CONVOLUTIONS, MATRICES, POOLS
from neurotool.ir.graph import Shape


def fits(shape: Shape, pattern: Pattern) -> bool:
    """Whether a shape has the sizes that a pattern says."""
    return len(shape) == len(pattern) and all(asked in (None, size) for size, asked in zip(shape, pattern, strict=True))


def shown_pattern(pattern: Pattern) -> str:
    """A pattern as a user reads it: ``[3, ?, ?]``."""
    return f"[{', '.join('?' if size is None else str(size) for size in pattern)}]"


def output_shape(spec: Spec, taken: Shape) -> Shape:
    """Return the shape of a node's output.

    Args:
        spec: The node.
        taken: Shape of its input, which fits what the node takes.

    Raises:
        ValueError: The node cannot make anything of an input of this shape; says why.
    """
    if spec.kind in MATRICES:
        weight: Shape = spec.values["weight"].shape
        return weight[:-1]
    if spec.kind in CONVOLUTIONS:
        return (spec.values["weight"].shape[0], *_slid(spec, taken[1:], spec.values["weight"].shape[2:]))
    if spec.kind in POOLS:
        return (taken[0], *_slid(spec, taken[1:], spec.numbers("kernel_size", 2)))
    return _flattened(spec, taken) if spec.kind is nir.Flatten else taken


def _slid(spec: Spec, sizes: Shape, kernel: Shape) -> Shape:
    axes = len(sizes)
    if str(spec.values["padding"]) == "same":
        return sizes
    padding = (0,) * axes if str(spec.values["padding"]) == "valid" else spec.numbers("padding", axes)
    dilation = spec.numbers("dilation", axes) if "dilation" in spec.values else (1,) * axes
    stride = spec.numbers("stride", axes)
    spans = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    room = [n + 2 * p for n, p in zip(sizes, padding, strict=True)]
    if any(span > free for span, free in zip(spans, room, strict=True)):
        raise ValueError(f"a kernel that spans {spans} does not fit into {room}, the padded input")
    return tuple((free - span) // s + 1 for free, span, s in zip(room, spans, stride, strict=True))


def flatten_axes(spec: Spec) -> tuple[int, int]:
    """Return ``start_dim`` and ``end_dim`` of a Flatten; NIR's defaults where the file does not say."""
    defaults = {"start_dim": nir.Flatten.start_dim, "end_dim": nir.Flatten.end_dim}
    start, end = (int(spec.values[name].flat[0]) if name in spec.values else axis for name, axis in defaults.items())
    return start, end


def _flattened(spec: Spec, shape: Shape) -> Shape:
    start, end = flatten_axes(spec)
    first, last = (axis + len(shape) if axis < 0 else axis for axis in (start, end))
    if not 0 <= first <= last < len(shape):
        raise ValueError(f"flattens axes {start} to {end} of a value of shape {list(shape)}")
    return (*shape[:first], prod(shape[first : last + 1]), *shape[last + 1 :])

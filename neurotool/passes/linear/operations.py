"""Each linear NIR node as a step of a chain: what it makes of a map and of the bias that came so far.

Sources of the meanings: the node classes of nir 1.0.8 and torch's modules of the same names. A sum pooling is a
convolution of ones in each channel, an average pooling one of 1 / size, padding included.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import nir
import numpy as np
from scipy.linalg import block_diag

from neurotool.arrays import Float64Array
from neurotool.ir.connectivity import planes
from neurotool.ir.graph import Node, Shape
from neurotool.ir.program import Convolution
from neurotool.passes.linear import maps


@dataclass(frozen=True, eq=False)
class Chain:
    """A chain of linear nodes so far.

    Attributes:
        map: From the source to here.
        bias: What is added here, flat.
        shape: Shape of the value here.
    """

    map: maps.LinearMap
    bias: Float64Array
    shape: Shape


Step = Callable[[Any, Chain, Shape], Chain]


def start(shape: Shape) -> Chain:
    """A chain that does nothing yet to a source of some shape."""
    size = math.prod(shape)
    return Chain(maps.Gain(np.ones(size)), np.zeros(size), shape)


def extend(chain: Chain, node: Node) -> Chain:
    """Append a linear node to a chain.

    Raises:
        KeyError: The node is not linear.
    """
    return STEPS[type(node.op)](node.op, chain, node.shape)


def _flatten(_: nir.Flatten, chain: Chain, shape: Shape) -> Chain:
    return Chain(chain.map, chain.bias, shape)


def _scale(op: nir.Scale, chain: Chain, shape: Shape) -> Chain:
    scale = np.broadcast_to(_float(op.scale), shape).ravel()
    return Chain(maps.scaled(chain.map, scale), chain.bias * scale, shape)


def _linear(op: nir.Linear | nir.Affine, chain: Chain, shape: Shape) -> Chain:
    """A matrix on the last axis: the same for all places on the other axes, or one for each (``[..., out, in]``)."""
    weight = _float(op.weight)
    copies = chain.bias.size // (weight.shape[-1] * math.prod(weight.shape[:-2]))
    blocks = [*weight.reshape(-1, *weight.shape[-2:])] * copies
    whole: Float64Array = blocks[0] if len(blocks) == 1 else np.asarray(block_diag(*blocks), np.float64)
    own = np.tile(_float(op.bias).ravel(), len(whole) // np.size(op.bias)) if isinstance(op, nir.Affine) else 0.0
    return Chain(maps.multiplied(whole, chain.map), whole @ chain.bias + own, shape)


def _convolution(op: nir.Conv1d | nir.Conv2d, chain: Chain, shape: Shape) -> Chain:
    weights = _float(op.weight)
    weights = weights[:, :, None] if isinstance(op, nir.Conv1d) else weights
    convolution = Convolution(
        stride=_spatial(op, op.stride, 1),
        padding=padding_of(op, weights.shape),
        dilation=_spatial(op, op.dilation, 1),
        groups=int(op.groups),
    )
    through = _through(weights, convolution, chain, shape)
    own = np.zeros(weights.shape[0]) if op.bias is None else _float(op.bias).ravel()
    return Chain(through.map, through.bias + np.repeat(own, through.bias.size // len(own)), shape)


def _pool(op: nir.SumPool2d | nir.AvgPool2d, chain: Chain, shape: Shape) -> Chain:
    channels = planes(chain.shape)[0]
    size = _spatial(op, op.kernel_size, 1)
    factor = 1.0 / (size[0] * size[1]) if isinstance(op, nir.AvgPool2d) else 1.0
    weights = np.full((channels, 1, *size), factor)
    convolution = Convolution(stride=_spatial(op, op.stride, 1), padding=_spatial(op, op.padding, 0), groups=channels)
    return _through(weights, convolution, chain, shape)


def _through(weights: Float64Array, convolution: Convolution, chain: Chain, shape: Shape) -> Chain:
    source = planes(chain.shape)
    made = maps.convolve(weights, convolution, source, chain.map)
    if not chain.bias.any():
        return Chain(made, np.zeros(math.prod(shape)), shape)
    return Chain(made, maps.Kernel(weights, convolution, source).matrix @ chain.bias, shape)


def padding_of(op: nir.Conv1d | nir.Conv2d, weights: Shape) -> tuple[int, int]:
    """Padding of a convolution in (rows, columns); ``same`` keeps the size of an input at stride 1.

    Raises:
        ValueError: ``same`` would need more padding on one side than on the other, as kernels of even size do.
    """
    if not isinstance(op.padding, str):
        return _spatial(op, op.padding, 0)
    if op.padding == "valid":
        return 0, 0
    whole = [d * (n - 1) for d, n in zip(_spatial(op, op.dilation, 1), weights[2:], strict=True)]
    if any(n % 2 for n in whole):
        raise ValueError(f"padding 'same' of a kernel {weights[2:]} is not the same on both sides")
    return whole[0] // 2, whole[1] // 2


def _spatial(op: nir.NIRNode, value: Any, row: int) -> tuple[int, int]:
    """(rows, columns) of a parameter. One number is for both; in one dimension the rows have the value ``row``."""
    numbers = [int(v) for v in np.ravel(value)]
    if isinstance(op, nir.Conv1d):
        return row, numbers[0]
    return numbers[0], numbers[-1]


def _float(value: Any) -> Float64Array:
    return np.asarray(value, np.float64)


STEPS: dict[type[nir.NIRNode], Step] = {
    nir.Flatten: _flatten,
    nir.Scale: _scale,
    nir.Linear: _linear,
    nir.Affine: _linear,
    nir.Conv1d: _convolution,
    nir.Conv2d: _convolution,
    nir.SumPool2d: _pool,
    nir.AvgPool2d: _pool,
}
"""What each linear node does."""

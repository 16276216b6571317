"""Floating-point operations of the ATen operators that ``torch.utils.flop_counter`` has no formula for.

Each addition, multiplication, division, comparison, and each call of exp, log, erf, sqrt or a trigonometric function
counts as one operation; a composite function counts the operations of its textbook formula. An operator that is
nowhere in this file is unknown, and the caller refuses it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import torch
from torch.utils.flop_counter import flop_registry

aten = torch.ops.aten

FORMULAS: dict[Any, Any] = flop_registry | {
    aten._scaled_dot_product_flash_attention_for_cpu: flop_registry[aten._scaled_dot_product_flash_attention]
}
"""Torch's formulas by operator; it knows attention by its names on CUDA only."""

IGNORED = frozenset(
    {aten._assert_tensor_metadata, aten._unsafe_view, aten.detach, aten.sym_size, torch.ops.prim.device}
)
"""Operators that do no work on a device."""

_MOVES = (
    *(aten.clone, aten.copy, aten._to_copy, aten.cat, aten.stack, aten.repeat, aten.constant_pad_nd, aten.embedding),
    *(aten.index, aten.index_select, aten.gather, aten.flip, aten.roll, aten.tril, aten.triu, aten.fill),
    *(aten.zeros, aten.ones, aten.full, aten.empty, aten.zeros_like, aten.ones_like, aten.full_like, aten.empty_like),
    *(aten.new_zeros, aten.new_ones, aten.new_full, aten.scalar_tensor, aten.lift_fresh_copy, aten.slice_scatter),
    *(
        aten.select_scatter,
        aten.reflection_pad1d,
        aten.reflection_pad2d,
        aten.replication_pad1d,
        aten.upsample_nearest2d,
    ),
)
"""Operators that only move data: no arithmetic, but memory traffic."""

_ONE = (
    *(aten.add, aten.sub, aten.rsub, aten.mul, aten.div, aten.remainder, aten.neg, aten.abs, aten.sign, aten.floor),
    *(aten.ceil, aten.round, aten.reciprocal, aten.sqrt, aten.exp, aten.log, aten.sin, aten.cos, aten.erf, aten.relu),
    *(aten.threshold, aten.maximum, aten.minimum, aten.eq, aten.ne, aten.lt, aten.le, aten.gt, aten.ge, aten.where),
    *(aten.logical_and, aten.logical_or, aten.logical_not, aten.logical_xor, aten.bitwise_and, aten.bitwise_or),
    *(aten.bitwise_not, aten.masked_fill, aten.pow, aten.arange, aten.tanh, aten.cumsum, aten.heaviside, aten.isnan),
)

_PER_OUTPUT: dict[Any, float] = (
    dict.fromkeys(_MOVES, 0.0)
    | dict.fromkeys(_ONE, 1.0)
    | {
        aten.rsqrt: 2.0,  # sqrt, divide
        aten.square: 1.0,
        aten.clamp: 2.0,  # two comparisons
        aten.clamp_min: 1.0,
        aten.clamp_max: 1.0,
        aten.hardtanh: 2.0,
        aten.leaky_relu: 2.0,  # compare, multiply
        aten.addcmul: 3.0,
        aten.lerp: 3.0,
        aten.log1p: 2.0,
        aten.expm1: 2.0,
        aten.sigmoid: 4.0,  # negate, exp, add, divide
        aten.silu: 5.0,  # sigmoid, multiply
        aten.elu: 3.0,  # compare, exp, subtract
        aten.softplus: 3.0,  # exp, add, log
        aten.gelu: 5.0,  # x (1 + erf(x / √2)) / 2
        aten._softmax: 5.0,  # maximum, subtract, exp, sum, divide
        aten._safe_softmax: 5.0,
        aten._log_softmax: 5.0,  # maximum, subtract, exp, sum, subtract the log
    }
)
"""Operations per element of the (first) output."""

_PER_INPUT: dict[Any, float] = {
    aten.sum: 1.0,
    aten.mean: 1.0,
    aten.prod: 1.0,
    aten.amax: 1.0,
    aten.amin: 1.0,
    aten.max: 1.0,
    aten.min: 1.0,
    aten.argmax: 1.0,
    aten.argmin: 1.0,
    aten.any: 1.0,
    aten.all: 1.0,
    aten.var: 4.0,  # mean, subtract, square, sum
    aten.std: 4.0,
    aten.linalg_vector_norm: 2.0,  # square, sum
    aten._adaptive_avg_pool2d: 1.0,
    aten.native_layer_norm: 8.0,  # mean, subtract, square, sum, add, scale, weight, bias
    aten.native_group_norm: 8.0,
    aten._native_batch_norm_legit_no_training: 4.0,  # subtract, scale, weight, bias
}
"""Operations per element of the first input."""

_POOLS = frozenset({aten.max_pool2d_with_indices, aten.avg_pool2d, aten.avg_pool1d})
"""Pooling: one operation per element of the window; the second argument is the window."""


def simple_flops(packet: Any, args: Sequence[Any], result: Any) -> float | None:
    """Count one call of an operator.

    Args:
        packet: The operator without overload, such as ``torch.ops.aten.relu``.
        args: Its positional arguments.
        result: What it returned.

    Returns:
        Floating-point operations, or None where the operator is in no table.
    """
    first = result[0] if isinstance(result, list | tuple) else result
    if packet in _PER_OUTPUT:
        return _PER_OUTPUT[packet] * int(first.numel())
    if packet in _PER_INPUT:
        return _PER_INPUT[packet] * int(args[0].numel())
    if packet in _POOLS:
        window = args[1] * (2 if len(args[1]) == 1 and packet is not aten.avg_pool1d else 1)
        return float(prod(window) * first.numel())
    return None

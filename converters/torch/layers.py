"""Torch layers and operations that NIR has a node for."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import nir
import numpy as np
import torch
from torch import fx
from torch.nn import functional

from neurotool.converters.torch import images
from neurotool.converters.torch.images import array
from neurotool.converters.torch.interpret import Layout

VANISH = (
    torch.nn.Identity,
    torch.nn.Dropout,
    torch.nn.Dropout1d,
    torch.nn.Dropout2d,
    torch.nn.Dropout3d,
    torch.nn.AlphaDropout,
    torch.nn.FeatureAlphaDropout,
)
"""Modules that do nothing in evaluation mode."""

VANISHING_CALLS: frozenset[Any] = frozenset(
    {functional.dropout, functional.dropout1d, functional.dropout2d, torch.dropout, "contiguous", "detach", "clone"}
)
"""Functions and methods that do so; a dropout only if it is not told to train."""

PER_STEP_MODULES = (
    torch.nn.ReLU,
    torch.nn.LeakyReLU,
    torch.nn.ELU,
    torch.nn.GELU,
    torch.nn.SiLU,
    torch.nn.Sigmoid,
    torch.nn.Tanh,
    torch.nn.Softplus,
    torch.nn.Hardtanh,
    torch.nn.Linear,
    torch.nn.LayerNorm,
)
"""Modules that treat every step of a raster by itself."""

PER_STEP_CALLS: frozenset[Any] = frozenset(
    {
        operator.add, operator.sub, operator.mul, operator.truediv, operator.neg,
        torch.add, torch.sub, torch.mul, torch.div, torch.relu, torch.sigmoid, torch.tanh, torch.abs, torch.exp,
        torch.nn.functional.relu, torch.nn.functional.gelu, torch.nn.functional.silu,
        "add", "sub", "mul", "div", "relu", "sigmoid", "tanh", "abs", "exp", "float", "neg",
    }
)  # fmt: skip
"""Element-wise functions and methods."""

_PRODUCTS: frozenset[Any] = frozenset({operator.mul, torch.mul, "mul"})

_MATRIX_CALLS: frozenset[Any] = frozenset({functional.linear})

_RESHAPES: frozenset[Any] = frozenset({torch.flatten, torch.reshape, "flatten", "reshape", "view"})

LayerRule = Callable[[Any, Layout, Layout], "nir.NIRNode | None"]
"""Makes a NIR node of a module from the layouts of its input and output, or None if it has another meaning."""


def linear(module: torch.nn.Linear, source: Layout, result: Layout) -> nir.NIRNode | None:
    """Make a Linear or Affine node of a layer that maps one feature axis."""
    if len(source.features) != 1 or not source.standard:
        return None
    weight = array(module.weight)
    return nir.Linear(weight=weight) if module.bias is None else nir.Affine(weight=weight, bias=array(module.bias))


def flatten(module: Any, source: Layout, result: Layout) -> nir.NIRNode | None:
    """Make a Flatten node where all feature axes, and nothing else, become one."""
    if result.features != (math.prod(source.features),) or source.timed is not result.timed:
        return None
    if not (source.standard and result.standard and source.batched and result.batched):
        return None
    return nir.Flatten(input_type={"input": np.array(source.features)}, start_dim=0, end_dim=-1)


LAYERS: dict[type[torch.nn.Module], LayerRule] = {
    torch.nn.Linear: linear,
    torch.nn.Flatten: flatten,
    torch.nn.Conv1d: images.convolution,
    torch.nn.Conv2d: images.convolution,
    torch.nn.AvgPool1d: images.row_pooling,
    torch.nn.AvgPool2d: images.average_pooling,
    torch.nn.AdaptiveAvgPool2d: images.adaptive_pooling,
}


def layer(module: torch.nn.Module, source: Layout, result: Layout) -> nir.NIRNode | None:
    """Return the NIR node of a module, or None where it has none."""
    rule = LAYERS.get(type(module))
    return None if rule is None else rule(module, source, result)


def vanishes(node: fx.Node) -> bool:
    """Whether a call of a function or method hands its first argument on in evaluation mode."""
    if node.target not in VANISHING_CALLS:
        return False
    if isinstance(node.target, str):
        return True
    training = node.args[2] if len(node.args) > 2 else node.kwargs.get("training", True)
    return training is False


def matrix(node: fx.Node, constant: Callable[[Any], torch.Tensor | None], source: Layout) -> nir.NIRNode | None:
    """Make a Linear or Affine node of ``functional.linear`` with parameters of the model."""
    if node.target not in _MATRIX_CALLS or len(source.features) != 1 or not source.standard:
        return None
    given = dict(zip(("input", "weight", "bias"), node.args, strict=False)) | dict(node.kwargs)
    weight, bias = constant(given.get("weight")), constant(given.get("bias"))
    if weight is None or weight.ndim != 2 or (bias is None and given.get("bias") is not None):
        return None
    return nir.Linear(weight=array(weight)) if bias is None else nir.Affine(weight=array(weight), bias=array(bias))


def reshape(node: fx.Node, source: Layout, result: Layout) -> nir.NIRNode | None:
    """Make a Flatten node of a function or method that joins all feature axes."""
    return flatten(node.target, source, result) if node.target in _RESHAPES else None


def scale(node: fx.Node, constant: Callable[[Any], torch.Tensor | None], result: Layout) -> nir.NIRNode | None:
    """Make a Scale node of a product with a constant of the shape of the features, or a number.

    Args:
        node: A call of a function or method.
        constant: Returns the constant that an argument stands for, or None for a computed value.
        result: Layout of the product.
    """
    if node.target not in _PRODUCTS or len(node.args) != 2:
        return None
    found = [constant(argument) for argument in node.args]
    factor = next((c for c in found if c is not None), None)
    if factor is None or all(c is not None for c in found) or not result.features:
        return None
    if factor.ndim and tuple(factor.shape) != result.features:
        return None
    return nir.Scale(scale=np.broadcast_to(array(factor.float()), result.features).copy())

"""Convolutions and poolings of torch as NIR nodes. A pooling is a convolution with equal weights."""

from __future__ import annotations

from typing import Any

import nir
import numpy as np
import torch

from neurotool.converters.torch.interpret import Layout


def array(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    """Copy a parameter into numpy, keeping its type."""
    return tensor.detach().cpu().numpy().copy()


def convolution(module: torch.nn.Conv1d | torch.nn.Conv2d, source: Layout, result: Layout) -> nir.NIRNode | None:
    """Make a Conv1d or Conv2d node of a convolution that pads with zeros."""
    axes = len(module.kernel_size)
    if not _is_image(source, axes) or module.padding_mode != "zeros":
        return None
    bias = np.zeros(module.out_channels, np.float32) if module.bias is None else array(module.bias)
    weight, dilation = array(module.weight), tuple(map(int, module.dilation))
    if module.padding == "same":
        weight, dilation = _centred(weight, dilation)
    made = {"weight": weight, "groups": int(module.groups), "bias": bias}
    if axes == 1:
        sizes = {"stride": int(_first(module.stride)), "dilation": dilation[0]}
        padding = module.padding if isinstance(module.padding, str) else int(_first(module.padding))
        return nir.Conv1d(input_shape=int(source.features[-1]), padding=padding, **sizes, **made)
    pairs = {"stride": _pair(module.stride), "dilation": _pair(dilation)}
    room = module.padding if isinstance(module.padding, str) else _pair(module.padding)
    return nir.Conv2d(input_shape=(source.features[1], source.features[2]), padding=room, **pairs, **made)


def _centred(weight: np.ndarray[Any, Any], dilation: tuple[int, ...]) -> tuple[np.ndarray[Any, Any], tuple[int, ...]]:
    """Give a kernel a middle, so that its padding is the same on both sides.

    With ``padding="same"``, torch puts what is odd of it behind the image. A kernel with a zero in front needs as much
    before the image, and the zero hears it.
    """
    steps = list(dilation)
    for axis, step in enumerate(dilation, start=2):
        reach = step * (weight.shape[axis] - 1)
        if reach % 2:
            wide = np.zeros((*weight.shape[:axis], reach + 2, *weight.shape[axis + 1 :]), weight.dtype)
            np.moveaxis(wide, axis, 0)[1::step] = np.moveaxis(weight, axis, 0)
            weight, steps[axis - 2] = wide, 1
    return weight, tuple(steps)


def average_pooling(module: torch.nn.AvgPool2d, source: Layout, result: Layout) -> nir.NIRNode | None:
    """Make an AvgPool2d node of a pooling whose windows are all of one size, padding included."""
    padded = _pair(module.padding) != (0, 0) and not module.count_include_pad
    if not _is_image(source, 2) or module.ceil_mode or padded or module.divisor_override is not None:
        return None
    return _average(_pair(module.kernel_size), _pair(module.stride), _pair(module.padding))


def adaptive_pooling(module: torch.nn.AdaptiveAvgPool2d, source: Layout, result: Layout) -> nir.NIRNode | None:
    """Make an AvgPool2d node where the windows do not overlap and cover the image."""
    if not _is_image(source, 2):
        return None
    pairs = list(zip(source.features[1:], result.features[1:], strict=True))
    if any(size % wanted for size, wanted in pairs):
        return None
    window = (pairs[0][0] // pairs[0][1], pairs[1][0] // pairs[1][1])
    return _average(window, window, (0, 0))


def row_pooling(module: torch.nn.AvgPool1d, source: Layout, result: Layout) -> nir.NIRNode | None:
    """Make a Conv1d node with a window of equal weights for each channel: NIR has no pooling of rows."""
    size, padding = int(_first(module.kernel_size)), int(_first(module.padding))
    if not _is_image(source, 1) or module.ceil_mode or (padding and not module.count_include_pad):
        return None
    channels = source.features[0]
    return nir.Conv1d(
        input_shape=int(source.features[1]), weight=np.full((channels, 1, size), 1.0 / size, np.float32),
        stride=int(_first(module.stride)), padding=padding, dilation=1, groups=channels,
        bias=np.zeros(channels, np.float32),
    )  # fmt: skip


def _is_image(source: Layout, axes: int) -> bool:
    """Whether a value has channels and as many axes of space, and nothing else."""
    return source.standard and source.batched and len(source.features) == axes + 1


def _average(size: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]) -> nir.AvgPool2d:
    return nir.AvgPool2d(kernel_size=np.array(size), stride=np.array(stride), padding=np.array(padding))


def _pair(value: Any) -> tuple[int, int]:
    return (int(value[0]), int(value[1])) if isinstance(value, tuple | list) else (int(value), int(value))


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, tuple | list) else value

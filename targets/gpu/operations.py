"""Nodes without neurons as torch modules. They work on whole rasters: all leading axes are time and batch."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import nir
import numpy as np
import torch
from torch import nn
from torch.nn import functional

from neurotool.errors import UnsupportedError
from neurotool.ir.graph import Node, Operand, TorchOp
from neurotool.targets.gpu.timing import Delay


class Linear(nn.Module):
    """``y = W x + b`` over the last axis, for ``nir.Linear`` (no bias) and ``nir.Affine``."""

    bias: nn.Parameter | None

    def __init__(self, op: nir.Linear | nir.Affine) -> None:
        super().__init__()
        self.weight = _parameter(op.weight)
        if isinstance(op, nir.Affine):
            self.bias = _parameter(op.bias)
        else:
            self.register_parameter("bias", None)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map ``[..., in]`` to ``[..., out]``."""
        return functional.linear(x, self.weight, self.bias)


class Scale(nn.Module):
    """``y = s x`` element by element, for ``nir.Scale``."""

    def __init__(self, op: nir.Scale) -> None:
        super().__init__()
        self.scale = _parameter(op.scale)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scale ``[..., *shape]``."""
        return self.scale * x


class Convolution(nn.Module):
    """Cross-correlation with zero padding plus a bias per channel, for ``nir.Conv1d`` and ``nir.Conv2d``.

    Weights are ``(out, in / groups, *kernel)``, as torch and NIR have them.
    """

    def __init__(self, op: nir.Conv1d | nir.Conv2d) -> None:
        super().__init__()
        self.weight = _parameter(op.weight)
        self.bias = _parameter(op.bias)
        self.axes = self.weight.dim() - 2
        self.stride, self.dilation = _sizes(op.stride, self.axes), _sizes(op.dilation, self.axes)
        self.padding = op.padding if isinstance(op.padding, str) else _sizes(op.padding, self.axes)
        self.groups = int(op.groups)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map ``[..., in, *space]`` to ``[..., out, *space]``."""
        return _as_one_batch(self._convolve, x, self.axes + 1)

    def _convolve(self, images: torch.Tensor) -> torch.Tensor:
        convolve = functional.conv1d if self.axes == 1 else functional.conv2d
        return convolve(images, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


class Pool(nn.Module):
    """Sum or mean over windows of an image padded with zeros, for ``nir.SumPool2d`` and ``nir.AvgPool2d``.

    A mean divides by the whole window, padding included.
    """

    def __init__(self, op: nir.SumPool2d | nir.AvgPool2d) -> None:
        super().__init__()
        self.kernel, self.stride = _sizes(op.kernel_size, 2), _sizes(op.stride, 2)
        rows, columns = _sizes(op.padding, 2)
        self.margins = (columns, columns, rows, rows)
        self.divisor = 1 if isinstance(op, nir.SumPool2d) else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map ``[..., channels, height, width]`` to the same with fewer rows and columns."""
        return _as_one_batch(self._pool, x, 3)

    def _pool(self, images: torch.Tensor) -> torch.Tensor:
        padded = functional.pad(images, self.margins)  # torch's own padding stops at half a window
        return functional.avg_pool2d(padded, self.kernel, self.stride, divisor_override=self.divisor)


class Reshape(nn.Module):
    """Row-major reshape of the feature axes, for ``nir.Flatten``.

    Args:
        features: Number of feature axes of the input.
        shape: Feature shape of the output.
    """

    def __init__(self, features: int, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.features = features
        self.shape = shape

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Reshape ``[..., *features]`` to ``[..., *shape]``."""
        leading = x.shape[: x.dim() - self.features]
        return x.reshape(*leading, *self.shape)


class TorchCall(nn.Module):
    """A :class:`TorchOp` with private copies of its module and of the tensors among its arguments.

    The copies keep the user's module untouched when this one moves to another device or number type.

    Args:
        op: The operation.
        timed: For each incoming edge, whether its value has a time axis.
        memo: Copies made so far, so that nodes which share a module go on sharing it.
    """

    def __init__(self, op: TorchOp, timed: tuple[bool, ...], memo: dict[int, Any]) -> None:
        super().__init__()
        self.call: Callable[..., Any] = deepcopy(op.call, memo) if isinstance(op.call, nn.Module) else op.call
        self.timed = timed
        self.per_step = not op.sees_time and any(timed)
        self.args = self._own(op.args)
        self.kwargs = self._own(dict(op.kwargs))

    def _own(self, value: Any) -> Any:
        """Replace tensors in arguments by references to buffers of this module."""

        def register(leaf: Any) -> Any:
            if not isinstance(leaf, torch.Tensor):
                return leaf
            name = f"constant_{sum(1 for _ in self.buffers(recurse=False))}"
            self.register_buffer(name, leaf.detach().clone())
            return _Constant(name)

        return _map_leaves(register, value)

    def forward(self, *values: torch.Tensor) -> torch.Tensor:
        """Call the operation on the values of the incoming edges, once or once for every step."""
        if not self.per_step:
            return self.once(*values)
        steps = next(len(value) for value, timed in zip(values, self.timed, strict=True) if timed)
        return torch.stack([self.once(*self._at(values, t)) for t in range(steps)])

    def _at(self, values: tuple[torch.Tensor, ...], t: int) -> tuple[torch.Tensor, ...]:
        return tuple(value[t] if timed else value for value, timed in zip(values, self.timed, strict=True))

    def once(self, *values: torch.Tensor) -> torch.Tensor:
        """Call the operation on values as they are, such as those of one step."""

        def fill(leaf: Any) -> Any:
            if isinstance(leaf, Operand):
                return values[leaf.index]
            return getattr(self, leaf.name) if isinstance(leaf, _Constant) else leaf

        result: torch.Tensor = self.call(*_map_leaves(fill, self.args), **_map_leaves(fill, self.kwargs))
        return result


class _Constant:
    """A place in the arguments that takes a buffer of the module."""

    def __init__(self, name: str) -> None:
        self.name = name


def operation(node: Node, inputs: tuple[Node, ...], dt: float, memo: dict[int, Any]) -> nn.Module:
    """Make the module of a node that holds no neurons.

    Args:
        node: The node.
        inputs: The nodes whose values it takes, in argument order.
        dt: Length of a time step in seconds.
        memo: Copies of user modules made so far.

    Raises:
        UnsupportedError: The torch target has no meaning for the node.
    """
    op = node.op
    if isinstance(op, TorchOp):
        return TorchCall(op, tuple(n.timed for n in inputs), memo)
    if isinstance(op, nir.Linear | nir.Affine):
        return Linear(op)
    if isinstance(op, nir.Scale):
        return Scale(op)
    if isinstance(op, nir.Conv1d | nir.Conv2d):
        return Convolution(op)
    if isinstance(op, nir.SumPool2d | nir.AvgPool2d):
        return Pool(op)
    if isinstance(op, nir.Delay):
        return Delay(op, node.shape, dt)
    if isinstance(op, nir.Flatten):
        return Reshape(len(inputs[0].shape), node.shape)
    raise UnsupportedError(
        f"node {node.name!r}: the torch target cannot run a {node.type_name}",
        hint="it runs the nodes of NIR 1.0, without graphs inside graphs, and torch operations",
    )


def _map_leaves(function: Callable[[Any], Any], value: Any) -> Any:
    """Apply a function to every leaf of nested lists, tuples, dicts and slices."""
    if isinstance(value, list):
        return [_map_leaves(function, v) for v in value]
    if isinstance(value, tuple):
        return tuple(_map_leaves(function, v) for v in value)
    if isinstance(value, dict):
        return {k: _map_leaves(function, v) for k, v in value.items()}
    if isinstance(value, slice):
        return slice(*(_map_leaves(function, v) for v in (value.start, value.stop, value.step)))
    return function(value)


def _as_one_batch(function: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, features: int) -> torch.Tensor:
    """Call a function that takes one leading axis on a value that has any number of them."""
    split = x.dim() - features
    result = function(x.reshape(-1, *x.shape[split:]))
    return result.reshape(*x.shape[:split], *result.shape[1:])


def _sizes(values: Any, axes: int) -> tuple[int, ...]:
    """One whole number per axis, from one for all of them or from as many."""
    return tuple(int(v) for v in np.broadcast_to(np.asarray(values).reshape(-1), axes))


def _parameter(values: Any) -> nn.Parameter:
    return nn.Parameter(torch.from_numpy(np.array(values, dtype=np.float32)))

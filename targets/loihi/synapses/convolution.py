"""Convolutions: kernels are shared by all positions, sums wrap at 24 bits, and there is no exponent.

Events are added by source, each one's kernel wherever it reaches; or by target, where 16 bits hold the sums of spikes,
the weights of all that are in a position's window; for all output channels at once. Or else the patches that the kernel
meets are laid out as a matrix and multiplied with it. That product is exact for the same reason as a dense one
(:mod:`.dense`). No library's convolution is used, as some of their algorithms are not exact (Winograd's, for one).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int16Array, Int32Array, Int64Array
from neurotool.ir.connectivity import planes
from neurotool.ir.graph import Shape
from neurotool.ir.program import Convolution
from neurotool.targets.loihi.memory import aligned
from neurotool.targets.loihi.synapses.convolution_events import (
    add_wrapped,
    lay_out_patches,
    scatter_rows,
)
from neurotool.targets.loihi.synapses.convolution_gather import gather_rows, lanes_for
from neurotool.targets.loihi.synapses.dense import FLOAT32_LIMIT, FLOAT64_LIMIT
from neurotool.targets.loihi.synapses.geometry import Geometry, Runs
from neurotool.targets.loihi.synapses.protocol import AnyArray, Arithmetic, Delivered, FanOut, Messages, modulo_32, read
from neurotool.targets.loihi.synapses.vectors import CHANNELS
from neurotool.targets.loihi.workers import Workers

INT16_LIMIT = 1 << 15

CROSSOVER, WINDOW_CROSSOVER = 0.25, 0.6
"""Share of active sources below which events by source, and by target, beat products (benchmarks/engine_paths.py)."""

WINDOW_ENTRIES = 1.5
"""Active sources in a line of a window from which on events are faster by target (benchmarks/engine_paths.py)."""


PATCH_BYTES = 1 << 21
"""Size of the matrix of patches that is laid out at once."""


class ConvolutionSynapses:
    """A kernel for every pair of channels.

    Args:
        weights: Mantissas, ``[channel out, channel in / groups, row, column]``.
        convolution: Stride, padding, dilation and groups.
        source: Shape of the source.
        graded: Whether payloads count.
    """

    def __init__(self, weights: Int64Array, convolution: Convolution, source: Shape, *, graded: bool) -> None:
        out, inside, *taps = weights.shape
        self._graded = graded
        self._shape = convolution.groups, out // convolution.groups, inside, *taps
        self._source = planes(source)
        self._geometry = Geometry.of(source, weights.shape, convolution)
        self._weights = weights.reshape(self._shape)
        self._largest_sum = int(np.abs(weights).reshape(out, -1).sum(axis=1).max())
        self._spikes_kind = np.int16 if _fits_16_bits(weights) else np.int32
        plain = not graded and self._shape[0] == 1 and all(axis.dilation == 1 for axis in self._geometry)
        self._strips = _strips(self._weights[0] if plain and self._spikes_kind is np.int16 else self._weights[0, :0])
        self._kernels: dict[type[np.signedinteger], AnyArray] = {}
        self._rows = Runs.of(self._geometry.vertical, joined=False)
        self._columns = Runs.of(self._geometry.horizontal, joined=True)
        self._matrices: dict[Arithmetic, AnyArray] = {}
        self._fan_out = FanOut(self._geometry.fan_out(weights, convolution.groups))

    @property
    def nbytes(self) -> int:
        """Memory that they hold."""
        return sum(held.nbytes for held in (self._strips, *self._kernels.values(), *self._matrices.values()))

    def deliver(self, heard: AnyArray, activation: Int32Array, workers: Workers) -> Delivered:
        """Add what the messages of some rows deliver; see :class:`.protocol.Synapses`."""
        messages = read(heard, graded=self._graded)
        operations = self._fan_out.met(messages)
        how = self._best(messages)
        if how is Arithmetic.EVENTS:
            self._scatter(messages, activation, operations, workers)
        elif how is Arithmetic.WINDOWS:
            self._gather(messages, activation, operations, workers)
        else:
            self._multiply(messages.values, activation, how, workers)
        return Delivered(how, heard.size, messages.events, operations)

    def _best(self, messages: Messages) -> Arithmetic:
        """Return the fastest way that is exact."""
        line = self._geometry.horizontal.kernel * self._shape[2]
        windows = self._strips.size > 0 and messages.rate * line >= WINDOW_ENTRIES
        bound = self._largest_sum * messages.peak
        if messages.rate < (WINDOW_CROSSOVER if windows else CROSSOVER) or bound >= FLOAT64_LIMIT:
            return Arithmetic.WINDOWS if windows else Arithmetic.EVENTS
        return Arithmetic.FLOAT32 if bound < FLOAT32_LIMIT else Arithmetic.FLOAT64

    def _gather(self, messages: Messages, activation: Int32Array, operations: int, workers: Workers) -> None:
        values, out, strips = np.ascontiguousarray(messages.values), self._shape[1], self._strips
        target = activation.reshape(len(values), out, -1)
        vertical, horizontal = (tuple(axis) for axis in self._geometry)
        loop = gather_rows(strips.shape[-1])

        def part(first: int, last: int) -> None:
            loop(values, strips, vertical, horizontal, target, first, last)

        workers.run(part, workers.parts(len(values), operations // 16 + activation.size))

    def _scatter(self, messages: Messages, activation: Int32Array, operations: int, workers: Workers) -> None:
        values, (groups, out, *_) = modulo_32(messages.values), self._shape
        target = activation.reshape(len(values), groups, out, -1)
        kernels = self._kernels_of(self._spikes_kind if values.dtype == np.bool_ else np.int32)

        def part(first: int, last: int) -> None:
            sums = aligned((groups, _lanes(out) * target.shape[-1]), kernels.dtype)
            sums[:] = 0
            scatter_rows(values, kernels, *self._rows, *self._columns, sums, target, first, last)

        workers.run(part, workers.parts(len(values), operations // 16 + activation.size))

    def _multiply(self, values: AnyArray, activation: Int32Array, how: Arithmetic, workers: Workers) -> None:
        matrix = self._matrix(how)
        groups, out, depth = matrix.shape
        target = activation.reshape(len(values), groups, out, -1)
        rows = max(1, PATCH_BYTES // (matrix.itemsize * depth * target.shape[-1]))

        def part(first: int, last: int) -> None:
            for low in range(first, last, rows):
                image = self._image(values[low : min(low + rows, last)], matrix.dtype)
                for group in range(groups):
                    sums: AnyArray = matrix[group] @ self._patches(image, group).reshape(depth, -1)
                    add_wrapped(sums.reshape(out, len(image), -1), group, target[low : low + len(image)])

        workers.run(part, workers.parts(len(values), activation.size * depth // 32))

    def _image(self, values: AnyArray, kind: npt.DTypeLike) -> AnyArray:
        """Pad messages and part their columns, ``[row, channel, y, column modulo stride, column // stride]``."""
        (channels, height, width), (vertical, horizontal) = self._source, self._geometry
        top, side, stride = vertical.padding, horizontal.padding, horizontal.stride
        columns = -(-(width + 2 * side) // stride)
        image = np.zeros((len(values), channels, height + 2 * top, columns * stride), kind)
        image[:, :, top : top + height, side : side + width] = values.reshape(-1, channels, height, width)
        return np.ascontiguousarray(image.reshape(*image.shape[:3], columns, stride).swapaxes(3, 4))

    def _patches(self, image: AnyArray, group: int) -> AnyArray:
        """Lay out what each tap meets at each position, ``[channel, tap row, tap column, row, y, x]``."""
        inside, *taps = self._shape[2:]
        vertical, horizontal = self._geometry
        patches = np.empty((inside, *taps, len(image), vertical.outputs, horizontal.outputs), image.dtype)
        lay_out_patches(image, group * inside, vertical, horizontal, patches)
        return patches

    def _kernels_of(self, kind: type[np.signedinteger]) -> AnyArray:
        """Return kernels ``[group * in, row, column * lane]`` of a type."""
        if kind not in self._kernels:
            groups, out, inside, *taps = self._shape
            kernels = aligned((groups * inside, *taps, _lanes(out)), kind)
            kernels[..., out:] = 0
            ordered = self._weights[..., self._geometry.horizontal.order].transpose(0, 2, 3, 4, 1)
            kernels[..., :out] = ordered.reshape(groups * inside, *taps, out)
            self._kernels[kind] = kernels.reshape(*kernels.shape[:2], -1)
        return self._kernels[kind]

    def _matrix(self, how: Arithmetic) -> AnyArray:
        if how not in self._matrices:
            grouped = self._weights.reshape(*self._shape[:2], -1)
            self._matrices[how] = grouped.astype(np.float32 if how is Arithmetic.FLOAT32 else np.float64)
        return self._matrices[how]


def _fits_16_bits(weights: Int64Array) -> bool:
    """Whether 16 bits hold the sums of whatever spikes there are; sums on the way there may wrap."""
    by_channel = weights.reshape(len(weights), -1)
    return (
        int(np.maximum(by_channel, 0).sum(axis=1).max())
        < INT16_LIMIT
        > int(np.maximum(-by_channel, 0).sum(axis=1).max())
    )


def _strips(weights: Int64Array) -> Int16Array:
    """Return kernels ``[channel out, channel in, row, column]`` as the loops by target take them; none for none."""
    out, inside, *taps = weights.shape
    lanes = lanes_for(out)
    strips = aligned((-(-out // lanes), *taps, inside, lanes), np.int16)
    strips[:] = 0
    for strip, held in enumerate(strips):
        part = weights[strip * lanes : (strip + 1) * lanes]
        held[..., : len(part)] = part.transpose(2, 3, 1, 0)
    return strips


def _lanes(channels: int) -> int:
    """Sums of a position: full vectors unless there are few channels."""
    return -(-channels // CHANNELS) * CHANNELS if channels > CHANNELS // 2 else channels

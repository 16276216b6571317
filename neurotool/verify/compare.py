"""How far two recordings of the same layer or output agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neurotool.ir.trace import Raster

MAX_SHIFT = 5
"""Largest time shift, in steps, that is tried to explain a difference."""


@dataclass(frozen=True)
class Point:
    """A place in a raster.

    Attributes:
        step: Time step, from 0.
        sample: Number of the sample, from 0.
        neuron: Index in the shape of the layer.
    """

    step: int
    sample: int
    neuron: tuple[int, ...]


@dataclass(frozen=True)
class Agreement:
    """Agreement of two rasters ``[time, batch, *shape]``; a slot is one neuron in one step of one sample.

    Attributes:
        slots: Number of slots compared.
        differing: Slots whose values differ.
        spikes_a: Spikes in the first raster.
        spikes_b: Spikes in the second raster.
        cosine: Cosine similarity of the flattened rasters; 1 if both are silent, 0 if one is.
        shift: Steps by which the second raster is best moved back to match the first, within ±5: positive where it
            lags behind. 0 unless another shift matches strictly better.
        first: First slot that differs, in order of step, sample, neuron.
    """

    slots: int
    differing: int
    spikes_a: int
    spikes_b: int
    cosine: float
    shift: int
    first: Point | None

    @property
    def exact(self) -> bool:
        """Whether no slot differs."""
        return self.differing == 0

    @property
    def share(self) -> float:
        """Share of the slots that differ."""
        return self.differing / self.slots if self.slots else 0.0

    @property
    def rate_a(self) -> float:
        """Mean rate of the first raster, in spikes per neuron and step."""
        return self.spikes_a / self.slots if self.slots else 0.0

    @property
    def rate_b(self) -> float:
        """Mean rate of the second raster, in spikes per neuron and step."""
        return self.spikes_b / self.slots if self.slots else 0.0

    @property
    def rate_error(self) -> float:
        """Rate of the second raster minus that of the first."""
        return self.rate_b - self.rate_a


@dataclass(frozen=True)
class OutputAgreement:
    """Agreement of two tensors of scores or potentials.

    Attributes:
        max_abs: Largest absolute difference.
        rmse: Root of the mean squared difference.
        relative: ``rmse`` as a share of the root mean square of the first tensor; the plain ``rmse`` where that is 0.
        argmax: Share of the samples whose largest score is the same, of scores ``[batch, classes]``, which are summed
            over time where they have a time axis; None for tensors of another shape, and for a single class.
        tolerance: Largest ``relative`` that is accepted; None where any is, and for spikes.
        within: Whether it is accepted: ``relative`` is at most the tolerance, if there is one; spikes agree as a layer
            has to.
    """

    max_abs: float
    rmse: float
    relative: float
    argmax: float | None
    tolerance: float | None
    within: bool


def compare_spikes(a: Raster, b: Raster) -> Agreement:
    """Compare two rasters of the same layer.

    Args:
        a: Spikes ``[time, batch, *shape]``, bool or graded.
        b: Likewise, aligned with ``a``.

    Raises:
        ValueError: The shapes differ.
    """
    _check_shapes(a, b)
    norm = float(np.sqrt(_dot(a, a) * _dot(b, b)))
    silent = not a.any() and not b.any()
    different = a != b
    return Agreement(
        slots=a.size,
        differing=int(np.count_nonzero(different)),
        spikes_a=int(np.count_nonzero(a)),
        spikes_b=int(np.count_nonzero(b)),
        cosine=1.0 if silent else (_dot(a, b) / norm if norm else 0.0),
        shift=_best_shift(a, b) if different.any() else 0,
        first=first_point(different),
    )


def compare_outputs(a: Raster, b: Raster, tolerance: float | None = None, *, timed: bool = False) -> OutputAgreement:
    """Compare two outputs of the same shape.

    Args:
        a: Values ``[batch, *shape]``, or ``[time, batch, *shape]`` where ``timed``.
        b: Likewise.
        tolerance: Largest ``relative`` difference that is accepted, or None to accept any.
        timed: Whether the first axis is time.

    Raises:
        ValueError: The shapes differ, or there is nothing to compare.
    """
    _check_shapes(a, b)
    if not a.size:
        raise ValueError(f"outputs of shape {a.shape} hold nothing to compare")
    first, second = a.astype(np.float64), b.astype(np.float64)
    rmse = _rms(first - second)
    relative = rmse / (_rms(first) or 1.0)
    return OutputAgreement(
        max_abs=float(np.abs(first - second).max()),
        rmse=rmse,
        relative=relative,
        argmax=_equal_argmax(first, second, timed=timed),
        tolerance=tolerance,
        within=tolerance is None or relative <= tolerance,
    )


def first_point(different: npt.NDArray[np.bool_]) -> Point | None:
    """Return the first True in ``[time, batch, *shape]``, in order of step, sample, neuron."""
    if not different.any():
        return None
    step, sample, *neuron = (int(i) for i in np.unravel_index(int(different.argmax()), different.shape))
    return Point(step, sample, tuple(neuron))


def _equal_argmax(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], *, timed: bool) -> float | None:
    if timed:
        a, b = a.sum(axis=0), b.sum(axis=0)
    if a.ndim != 2 or a.shape[1] < 2:
        return None
    return float(np.mean(a.argmax(axis=1) == b.argmax(axis=1)))


def _best_shift(a: Raster, b: Raster) -> int:
    """Return the shift whose overlap has the largest inner product; ties go to the smallest shift."""
    reach = min(MAX_SHIFT, a.shape[0] - 1)
    shifts = sorted(range(-reach, reach + 1), key=abs)
    return max(shifts, key=lambda d: _dot(a[max(0, -d) : len(a) - max(0, d)], b[max(0, d) : len(b) - max(0, -d)]))


def _dot(a: Raster, b: Raster) -> float:
    if a.dtype == b.dtype == np.bool_:
        return float(np.count_nonzero(np.logical_and(a, b)))
    return float(np.vdot(a.astype(np.float64), b.astype(np.float64)))


def _rms(values: npt.NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def _check_shapes(a: Raster, b: Raster) -> None:
    if a.shape != b.shape:
        raise ValueError(f"cannot compare shapes {a.shape} and {b.shape}")

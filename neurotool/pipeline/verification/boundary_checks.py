"""Values at the boundaries of a run on integers beside those of the float reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurotool.ir.adapters import Array
from neurotool.ir.partition import Boundary
from neurotool.pipeline.adapters import FLOAT_TARGET
from neurotool.runtime.coding import deliver
from neurotool.runtime.schedule import Crossing, Execution

FLOAT_FORM = "float"


@dataclass(frozen=True)
class BoundaryCheck:
    """A boundary in one form of a model.

    Attributes:
        form: What ran: ``loihi``, ``lava``.
        crossing: What the run saw at the boundary.
        difference: Root mean square of how far the value is off that of the float reference, on the samples that both
            ran, as a share of the latter; None where there is no float run.
    """

    form: str
    crossing: Crossing
    difference: float | None

    def to_json(self) -> dict[str, Any]:
        """Return the check as plain JSON values."""
        return {"form": self.form, **self.crossing.to_json(), "off_the_float_value": self.difference}


def checked(seen: Mapping[str, Execution]) -> tuple[BoundaryCheck, ...]:
    """Compare the values that crossed in runs on integers with those of the float reference.

    Args:
        seen: What each form made; ``float`` is the reference.
    """
    reference = seen.get(FLOAT_FORM, seen.get(FLOAT_TARGET))
    found = []
    for form, execution in seen.items():
        for crossing in execution.crossings if execution is not reference else ():
            name = crossing.boundary.value
            pair = None if reference is None else (reference.values[name], execution.values[name])
            off = None if pair is None else _off(*pair, crossing.boundary)
            found.append(BoundaryCheck(form, crossing, off))
    return tuple(found)


def _off(wanted: Array, value: Array, boundary: Boundary) -> float:
    """Compare what crosses, which may be a sum over time, on the samples that both have."""
    if boundary.coding.reduces:
        wanted, value = deliver(wanted, boundary), deliver(value, boundary)
    axis = int(boundary.timed and not boundary.coding.reduces)
    common = min(wanted.shape[axis], value.shape[axis])
    a, b = (np.asarray(one.take(range(common), axis=axis), np.float64) for one in (wanted, value))
    size = float(np.sqrt(np.mean(np.square(a))))
    return float(np.sqrt(np.mean(np.square(b - a)))) / (size or 1.0)

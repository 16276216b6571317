"""Delays in seconds as whole time steps."""

from __future__ import annotations

from collections.abc import Mapping

import nir
import numpy as np

from neurotool.arrays import Int64Array
from neurotool.converters.nir.contents import Contents
from neurotool.converters.nir.specs import Spec
from neurotool.diagnostics import Diagnostic
from neurotool.units import format_si

TOLERANCE, MOST = 1e-5, 1e-2
"""Largest distance to a whole step, as a share of the delay, and in steps: room for delays stored in float32."""

LONGEST = 2**31
"""Delays beyond so many steps are mistakes of units."""


def delays_in_steps(
    contents: Contents, specs: Mapping[str, Spec], dt: float
) -> tuple[dict[str, Int64Array], list[Diagnostic]]:
    """Count the steps of all Delay nodes.

    Args:
        contents: The file.
        specs: Its sound nodes.
        dt: Time step in seconds.

    Returns:
        Steps of each Delay node in the shape of its parameter, and the delays that are no whole steps.
    """
    steps: dict[str, Int64Array] = {}
    errors = []
    for name, spec in specs.items():
        if spec.kind is not nir.Delay:
            continue
        exact = np.asarray(spec.values["delay"], np.float64) / dt
        whole = np.rint(exact)
        room = np.clip(TOLERANCE * exact, TOLERANCE, MOST)
        wrong = (np.abs(exact - whole) > room) | (whole < 0) | (whole > LONGEST)
        steps[name] = np.where(wrong, 0, whole).astype(np.int64)
        if np.any(wrong):
            first = float(exact[wrong].flat[0]) if exact.ndim else float(exact)
            found = f"{format_si(first * dt, 's', 6)}, {first:g} steps"
            limit = f"multiples of the time step {format_si(dt, 's', 6)}, from 0 on"
            fix = "take a time step that divides all delays: --dt"
            message = f"waits {found}"
            errors.append(contents.error("NT-NIR-009", name, message, found=found, limit=limit, fix=fix))
    return steps, errors

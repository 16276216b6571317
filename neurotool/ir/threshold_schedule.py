"""A threshold that follows a table over the first time steps, as an entry of a NIR node's metadata.

NIR has one threshold for each neuron. Other tools skip metadata that they do not know, and read the threshold that
holds after the table.
"""

from __future__ import annotations

from typing import Any

import nir
import numpy as np
import numpy.typing as npt

from neurotool.arrays import Float64Array

_GROUP, _ENTRY = "neurotool", "threshold_schedule"


def with_threshold_schedule(schedule: npt.ArrayLike) -> dict[str, Any]:
    """Return the metadata of a node with a schedule.

    Args:
        schedule: Thresholds ``(rows, *shape)`` of the first time steps; axes of the population may be 1.
    """
    return {_GROUP: {_ENTRY: np.asarray(schedule, np.float64)}}


def threshold_schedule(op: nir.NIRNode) -> Float64Array | None:
    """Return the schedule of a node as it is stored, or None where there is none."""
    own = op.metadata.get(_GROUP, {}) if isinstance(op.metadata, dict) else {}
    schedule = own.get(_ENTRY) if isinstance(own, dict) else None
    return None if schedule is None else np.asarray(schedule, np.float64)

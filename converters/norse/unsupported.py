"""Norse modules that hold state and have no rule, with the nearest module that has one."""

from __future__ import annotations

import torch
from norse.torch import LILinearCell, RecurrentSequential, RegularizationCell
from norse.torch.functional.reset import reset_value
from norse.torch.module.snn import SNN, SNNCell, SNNRecurrent, SNNRecurrentCell

from neurotool.converters.norse.neurons import rule_for

_STATEFUL = (SNN, SNNCell, SNNRecurrent, SNNRecurrentCell, LILinearCell, RecurrentSequential, RegularizationCell)

_SUPPORTED = "use LIF, LIFCell, LIFBoxCell, LI, LICell, LIBoxCell, IAF or IAFCell"

_REWRITES = {
    "LIFRecurrent": "use Lift(Linear) and LIF without recurrence",
    "LIFRecurrentCell": "use Linear and LIFCell without recurrence",
    "LIFRefracCell": "use LIFCell, which has no refractory period",
    "LILinearCell": "use Linear and LICell",
    "LSNN": "use LIF, whose threshold is fixed",
    "LSNNCell": "use LIFCell, whose threshold is fixed",
    "RecurrentSequential": "use SequentialState without feedback",
}


def refusal(module: torch.nn.Module) -> str | None:
    """Return the nearest rewrite of a Norse module that cannot be converted, or None if it can or is not Norse's."""
    if isinstance(module, _STATEFUL) and rule_for(module) is None:
        return _REWRITES.get(type(module).__name__, _SUPPORTED)
    reset = getattr(getattr(module, "p", None), "reset_method", reset_value)
    if rule_for(module) is not None and reset is not reset_value:
        return "use reset_method=reset_value: resets by subtraction are not supported"
    return None

"""Norse modules that hold state and have no rule, with the nearest module that has one."""

from __future__ import annotations

import torch
from norse.torch import LILinearCell, RecurrentSequential, RegularizationCell
from norse.torch.functional.reset import reset_value
from norse.torch.module.snn import SNN, SNNCell, SNNRecurrent, SNNRecurrentCell

from neurotool.converters.norse.neurons import rule_for

_STATEFUL = (SNN, SNNCell, SNNRecurrent, SNNRecurrentCell, LILinearCell, RecurrentSequential, RegularizationCell)

_SUPPORTED = "use LIF, LIFCell, LIFBoxCell, LI, LICell, LIBoxCell, IAF, IAFCell, LIFRecurrent or LIFRecurrentCell"

_REWRITES = {
    "LIFRefracCell": "use LIFCell, which has no refractory period",
    "LILinearCell": "use Linear and LICell",
    "LSNN": "use LIF, whose threshold is fixed",
    "LSNNCell": "use LIFCell, whose threshold is fixed",
    "LSNNRecurrent": "use LIFRecurrent, whose threshold is fixed",
    "LSNNRecurrentCell": "use LIFRecurrentCell, whose threshold is fixed",
    "LIFRefracRecurrent": "use LIFRecurrent, which has no refractory period",
    "LIFRefracRecurrentCell": "use LIFRecurrentCell, which has no refractory period",
    "RecurrentSequential": "use SequentialState, and LIFRecurrent for the feedback",
}


def refusal(module: torch.nn.Module) -> str | None:
    """Return the nearest rewrite of a Norse module that cannot be converted, or None if it can or is not Norse's."""
    if isinstance(module, _STATEFUL) and rule_for(module) is None:
        return _REWRITES.get(type(module).__name__, _SUPPORTED)
    rule = rule_for(module)
    if rule is None or rule.recurrent:  # recurrent neurons reset to a value, whatever their parameters say
        return None
    reset = getattr(getattr(module, "p", None), "reset_method", reset_value)
    if reset is not reset_value:
        return "use reset_method=reset_value: resets by subtraction are not supported"
    return None

"""When an operation runs relative to time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import fx

from neurotool.converters.torch import layers
from neurotool.converters.torch.interpret import Layout
from neurotool.converters.torch.tracer import STEPPED
from neurotool.ir.values import TimeScope


def scope_of(node: fx.Node, call: Any, operands: Sequence[Layout], result: Layout) -> TimeScope:
    """Return the time scope of an operation.

    Args:
        node: Its node in the trace.
        call: The module or function.
        operands: Axes of the values that it takes.
        result: Axes of what it makes.

    Returns:
        ``ONCE`` where no operand has a time axis; ``PER_STEP`` where it is known that every step is treated by itself;
        ``OVER_TIME`` otherwise.
    """
    if not any(operand.timed for operand in operands):
        return TimeScope.ONCE
    per_step = isinstance(call, layers.PER_STEP_MODULES) or node.target in layers.PER_STEP_CALLS
    alone = result.timed and (per_step or bool(node.meta.get(STEPPED, False)))
    return TimeScope.PER_STEP if alone and all(v.standard for v in (result, *operands)) else TimeScope.OVER_TIME

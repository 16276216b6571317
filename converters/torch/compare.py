"""Compares a trace with the module that it was made of, on the example."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from neurotool.converters.torch.interpret import Measured
from neurotool.converters.torch.record import tensors_of
from neurotool.converters.torch.roll import delayed
from neurotool.converters.torch.trace import Traced
from neurotool.diagnostics import Diagnostic, Severity

SHARE = 0.01
"""Largest share of values that may differ: sums are taken in another order, which may move a spike."""


def differences(module: torch.nn.Module, traced: Traced, measured: Measured) -> list[Diagnostic]:
    """Find out whether a model is another one than its trace, as one that draws random numbers is.

    Two sizes of the batch are tried, so that a branch on it shows. Models that a caller steps are not run here, nor
    those with a feedback loop, which the runs that measure axes leave open.
    """
    if traced.stepped or any(node.target is delayed for node in traced.module.graph.nodes):
        return []
    runs = {0: measured.values, 1: measured.wider}
    return [_finding(extra) for extra, values in runs.items() if not _agree(module, traced, values, extra)][:1]


def _agree(module: torch.nn.Module, traced: Traced, values: Mapping[Any, Any], extra: int) -> bool:
    inputs = {name: one.in_order(one.resized(0, extra)) for name, one in traced.call.inputs.items()}
    with torch.no_grad():
        expected = tensors_of(module(**traced.call.arguments(inputs)))
    found = tensors_of(next(value for node, value in values.items() if node.op == "output"))
    return len(found) == len(expected) and all(_close(a, b) for a, b in zip(found, expected, strict=True))


def _close(found: torch.Tensor, expected: torch.Tensor) -> bool:
    if found.shape != expected.shape:
        return False
    differ = ~torch.isclose(found.float(), expected.float(), rtol=1e-3, atol=1e-4, equal_nan=True)
    return bool(differ.float().mean() <= SHARE) if differ.numel() else True


def _finding(extra: int) -> Diagnostic:
    when = "with one sample more than it was traced with" if extra else "on the example that it was traced with"
    message = f"the model gives another answer than its trace {when}"
    fix = "draw no random numbers, take no branch on the batch size, and write x = x + y instead of x += y"
    return Diagnostic("NT-TORCH-015", Severity.ERROR, "", message, fix=fix)

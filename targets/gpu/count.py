"""Counts the work of dense parts on fake tensors: no arithmetic is done and no data is needed.

Fake tensors are meta tensors that remember a device, so that operators take the same path as in a real run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from neurotool.errors import UnsupportedError
from neurotool.ir.adapters import Array
from neurotool.ir.costs import DenseCounts
from neurotool.targets.gpu.dense import check_shapes
from neurotool.targets.gpu.flops import FORMULAS, IGNORED, simple_flops
from neurotool.targets.gpu.pt2_check import load_program


def count_dense(path: Path, inputs: Sequence[Array]) -> DenseCounts:
    """Count one call of a ``.pt2`` file.

    Products of matrices, convolutions and attention are counted by the formulas of ``torch.utils.flop_counter`` (two
    operations per multiply-accumulate; adding a bias is part of it), other operators by the table of
    :mod:`neurotool.targets.gpu.flops`. Views cost nothing.

    Args:
        path: The file.
        inputs: Values, of which only the shapes matter, in the order of the inputs of the part.

    Returns:
        Totals for the batch that the inputs hold. The memory traffic assumes that every operator reads its operands
        from memory and writes its results back.

    Raises:
        UsageError: As for :func:`neurotool.targets.gpu.dense.run_dense`.
        UnsupportedError: The part holds operators whose work is unknown; names them all.
    """
    program = load_program(path)
    batch = check_shapes(path, program, inputs)
    module = program.module(check_guards=False)
    meter = Meter()
    with torch.no_grad(), FakeTensorMode(allow_non_fake_inputs=True):
        values = [torch.empty(array.shape) for array in inputs]
        with meter:
            module(*values)
    if meter.unknown:
        raise UnsupportedError(
            f"{path}: the work of {', '.join(sorted(meter.unknown))} cannot be counted",
            hint="rewrite the part with common operators",
        )
    return DenseCounts(meter.flops, meter.bytes_moved, meter.kernels, batch)


class Meter(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch leaves its modes untyped
    """Sees every ATen operator that runs, after composite operators are taken apart."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # likewise
        self.flops = 0.0
        self.bytes_moved = 0.0
        self.kernels = 0
        self.unknown: set[str] = set()

    def include(self, other: Meter) -> None:
        """Add what another one saw."""
        self.flops += other.flops
        self.bytes_moved += other.bytes_moved
        self.kernels += other.kernels
        self.unknown |= other.unknown

    def further(self, other: Meter, times: int) -> Meter:
        """This one with the difference to another one so many times."""
        made = Meter()
        made.flops = self.flops + times * (other.flops - self.flops)
        made.bytes_moved = self.bytes_moved + times * (other.bytes_moved - self.bytes_moved)
        made.kernels = self.kernels + times * (other.kernels - self.kernels)
        made.unknown = self.unknown | other.unknown
        return made

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        packet = func._overloadpacket
        if packet not in FORMULAS and packet not in IGNORED:
            with self:
                parts = func.decompose(*args, **kwargs)
            if parts is not NotImplemented:
                return parts
        result = func(*args, **kwargs)
        if not func.is_view and packet not in IGNORED:
            self._count(func, packet, args, kwargs, result)
        return result

    def _count(self, func: Any, packet: Any, args: Any, kwargs: Any, result: Any) -> None:
        if packet in FORMULAS:
            self.flops += FORMULAS[packet](*args, **kwargs, out_val=result)
        else:
            flops = simple_flops(packet, args, result)
            if flops is None:
                self.unknown.add(str(func))
                return
            self.flops += flops
        self.kernels += 1
        self.bytes_moved += sum(t.numel() * t.element_size() for t in _tensors((args, kwargs, result)))


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _tensors(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _tensors(item)

"""Runs dense parts from ``.pt2`` files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind
from torch.export.passes import move_to_device_pass

from neurotool.errors import BackendMissingError, UsageError
from neurotool.ir.adapters import Array
from neurotool.targets.gpu.device import reference_arithmetic, to_array, to_tensor
from neurotool.targets.gpu.pt2_check import load_program
from neurotool.targets.torch_device import choose_device


class DensePart:
    """A dense part, loaded after the safety checks and held on the device.

    Args:
        path: The ``.pt2`` file.
        compiled: Compile it with ``torch.compile`` at the first run.

    Raises:
        UsageError: The file is not safe, or damaged.
    """

    def __init__(self, path: Path, *, compiled: bool = False) -> None:
        self.path = path
        self.device = choose_device()
        self._program = load_program(path)
        program = self._program if self.device.type == "cpu" else move_to_device_pass(self._program, self.device)
        module: Callable[..., Sequence[torch.Tensor]] = program.module(check_guards=False)
        self._compiled = compiled
        self._call = torch.compile(module, dynamic=True) if compiled else module

    def __call__(self, inputs: Sequence[Array]) -> tuple[Array, ...]:
        """Run it in float32.

        Args:
            inputs: Values in the order of the inputs of the part, of any batch size.

        Returns:
            Values in the order of the outputs of the part.

        Raises:
            UsageError: The inputs do not fit it.
            BackendMissingError: Torch cannot compile here.
        """
        check_shapes(self.path, self._program, inputs)
        with reference_arithmetic():
            values = self._run([to_tensor(array, self.device) for array in inputs])
        return tuple(to_array(value) for value in values)

    def _run(self, tensors: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        if not self._compiled:
            return self._call(*tensors)
        from torch._dynamo.exc import BackendCompilerFailed, TorchDynamoException

        try:
            return self._call(*tensors)
        except (BackendCompilerFailed, TorchDynamoException, FileNotFoundError) as error:
            reason = str(error).strip().splitlines()[0]
            raise BackendMissingError(
                f"torch cannot compile {self.path.name} here: {reason}", hint="leave out --compile"
            ) from error


def run_dense(path: Path, inputs: Sequence[Array]) -> tuple[Array, ...]:
    """Load a ``.pt2`` file and run it once; see :class:`DensePart`.

    Raises:
        UsageError: The file is not safe, damaged, or the inputs do not fit it.
    """
    return DensePart(path)(inputs)


def check_shapes(path: Path, program: ExportedProgram, inputs: Sequence[Array]) -> int:
    """Compare inputs with what a program takes and return the size of their batch.

    Raises:
        UsageError: Their number or shapes differ, or their batch sizes differ among each other.
    """
    expected = _input_shapes(program)
    if len(inputs) != len(expected):
        raise UsageError(f"{path}: the dense part takes {len(expected)} inputs, {len(inputs)} were given")
    batches: set[int] = set()
    for index, (array, shape) in enumerate(zip(inputs, expected, strict=True)):
        fixed = all(want in (None, have) for want, have in zip(shape, array.shape, strict=False))
        if array.ndim != len(shape) or not fixed:
            wanted = ", ".join("batch" if size is None else str(size) for size in shape)
            raise UsageError(f"{path}: input {index} has shape {tuple(array.shape)}, expected [{wanted}]")
        batches.update(have for want, have in zip(shape, array.shape, strict=True) if want is None)
    if len(batches) > 1 or 0 in batches:
        raise UsageError(f"{path}: the inputs must share one batch size above zero, found {sorted(batches)}")
    return batches.pop()


def _input_shapes(program: ExportedProgram) -> list[tuple[int | None, ...]]:
    """Shape of each input, with None for the batch axis."""
    names = [s.arg.name for s in program.graph_signature.input_specs if s.kind is InputKind.USER_INPUT]
    nodes = {node.name: node for node in program.graph.nodes if node.op == "placeholder"}
    return [
        tuple(None if isinstance(size, torch.SymInt) else int(size) for size in nodes[name].meta["val"].shape)
        for name in names
    ]

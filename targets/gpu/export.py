"""Writes dense parts as ``.pt2`` files that need no trust."""

from __future__ import annotations

import io
import json
import tempfile
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.export import Dim, ExportedProgram

from neurotool.errors import NeurotoolError, UnsupportedError, UsageError
from neurotool.ir.adapters import Array
from neurotool.ir.atomic_file import replacing
from neurotool.ir.graph import Graph
from neurotool.targets.gpu import pt2_archive
from neurotool.targets.gpu.device import reference_arithmetic, to_tensor
from neurotool.targets.gpu.module import GraphModule
from neurotool.targets.gpu.pt2_check import load_program
from neurotool.targets.gpu.reference import check_inputs

Tensors = tuple[torch.Tensor, ...]


def export_dense(graph: Graph, inputs: Mapping[str, Array], path: Path) -> None:
    """Write a dense part as a ``.pt2`` file with a dynamic batch dimension and a fixed number of time steps.

    The file holds raw tensors and JSON, no pickle and no source paths; the same part gives the same bytes. Before it is
    put in place, it is loaded through the safety checks and compared with the part on the example and on a batch of one
    and of one more sample.

    Args:
        graph: The part, cut out with :func:`neurotool.ir.graph.subgraph`.
        inputs: Example value of every input, ``[time, batch, *shape]`` or ``[batch, *shape]``.
        path: File to write; an existing file is replaced.

    Raises:
        UsageError: The example does not fit the inputs.
        UnsupportedError: The part cannot be exported, or gives other values after export.
    """
    check_inputs(graph, inputs)
    axes = [int(graph.nodes[name].timed) for name in graph.inputs]
    example = tuple(to_tensor(inputs[name], torch.device("cpu")) for name in graph.inputs)
    module = GraphModule(graph)
    with reference_arithmetic():
        program = _trace(graph, module, _two_samples(example, axes), axes)
        data = pt2_archive.pack(_plain_members(program))
        _verify(graph, module, example, axes, data)
    with replacing(path) as staged:
        staged.write_bytes(data)


def _trace(graph: Graph, module: GraphModule, example: Tensors, axes: Sequence[int]) -> ExportedProgram:
    """Export, and make the operations functional, which leaves values as they are."""
    batch = Dim("batch", min=1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shapes = {"inputs": tuple({axis: batch} for axis in axes)}
            program: ExportedProgram = torch.export.export(module, example, dynamic_shapes=shapes, strict=False)
            functional: ExportedProgram = program.run_decompositions({})
    except NeurotoolError:
        raise
    except Exception as error:  # torch raises many types for a module that it cannot trace
        raise UnsupportedError(
            f"the dense part of {_names(graph)} cannot be exported: {_first_line(error)}",
            hint="its operations must work for every batch size and must not depend on the values of tensors",
        ) from error
    return functional


def _two_samples(example: Tensors, axes: Sequence[int]) -> Tensors:
    """The first sample twice: torch takes a dimension of size one as fixed, and notes the size in the file."""
    first = (value.narrow(axis, 0, 1) for value, axis in zip(example, axes, strict=True))
    return tuple(torch.cat([value, value], axis) for value, axis in zip(first, axes, strict=True))


def _plain_members(program: ExportedProgram) -> dict[str, bytes]:
    """Members of the archive without what nobody needs: sample inputs (a pickle), guards, and traces of the source."""
    buffer = io.BytesIO()
    program.example_inputs = None
    torch.export.save(program, buffer)
    with zipfile.ZipFile(buffer) as archive:
        members = {info.filename.partition("/")[2]: archive.read(info) for info in archive.infolist()}
    model: dict[str, Any] = json.loads(members[pt2_archive.MODEL])
    model["guards_code"] = []
    graph_module = model["graph_module"]
    graph_module["module_call_graph"] = [c for c in graph_module["module_call_graph"] if not c["fqn"]]
    graph_module["metadata"] = {}
    for node in graph_module["graph"]["nodes"]:
        node["metadata"] = {}
    members[pt2_archive.MODEL] = json.dumps(model).encode()
    members[pt2_archive.SAMPLE_INPUTS] = b""
    members.pop(pt2_archive.SERIALIZATION_ID, None)  # random
    return members


def _verify(graph: Graph, module: GraphModule, example: Tensors, axes: Sequence[int], data: bytes) -> None:
    """Load what was made, as a user would, and compare it with the module for three batch sizes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "part.pt2"
        path.write_bytes(data)
        try:
            exported = load_program(path).module(check_guards=False)
        except UsageError as error:
            reason = error.message.removeprefix(f"{path}: ")
            raise UnsupportedError(
                f"the dense part of {_names(graph)} cannot be written as a safe file: {reason}", hint=error.hint
            ) from error
    one = tuple(value.narrow(axis, 0, 1) for value, axis in zip(example, axes, strict=True))
    more = tuple(torch.cat(pair, axis) for *pair, axis in zip(example, one, axes, strict=True))
    for values in (example, one, more):
        for name, before, after in zip(graph.outputs, module(*values), exported(*values), strict=True):
            _compare(name, before, after)


def _compare(name: str, before: torch.Tensor, after: torch.Tensor) -> None:
    try:
        torch.testing.assert_close(after, before, equal_nan=True)
    except AssertionError as error:
        raise UnsupportedError(
            f"output {name!r} changes when the dense part is exported: {_first_line(error)}",
            hint="operations that draw random numbers or depend on the size of the batch cannot be exported",
        ) from error


def _names(graph: Graph) -> str:
    names = [repr(n) for n in graph.nodes if n not in graph.inputs and n not in graph.outputs]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more nodes" if len(names) > 3 else "")


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__

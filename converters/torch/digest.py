"""Digest of a module's state, by which ``verify`` knows whether a model is still the one that was converted.

Every field goes in with its kind and its length, so that no two states give the same bytes. Nothing is pickled: what
pickle writes depends on versions, and on which objects are one and the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from itertools import chain

import numpy as np
import torch

from neurotool.errors import UsageError

DEEPEST = 50
"""Containers within each other; more are taken for a state that holds itself."""


def digest_of(module: torch.nn.Module, neurons: Mapping[str, object]) -> str:
    """Digest of the class name, every entry of the state dictionary, and the neurons, which keep theirs elsewhere.

    Args:
        module: The module.
        neurons: Operation of each neuron of its graph, by name; their arrays count.

    Raises:
        UsageError: An entry is neither a plain tensor nor made of numbers, text and bytes; the message names it.
    """
    digest = hashlib.sha256()
    arrays = {
        name: {field: value for field, value in vars(op).items() if isinstance(value, np.ndarray)}
        for name, op in neurons.items()
    }
    kind = f"{type(module).__module__}.{type(module).__qualname__}"
    for field in chain(_fields(kind), _fields(module.state_dict()), _fields(arrays)):
        part = memoryview(field)
        digest.update(part.nbytes.to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()


def _fields(value: object, path: str = "", depth: int = 0) -> Iterator[bytes | memoryview]:
    """Take a value apart into fields, each container with its kind and size before its parts."""
    if depth > DEEPEST:
        raise _refusal(f"{path[:40]}...", "is nested too deep, or holds itself")
    if isinstance(value, torch.Tensor):
        yield from _tensor(value, path)
    elif isinstance(value, np.ndarray | np.generic) and not np.asarray(value).dtype.hasobject:
        yield from _array(np.asarray(value))
    elif isinstance(value, Mapping):
        yield from (b"mapping", str(len(value)).encode())
        for key in sorted(value, key=lambda key: (type(key).__name__, str(key))):
            yield from _plain(key, path)
            yield from _fields(value[key], _below(path, key), depth + 1)
    elif isinstance(value, list | tuple):
        yield from (b"sequence", str(len(value)).encode())
        for position, part in enumerate(value):
            yield from _fields(part, _below(path, position), depth + 1)
    else:
        yield from _plain(value, path)


def _below(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def _plain(value: object, path: str) -> Iterator[bytes]:
    """A value without parts: its kind and its text."""
    if isinstance(value, bytes | bytearray):
        yield from (b"bytes", bytes(value))
    elif isinstance(value, str):
        yield from (b"text", value.encode("utf-8", "surrogatepass"))
    elif value is None or isinstance(value, bool | int | float | complex):
        yield from (type(value).__name__.encode(), repr(value).encode())
    else:
        raise _refusal(path, f"is of type {type(value).__name__}")


def _tensor(value: torch.Tensor, path: str) -> Iterator[bytes | memoryview]:
    """A tensor: its type, its shape and the bytes of its values in row-major order."""
    if value.is_meta:
        raise _refusal(path, "is a tensor without values")
    if value.is_quantized:
        raise _refusal(path, "is a quantised tensor")
    if value.layout != torch.strided:
        raise _refusal(path, f"is a tensor of layout {value.layout}")
    # Bits are set that only mark a value as conjugated or negated: the bytes are to be those of the value.
    plain = value.detach().cpu().resolve_conj().resolve_neg()
    values = plain.clone(memory_format=torch.contiguous_format)  # contiguous() leaves odd strides on single values
    yield from (b"tensor", str(value.dtype).encode(), str(tuple(value.shape)).encode())
    yield values.reshape(-1).view(torch.uint8).numpy().data  # NumPy has no bfloat16, so bytes are taken in torch


def _array(value: np.ndarray) -> Iterator[bytes | memoryview]:
    yield from (b"array", str(value.dtype).encode(), str(value.shape).encode())
    yield np.ascontiguousarray(value).reshape(-1).view(np.uint8).data


def _refusal(path: str, found: str) -> UsageError:
    return UsageError(
        f"the model's state cannot be recorded: {path!r} {found}",
        hint="keep plain tensors, numbers, text and bytes in the state dictionary (see get_extra_state)",
    )

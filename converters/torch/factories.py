"""Lets ``torch.zeros(batch, ...)`` take part in a symbolic trace: torch sends only calls on tensors there by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import torch
from torch import fx

_FACTORIES = ("zeros", "ones", "full", "empty", "arange")


@contextmanager
def symbolic_factories(tracer: fx.Tracer) -> Iterator[None]:
    """Record calls of torch's factories whose sizes are symbolic, while a model is traced."""
    own = {name: getattr(torch, name) for name in _FACTORIES}
    try:
        for name, factory in own.items():
            setattr(torch, name, _symbolic(tracer, factory))
        yield
    finally:
        for name, factory in own.items():
            setattr(torch, name, factory)


def _symbolic(tracer: fx.Tracer, factory: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(factory)
    def call(*args: Any, **kwargs: Any) -> Any:
        found: list[fx.Proxy] = []
        fx.node.map_aggregate((args, kwargs), lambda leaf: found.append(leaf) if isinstance(leaf, fx.Proxy) else leaf)
        if not found:
            return factory(*args, **kwargs)
        return tracer.create_proxy("call_function", factory, args, kwargs)

    return call

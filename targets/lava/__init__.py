"""The real Lava as a target, in an interpreter of its own.

Importing this package imports neither Lava nor anything else that takes time: the supervisor and the worker, which are
modules of it, must start at once. ``TARGET`` is made on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurotool.targets.lava.target import LavaTarget

    TARGET: LavaTarget

__all__ = ["TARGET"]


def __getattr__(name: str) -> Any:
    if name != "TARGET":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from neurotool.targets.lava.target import LavaTarget

    globals()["TARGET"] = target = LavaTarget()
    return target

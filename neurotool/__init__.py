"""neurotool: the deployment toolchain for hybrid spiking models.

The package is a compiler core. A PyTorch/Norse model or a NIR file goes in, a checked bundle comes out whose spiking
half is a program of integers for Loihi-style execution and whose dense half runs in torch. ``neurotool.pipeline`` is
the Python interface to the same stages as the command line; its verbs are at hand here, as ``neurotool.partition`` and
so on.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_VERBS = ("convert", "estimate_energy", "export", "inspect", "partition", "run", "verify")

__all__ = ["__version__", *_VERBS]


def __getattr__(name: str) -> Any:
    """Import a verb when it is asked for, so that ``import neurotool`` stays light (PEP 562)."""
    if name in _VERBS:
        return getattr(import_module("neurotool.pipeline.session.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_VERBS])

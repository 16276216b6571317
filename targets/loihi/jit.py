"""Compiling the inner loops."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba
import numba.extending

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Compile a loop at its first call, without the interpreter's lock, and keep the machine code on disk.

    The machine code lies beside the source, in the user's cache where that cannot be written, or in
    ``NUMBA_CACHE_DIR``. Where nothing can be written every process compiles again.
    """
    try:
        return cast(Function, numba.njit(nogil=True, cache=True)(function))
    except RuntimeError:  # numba's answer when it finds no place that it may write to
        return cast(Function, numba.njit(nogil=True)(function))


def inlined(function: Function) -> Function:
    """Compile a function into those that call it: for short work with many arguments, whose passing takes as long."""
    return numba.extending.register_jitable(inline="always")(function)

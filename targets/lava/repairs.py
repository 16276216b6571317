"""Run-time repairs that let lava-nc 0.10.0 and lava-dl 0.6.0 run on Python 3.11 to 3.13 with numpy 2.

Both were written for Python 3.10 and numpy 1 and are archived. Each repair below belongs to one Lava module and is
applied while Python imports that module for the first time; no file is changed. Call :func:`install` before anything
of Lava is imported.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

Repair = Callable[[Any], AbstractContextManager[None]]
"""Takes a module and wraps its execution: what precedes the yield happens before its code runs, the rest after it."""


@contextmanager
def _copy_mutable_defaults(_: Any) -> Iterator[None]:
    """Give each dataclass instance its own copy of a default that is itself a dataclass (refused since Python 3.11)."""
    original = dataclasses.dataclass

    def dataclass(cls: type | None = None, /, **options: Any) -> Any:
        if cls is None:
            return functools.partial(dataclass, **options)
        for name in inspect.get_annotations(cls):
            default = cls.__dict__.get(name)
            if dataclasses.is_dataclass(default) and not isinstance(default, type):
                setattr(cls, name, dataclasses.field(default_factory=functools.partial(copy.copy, default)))
        return original(cls, **options)

    dataclasses.dataclass = dataclass
    try:
        yield
    finally:
        dataclasses.dataclass = original


@contextmanager
def _reshape_by_position(module: Any) -> Iterator[None]:
    """Let reshape and flatten ports pass the shape by position: numpy 2.4 has no ``newshape`` keyword."""
    yield

    def reshape(shape: tuple[int, ...], array: Any) -> Any:
        return array.reshape(shape)

    module.ReshapePort.get_transform_func_fwd = lambda port: functools.partial(reshape, port.shape)
    module.ReshapePort.get_transform_func_bwd = lambda port: functools.partial(reshape, port.old_shape)


@contextmanager
def _widen_conv_geometry(module: Any) -> Iterator[None]:
    """Hold the geometry of a convolution in 32 bits: in int8, numpy 2 refuses inputs wider than 127."""
    yield
    import numpy as np

    for name in ("kernel_size", "stride", "padding", "dilation", "groups"):
        getattr(module.AbstractPyConvModel, name).d_type = np.int32


@contextmanager
def _inverse_root_of_one_element(module: Any) -> Iterator[None]:
    """Hand the inverse square root a number: numpy 2.4 converts no array of one element to an integer."""
    yield
    of_number = module.inv_sqrt

    @functools.wraps(of_number)
    def inv_sqrt(s_fp: Any, *args: Any, **kwargs: Any) -> Any:
        return of_number(s_fp.item() if hasattr(s_fp, "item") else s_fp, *args, **kwargs)

    module.inv_sqrt = inv_sqrt


@contextmanager
def _integer_of_one_element(module: Any) -> Iterator[None]:
    """Let the NetX reader take ``int()`` of arrays of one element, which numpy 2.4 refuses."""
    yield

    def integer(value: Any) -> int:
        return int(value[()].item()) if getattr(value, "size", 0) == 1 else int(value)

    module.int = integer  # shadows the builtin in that module alone


@contextmanager
def _leave_empty_if_it_fails(_: Any) -> Iterator[None]:
    """Let SLAYER load without its object detection, which wants OpenCV and a torchvision that matches torch."""
    with suppress(Exception):  # absent: ImportError; torchvision built for another torch: RuntimeError, OSError
        yield


REPAIRS: Mapping[str, Repair] = {
    "lava.magma.compiler.var_model": _copy_mutable_defaults,
    "lava.magma.core.process.ports.ports": _reshape_by_position,
    "lava.proc.conv.models": _widen_conv_geometry,
    "lava.proc.graded.models": _inverse_root_of_one_element,
    "lava.lib.dl.netx.hdf5": _integer_of_one_element,
    "lava.lib.dl.slayer.object_detection": _leave_empty_if_it_fails,
}


class _RepairingLoader(Loader):
    """Executes a module as ``inner`` would, inside its repair."""

    def __init__(self, inner: Loader, repair: Repair) -> None:
        self._inner = inner
        self._repair = repair

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._inner.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        with self._repair(module):
            self._inner.exec_module(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _RepairFinder(MetaPathFinder):
    """Finds the modules that have a repair."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        repair = REPAIRS.get(fullname)
        spec = PathFinder.find_spec(fullname, path, target) if repair is not None else None
        if repair is None or spec is None or spec.loader is None:
            return None
        spec.loader = _RepairingLoader(spec.loader, repair)
        return spec


def install() -> None:
    """Arrange for every repair to be applied when its module is imported. Calling it again does nothing.

    Raises:
        RuntimeError: A module with a repair has been imported already.
    """
    if any(isinstance(finder, _RepairFinder) for finder in sys.meta_path):
        return
    late = [name for name in REPAIRS if name in sys.modules]
    if late:
        raise RuntimeError(f"Lava was imported before its repairs: {', '.join(late)}")
    sys.meta_path.insert(0, _RepairFinder())

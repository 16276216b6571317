"""Imports the module that a specification names."""

from __future__ import annotations

import difflib
import importlib
import inspect
import sys
import traceback
from pathlib import Path
from typing import Any

import torch

from neurotool.errors import UsageError


def resolve(spec: str, seed: int) -> torch.nn.Module:
    """Import ``package.module:name`` with the current directory first on the path, and call it if it is a factory.

    Torch is seeded before the import and again before the call, so that weights which either draws are the same ones
    whenever the model is loaded, whether or not this process has imported the module already.

    Raises:
        UsageError: The module or name does not exist, fails, or gives no ``torch.nn.Module``.
    """
    module_name, _, attribute = spec.partition(":")
    here = str(Path.cwd())
    if sys.path[:1] != [here]:
        sys.path.insert(0, here)
    torch.manual_seed(seed)
    found = _attribute(_import(module_name, spec), attribute, spec)
    if not isinstance(found, torch.nn.Module):
        if not callable(found):
            raise UsageError(f"{spec} is of type {type(found).__name__}, neither a torch module nor a factory of one")
        torch.manual_seed(seed)
        found = _call(found, spec)
    if not isinstance(found, torch.nn.Module):
        raise UsageError(f"{spec} returned a value of type {type(found).__name__}, expected a torch.nn.Module")
    return found.eval()


def _import(name: str, spec: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise UsageError(
                f"{spec}: there is no module {error.name!r}", hint=f"looked in {Path.cwd()} first, then in sys.path"
            ) from None
        raise UsageError(f"{spec}: importing it failed: {_where(error)}") from None
    except Exception as error:  # a user's module may raise anything
        raise UsageError(f"{spec}: importing it failed: {_where(error)}") from None


def _attribute(module: Any, path: str, spec: str) -> Any:
    found = module
    for name in path.split("."):
        if not hasattr(found, name):
            near = difflib.get_close_matches(name, dir(found), n=3)
            hint = f"did you mean {', '.join(near)}?" if near else None
            raise UsageError(f"{spec}: {module.__name__} has no {path!r}", hint=hint)
        found = getattr(found, name)
    return found


def _call(factory: Any, spec: str) -> Any:
    try:
        inspect.signature(factory).bind()
    except TypeError as error:
        raise UsageError(
            f"{spec} cannot be called without arguments: {error}", hint="name a factory that can"
        ) from None
    except ValueError:  # built-in callables may tell no signature
        pass
    try:
        return factory()
    except Exception as error:  # a user's factory may raise anything
        raise UsageError(f"{spec} failed: {_where(error)}") from None


def _where(error: BaseException) -> str:
    """Describe an exception with the line that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"

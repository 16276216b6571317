"""Imports the module that a specification names."""

from __future__ import annotations

import difflib
import importlib
import inspect
import sys
import sysconfig
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
        UsageError: The module or name does not exist, fails, exits, or gives no ``torch.nn.Module``.
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
        raise UsageError(f"{spec}: importing it failed: {_what(error)}") from error
    except SystemExit as error:
        raise UsageError(
            f"{spec}: importing it ended in sys.exit{_place(error)}",
            hint="guard what the script does when it is run with if __name__ == '__main__':",
        ) from error
    except Exception as error:  # a user's module may raise anything
        raise UsageError(f"{spec}: importing it failed: {_what(error)}") from error


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
    except SystemExit as error:
        raise UsageError(
            f"{spec} ended in sys.exit{_place(error)}", hint="name a factory that returns the model, and nothing else"
        ) from error
    except Exception as error:  # a user's factory may raise anything
        raise UsageError(f"{spec} failed: {_what(error)}") from error


def _what(error: BaseException) -> str:
    """Describe an exception with the line of the user's that led to it."""
    return f"{type(error).__name__}: {error}{_place(error)}"


def _place(error: BaseException) -> str:
    """The last line outside of what is installed: one inside torch tells little. Empty where no code ran."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not _imports(f.filename)]
    own = [f for f in frames if not _installed(f.filename)] or frames
    return f" ({own[-1].filename}:{own[-1].lineno})" if own else ""


def _imports(file: str) -> bool:
    """Whether a file only leads to the user's module: this one, and Python's import system."""
    return file == __file__ or file == importlib.__file__ or file.startswith("<frozen importlib")


def _installed(file: str) -> bool:
    """Whether a file is of Python or of a package that was installed."""
    return "site-packages" in Path(file).parts or Path(file).is_relative_to(sysconfig.get_path("stdlib"))

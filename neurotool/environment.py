"""What is installed here, what each part is for, and the command that brings what is missing.

The bounds are those of neurotool's own package metadata; versions of other packages are read from theirs, so that
nothing heavy is imported to look.
"""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from neurotool import plugins

Command = tuple[str, ...]
STDERR = 2
"""File descriptor; standard output is kept for the result of the command."""

_PURPOSES = {
    "array-api-compat": "one neuron step for numpy and torch",
    "click": "command line",
    "h5py": "program, trace and data files",
    "llvmlite": "vector instructions of the integer engine",
    "matplotlib": "figures",
    "networkx": "graph algorithms",
    "nir": "graph format and files",
    "norse": "spiking models as input",
    "numba": "the compiled scan of the integer engine",
    "numpy": "integers and arrays",
    "packaging": "this survey",
    "pydantic": "data models and their schemas",
    "PyYAML": "chip descriptions",
    "rich": "tables and progress",
    "scikit-learn": "the digits of the quickstart",
    "scipy": "statistics",
    "threadpoolctl": "threads of matrix products",
    "torch": "models, the dense half, the float reference",
}
_EXTRAS = {
    "examples": "studies of the examples on several cores",
    "nn": "decomposition of given weights in neurotool.nn",
}
"""Extras of the package metadata whose absence stops one thing, and which thing."""

_OPTIONAL_PACKAGES = {
    "lava-nc": "the real Lava, whose integers ours must equal",
    "lava-dl": "NetX networks",
}
_GROUPS = {
    plugins.CONVERTERS: "reads models",
    plugins.PROGRAM_FORMATS: "reads and writes chip programs",
    plugins.TARGETS: "runs models",
}


@dataclass(frozen=True)
class Component:
    """One part of the installation.

    Attributes:
        name: Package, plug-in or folder.
        purpose: What neurotool needs it for.
        version: Version found, or None.
        ok: Whether it can be used.
        required: Whether neurotool is broken without it.
        detail: Device, location, or what is wrong.
        commands: What to run, in order, to make it work.
    """

    name: str
    purpose: str
    version: str | None
    ok: bool
    required: bool
    detail: str = ""
    commands: tuple[Command, ...] = ()

    @property
    def fix(self) -> str:
        """The commands as one line for a shell."""
        return " && ".join(shlex.join(command) for command in self.commands)

    def to_json(self) -> dict[str, Any]:
        """Return the component as plain JSON values."""
        return asdict(self) | {"fix": self.fix}


def package_version(name: str) -> str | None:
    """Version of an installed package, or None; the package is not imported."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def survey() -> list[Component]:
    """Look at everything. Imports the plug-ins and asks the targets whether they work, which may take seconds."""
    return [_python(), *_packages(), *_extras(), *_optional_packages(), *_plugins(), _cache()]


def ready(components: Iterable[Component]) -> bool:
    """Whether everything required is there."""
    return all(c.ok for c in components if c.required)


def fixes(components: Iterable[Component]) -> list[Command]:
    """Commands that would bring what is missing, each once and in order."""
    return list(dict.fromkeys(command for c in components if not c.ok for command in c.commands))


def repair(commands: Sequence[Command], announce: Callable[[Command], None]) -> Command | None:
    """Run commands until one fails; their output goes to stderr.

    Args:
        commands: What to run.
        announce: Told of each command before it runs.

    Returns:
        The command that failed, or None.
    """
    for command in commands:
        announce(command)
        if subprocess.run(command, stdout=STDERR, check=False).returncode != 0:
            return command
    return None


def _pip_install(*arguments: str) -> Command:
    return (sys.executable, "-m", "pip", "install", *arguments)


def _python() -> Component:
    found = platform.python_version()
    needed = SpecifierSet(metadata("neurotool")["Requires-Python"])
    ok = needed.contains(found, prereleases=True)
    return Component("Python", "everything", found, ok, True, sys.executable if ok else f"needs {needed}")


def _packages() -> list[Component]:
    return [_package(r, _PURPOSES.get(r.name, ""), required=True) for r in _requirements("")]


def _extras() -> list[Component]:
    base = set(_requirements(""))
    return [
        _package(requirement, purpose, required=False)
        for extra, purpose in _EXTRAS.items()
        for requirement in _requirements(extra)
        if requirement not in base
    ]


def _requirements(extra: str) -> list[Requirement]:
    """What the package metadata asks for with an extra; with the empty one, always."""
    found = (Requirement(text) for text in requires("neurotool") or ())
    return [r for r in found if r.marker is None or r.marker.evaluate({"extra": extra})]


def _package(requirement: Requirement, purpose: str, *, required: bool) -> Component:
    found = package_version(requirement.name)
    if found is not None and requirement.specifier.contains(found, prereleases=True):
        return Component(requirement.name, purpose, found, True, required)
    detail = "not installed" if found is None else f"needs {requirement.specifier}"
    return Component(
        requirement.name,
        purpose,
        found,
        False,
        required,
        detail,
        (_pip_install(f"{requirement.name}{requirement.specifier}"),),
    )


def _optional_packages() -> list[Component]:
    found = {name: package_version(name) for name in _OPTIONAL_PACKAGES}
    missing = any(v is None for v in found.values())
    commands = _install_commands("lava") if missing else ()
    return [
        Component(name, purpose, found[name], True, False)
        if found[name]
        else Component(name, purpose, None, False, False, "not installed", commands)
        for name, purpose in _OPTIONAL_PACKAGES.items()
    ]


def _install_commands(target: str) -> tuple[Command, ...]:
    for plugin in plugins.load_all(plugins.TARGETS):
        if plugin.name == target and hasattr(plugin.value, "install_commands"):
            return tuple(tuple(command) for command in plugin.value.install_commands())
    return ()


def _plugins() -> list[Component]:
    return [
        _plugin(group.removeprefix("neurotool.").rstrip("s"), purpose, plugin)
        for group, purpose in _GROUPS.items()
        for plugin in plugins.load_all(group)
    ]


def _plugin(kind: str, purpose: str, plugin: plugins.Plugin) -> Component:
    name = f"{kind} {plugin.name}"
    if plugin.error:
        return Component(name, purpose, None, False, False, plugin.error)
    if not hasattr(plugin.value, "available"):
        return Component(name, purpose, None, True, False)
    state = plugin.value.available()
    commands = () if state.ok else _install_commands(plugin.name)
    return Component(name, purpose, None, state.ok, False, state.detail, commands)


def _cache() -> Component:
    folder = Path(os.environ.get("NEUROTOOL_CACHE") or Path.home() / ".cache" / "neurotool")
    nearest = next(p for p in (folder, *folder.parents) if p.exists())
    ok = nearest.is_dir() and os.access(nearest, os.W_OK)
    detail = str(folder) if ok else f"{nearest} cannot be written; set NEUROTOOL_CACHE to a folder that can"
    return Component("cache", "trained quickstart model", None, ok, False, detail)

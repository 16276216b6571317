"""What must be installed for the Lava target, and how."""

from __future__ import annotations

import sys
from importlib import metadata

from neurotool.targets.lava.names import LAVA, LAVA_DL

VERSIONS = {LAVA: "0.10.0", LAVA_DL: "0.6.0"}
"""The last releases; both projects are archived."""


def install_commands() -> list[list[str]]:
    """Return the commands that install Lava into this interpreter's environment, in order.

    The wheels declare Python 3.10 and old dependencies, so they are installed without both, and what they import at run
    time (the extra ``lava`` of neurotool) by itself.
    """
    pip = [sys.executable, "-m", "pip", "install"]
    wheels = [f"{name}=={version}" for name, version in VERSIONS.items()]
    return [[*pip, *_run_time_dependencies()], [*pip, "--no-deps", "--ignore-requires-python", *wheels]]


def installed() -> dict[str, str | None]:
    """Return the installed version of each Lava distribution, None where it is absent. Imports nothing of it."""
    return {name: _version(name) for name in VERSIONS}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _run_time_dependencies() -> list[str]:
    parts = (requirement.partition(";") for requirement in metadata.requires("neurotool") or [])
    return [name.strip() for name, _, marker in parts if marker.replace('"', "'").replace(" ", "") == "extra=='lava'"]

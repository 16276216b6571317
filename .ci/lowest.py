"""Print the lowest version that pyproject.toml allows of every package it names, as constraints for pip.

What they need in turn is left to pip.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from packaging.requirements import Requirement

EXTRAS = ("lava", "examples", "nn")
"""What users install; the tools of development may be as new as they like."""


def main() -> None:
    """Print ``name==version`` lines."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    texts = [*project["dependencies"], *(text for extra in EXTRAS for text in extras[extra])]
    for line in sorted({lowest(Requirement(text)) for text in texts}):
        print(line)


def lowest(requirement: Requirement) -> str:
    """The lower bound as a pin.

    Raises:
        ValueError: There is none.
    """
    (bound,) = (s.version for s in requirement.specifier if s.operator == ">=")
    return f"{requirement.name}=={bound}"


if __name__ == "__main__":
    main()

"""Where the pages and committed results of an example are: in a checkout of the sources, and nowhere else."""

from __future__ import annotations

from pathlib import Path

from neurotool.errors import UsageError

PAGE = "README.md"


def home(module: str) -> Path:
    """Return the folder that holds the page and the results of an example.

    Args:
        module: ``__file__`` of a module beside the page.

    Raises:
        UsageError: The package is installed without its sources, so that there is no page.
    """
    folder = Path(module).resolve().parent
    if not (folder / PAGE).is_file():
        raise UsageError(
            f"--publish writes into the example's {PAGE}, and {folder} has none: neurotool was installed from a wheel",
            hint="leave --publish out, since everything is in --out too; or run it in a checkout of neurotool",
        )
    return folder

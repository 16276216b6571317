"""The run that an example's factory loads: named by an environment variable, since a factory takes no arguments."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TrainedRun:
    """Where the factories of an example look for a trained network.

    Attributes:
        variable: Environment variable that names the folder of a run.
        default: Folder where nothing is named.
    """

    variable: str
    default: Path

    @property
    def folder(self) -> Path:
        """The folder that counts now. An empty variable counts as none."""
        return Path(os.environ.get(self.variable) or self.default)

    @contextmanager
    def at(self, folder: Path) -> Iterator[None]:
        """Let the factories load a run meanwhile, also when the tool reads its source again."""
        before = os.environ.get(self.variable)
        os.environ[self.variable] = str(folder.resolve())
        try:
            yield
        finally:
            if before is None:
                del os.environ[self.variable]
            else:
                os.environ[self.variable] = before

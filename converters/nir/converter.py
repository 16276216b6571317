"""The NIR converter. What it needs to read and write is imported when it does so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neurotool.ir.adapters import Source, SourceOptions
    from neurotool.ir.graph import Graph


class NirConverter:
    """Reads and writes ``.nir`` files (HDF5, as ``nir.read`` and ``nir.write`` do)."""

    name = "nir"

    def accepts(self, spec: str) -> bool:
        """Whether ``spec`` is the name of a NIR file."""
        return spec.endswith(".nir")

    def load(self, spec: str, options: SourceOptions) -> Source:
        """Read a file into a float graph; see :func:`neurotool.converters.nir.read.read`.

        Raises:
            UsageError: The file is missing, damaged, or holds no valid NIR graph, or an option is missing or wrong.
            UnsupportedError: The graph holds nodes or loops that have no meaning here; lists all of them.
        """
        from neurotool.converters.nir.read import read

        return read(spec, options)

    def write(self, graph: Graph, path: Path) -> None:
        """Write a float graph of NIR nodes; see :func:`neurotool.converters.nir.write.write`.

        Raises:
            UnsupportedError: The graph holds something that NIR has no node for; lists all of it.
            UsageError: The file cannot be written.
        """
        from neurotool.converters.nir.write import write

        write(graph, path)

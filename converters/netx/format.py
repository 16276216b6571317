"""The NetX format as a plug-in. What it needs to read and write is imported when it does so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neurotool.ir.program import ChipProgram


class NetxFormat:
    """Reads and writes ``.net`` files (HDF5, as SLAYER's ``export_hdf5`` and ``netx.hdf5.Network`` have them)."""

    name = "netx"
    suffix = ".net"

    def read(self, path: Path) -> ChipProgram:
        """Read a file into a chip program; see :func:`neurotool.converters.netx.read.read_net`.

        Raises:
            UsageError: The file is missing, damaged, or no valid NetX file; names file, layer and field.
            UnsupportedError: The file holds layers, neurons or values that have no meaning here; lists all of them.
        """
        from neurotool.converters.netx.read import read_net

        return read_net(path)

    def write(self, program: ChipProgram, path: Path) -> None:
        """Write a chip program; see :func:`neurotool.converters.netx.write.write_net`.

        Raises:
            UnsupportedError: The format has no room for something in the program; lists all of it.
            UsageError: The file cannot be written.
        """
        from neurotool.converters.netx.write import write_net

        write_net(program, path)

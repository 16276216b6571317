"""A sink that leaves each step's vector in a memory-mapped ``.npy`` file.

Reading a stock RingBuffer back takes Lava 25 to 50 µs per value, because each value travels as one message.
"""

from __future__ import annotations

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import InPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

# Lava carries no types, so its classes are Any to mypy and every subclass has to say so.


class FileSink(AbstractProcess):  # type: ignore[misc]
    """Writes what arrives at ``a_in`` in step t to row t - 1 of a file, and t to a counter.

    Args:
        shape: Shape of the input.
        path: An ``.npy`` file of shape ``(steps, *shape)`` that exists already; its type holds what arrives.
        counter: An ``.npy`` file with one int64 that exists already.
    """

    def __init__(self, *, shape: tuple[int, ...], path: str, counter: str) -> None:
        super().__init__(shape=shape, path=path, counter=counter)
        self.a_in = InPort(shape=shape)


@implements(proc=FileSink, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyFileSinkModel(PyLoihiProcessModel):  # type: ignore[misc]
    """Writes one row per step. The kernel keeps what was written even if this process is killed."""

    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)

    def __init__(self, proc_params: dict[str, str]) -> None:
        super().__init__(proc_params)
        self._rows = np.load(proc_params["path"], mmap_mode="r+")
        self._counter = np.load(proc_params["counter"], mmap_mode="r+")

    def run_spk(self) -> None:
        """Store the vector of this step."""
        self._rows[self.time_step - 1] = self.a_in.recv()
        self._counter[0] = self.time_step

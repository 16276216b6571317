"""The stock LIFReset, observed: after each step of the stock model, u and v are left in memory-mapped files."""

from __future__ import annotations

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol
from lava.proc.lif.models import PyLifResetModelBitAcc
from lava.proc.lif.process import LIFReset

# Lava carries no types, so its classes are Any to mypy and every subclass has to say so.


class ProbedLIFReset(LIFReset):  # type: ignore[misc]
    """A LIFReset that records state variables.

    Args:
        probes: An ``.npy`` file of shape ``(steps, *shape)``, which exists already, for each variable to record.
        parameters: Arguments of LIFReset.
    """

    def __init__(self, *, probes: dict[str, str], **parameters: Any) -> None:
        super().__init__(**parameters)
        self.proc_params["probes"] = probes


@implements(proc=ProbedLIFReset, protocol=LoihiProtocol)
@requires(CPU)
@tag("bit_accurate_loihi", "fixed_pt")
class PyProbedLifResetModel(PyLifResetModelBitAcc):  # type: ignore[misc]
    """Runs the stock bit-accurate step, then stores the state it left, after the reset of neurons that fired."""

    # The decorator refuses a model whose base implements another process unless the class itself says otherwise.
    implements_process = None

    def __init__(self, proc_params: dict[str, Any]) -> None:
        super().__init__(proc_params)
        self._probes = {name: np.load(path, mmap_mode="r+") for name, path in proc_params["probes"].items()}

    def run_spk(self) -> None:
        """Step as Lava does and store the state."""
        super().run_spk()
        for name, rows in self._probes.items():
            rows[self.time_step - 1] = getattr(self, name)

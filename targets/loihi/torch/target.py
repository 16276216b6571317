"""The target object that the entry point names. Torch is imported when it runs, not here."""

from __future__ import annotations

from collections.abc import Mapping

from neurotool.errors import BackendFailedError
from neurotool.ir.adapters import Availability, RunOptions
from neurotool.ir.program import ChipProgram
from neurotool.ir.trace import Raster
from neurotool.targets.loihi.engine import Recording
from neurotool.targets.loihi.target import LoihiTarget


class TorchTarget(LoihiTarget):
    """Runs chip programs in torch, on the first CUDA device or, where there is none, on the CPU."""

    def __init__(self) -> None:
        super().__init__("loihi-torch", "integer engine", _simulate)

    def available(self) -> Availability:
        """Whether torch can be imported, its version, and the device that runs would use."""
        try:
            from neurotool.targets.torch_device import describe
        except ImportError as error:
            return Availability(False, f"torch cannot be imported: {error}", "pip install torch")
        return Availability(True, f"{self._detail}, {describe()}")


def _simulate(
    program: ChipProgram, inputs: Mapping[str, Raster], options: RunOptions
) -> tuple[Recording, dict[str, str]]:
    import torch

    from neurotool.targets.loihi.torch.simulate import simulate_torch

    try:
        return simulate_torch(program, inputs, options)
    except torch.OutOfMemoryError as error:
        raise BackendFailedError(
            f"the run does not fit the memory of the device: {error}",
            hint="run fewer samples at once, record fewer states, or use the target loihi",
        ) from None


TARGET = TorchTarget()

"""Reads the energy and the description of an NVIDIA GPU through NVML (package ``nvidia-ml-py``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neurotool.energy.measure.meters import CounterMeter, Meter, SampledMeter
from neurotool.errors import BackendMissingError

INSTALL = "pip install 'neurotool[gpu]' on a machine with an NVIDIA GPU"


@dataclass(frozen=True)
class Board:
    """A processor that can be measured.

    Attributes:
        title: Its name.
        driver: Version of the driver; empty where there is none.
        rating: Watts it may draw.
        rating_from: Where that figure is from.
        meter: Measures its energy.
    """

    title: str
    driver: str
    rating: float
    rating_from: str
    meter: Meter


def open_gpu(uuid: str) -> Board:
    """Open a GPU.

    The counter of energy (Volta and later) is used where it is, and sampled power otherwise.

    Args:
        uuid: Its UUID, as CUDA gives it: indices of NVML and CUDA differ where devices are hidden.

    Raises:
        BackendMissingError: NVML or its package is not here, or knows no such GPU, or the GPU tells no power.
    """
    try:
        import pynvml
    except ImportError:
        raise BackendMissingError("the package nvidia-ml-py is not installed", hint=INSTALL) from None
    try:
        pynvml.nvmlInit()
        handle = pynvml.nvmlDeviceGetHandleByUUID(uuid if uuid.startswith("GPU-") else f"GPU-{uuid}")
        return Board(
            title=_text(pynvml.nvmlDeviceGetName(handle)),
            driver=_text(pynvml.nvmlSystemGetDriverVersion()),
            rating=pynvml.nvmlDeviceGetPowerManagementDefaultLimit(handle) / 1e3,
            rating_from="default power limit by NVML",
            meter=_meter(pynvml, handle),
        )
    except pynvml.NVMLError as error:
        raise BackendMissingError(f"NVML cannot measure this GPU: {error}", hint=INSTALL) from None


def _meter(pynvml: Any, handle: Any) -> Meter:
    def joules() -> float:
        return float(pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)) / 1e3

    def watts() -> float:
        return float(pynvml.nvmlDeviceGetPowerUsage(handle)) / 1e3

    try:
        joules()
    except pynvml.NVMLError_NotSupported:
        watts()
        return SampledMeter(watts, "power sampled through NVML every 20 ms, since the GPU has no counter of energy")
    return CounterMeter(joules, "NVML's counter of energy")


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value

"""What ``calibrate`` answers: the measured constants, each with its range."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import RenderableType

from neurotool.cli.following import BUNDLE
from neurotool.cli.summary.tables import facts, grid, next_command

if TYPE_CHECKING:
    from neurotool.chips import Constant
    from neurotool.pipeline import MeasuredDevice


def measured(result: MeasuredDevice) -> tuple[dict[str, Any], list[RenderableType]]:
    """Answer of ``calibrate``: the device file as JSON values, and its constants as a table."""
    device = result.device
    data = {
        "schema": "neurotool.calibrate/1",
        "path": str(result.path),
        "device": device.model_dump(mode="json"),
        "idle_drift": result.fitted.drift,
        "notes": list(result.notes),
    }
    table = grid(f"Measured: {device.title}", "constant", ">low", ">median", ">high", "unit")
    for name, constant in _constants(result).items():
        table.add_row(name, *(f"{each:.4g}" for each in (constant.low, constant.value, constant.high)), constant.unit)
    about = {"file": result.path, "how": result.notes}
    following = next_command("neurotool", "estimate-energy", BUNDLE, "--device", str(result.path))
    return data, [table, facts("", about), following]


def _constants(result: MeasuredDevice) -> dict[str, Constant]:
    device = result.device
    return {
        "idle": device.idle,
        "active floor": device.active_floor,
        **{f"energy per operation, {form}": each for form, each in device.operation_energy.items()},
        "energy per byte": device.byte_energy,
        "launch": device.launch,
        **{f"largest rate, {form}": each for form, each in device.peak.items()},
        "largest bandwidth": device.bandwidth,
        "share of the rate": device.compute_efficiency,
        "share of the bandwidth": device.bandwidth_efficiency,
    }

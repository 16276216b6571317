"""Measures the constants of this machine's GPU or CPU, and writes them as a device file."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from neurotool.chips import Device
from neurotool.chips.write import write_device
from neurotool.energy.measure.entry import Source, device_of
from neurotool.energy.measure.fit import Fitted, Sample, fit
from neurotool.energy.measure.nvml import Board, open_gpu
from neurotool.energy.measure.protocol import Plan, measure
from neurotool.energy.measure.rapl import open_cpu
from neurotool.errors import BackendMissingError
from neurotool.pipeline.numbers import real, whole
from neurotool.pipeline.results import StageProgress, progress_of
from neurotool.pipeline.runs import result_files

if TYPE_CHECKING:
    import torch

MOVED = 0.1
"""Relative difference of idle powers, or range of a constant over its median, that is told of."""


@dataclass(frozen=True)
class MeasuredDevice:
    """A device file and what it was made of.

    Attributes:
        device: The device, as it was written.
        path: Its file.
        fitted: Its constants with their range over the repeats.
        notes: What a reader should know.
    """

    device: Device
    path: Path
    fitted: Fitted
    notes: tuple[str, ...]


def calibrate_device(
    kind: Literal["gpu", "cpu"],
    out: Path,
    *,
    plan: Plan | None = None,
    index: int = 0,
    name: str | None = None,
    force: bool = False,
    progress: StageProgress | None = None,
) -> MeasuredDevice:
    """Measure a device of this machine.

    Args:
        kind: ``gpu`` through NVML, ``cpu`` through RAPL.
        out: Device file to write.
        plan: How long and how often to measure.
        index: Which GPU, as CUDA numbers them.
        name: Name of the device; None for one made of its title.
        force: Replace an existing file.
        progress: Told of the progress of the measurement.

    Raises:
        UsageError: The file is there already, is no .yaml, or cannot be written.
        BackendMissingError: There is no such device, or nothing that tells its energy.
        BackendFailedError: The measurement cannot be used.
    """
    result_files.check(out, force, "--out", (".yaml", ".yml"))
    wanted, index = _checked(plan or Plan()), whole("--index", index, 0)
    device, board = _gpu(index) if kind == "gpu" else _cpu()
    fitted = fit(_measured(device, board, wanted, progress))
    source = Source(board.title, datetime.now(UTC).date().isoformat(), board.driver, _software(), board.meter.method,
                    wanted.seconds, wanted.repeats)  # fmt: skip
    made = device_of(fitted, source, kind, name, (board.rating, board.rating_from))
    return MeasuredDevice(write_device(made, out), out, fitted, (source.citation, *_doubts(fitted)))


def _checked(plan: Plan) -> Plan:
    return Plan(
        seconds=real("--seconds", plan.seconds, positive=True),
        warm_up=real("--warm-up", plan.warm_up),
        settle=real("settle", plan.settle),
        repeats=whole("--repeats", plan.repeats, 2),
    )


def _gpu(index: int) -> tuple[torch.device, Board]:
    import torch

    if not torch.cuda.is_available():
        raise BackendMissingError(
            f"torch {torch.__version__} sees no CUDA device here", hint="neurotool calibrate gpu needs an NVIDIA GPU"
        )
    if index >= torch.cuda.device_count():
        raise BackendMissingError(f"there is no GPU {index}: torch sees {torch.cuda.device_count()}")
    torch.cuda.set_device(index)
    return torch.device("cuda", index), open_gpu(str(torch.cuda.get_device_properties(index).uuid))


def _cpu() -> tuple[torch.device, Board]:
    board = open_cpu(_processor())

    import torch

    return torch.device("cpu"), board


def _measured(device: torch.device, board: Board, plan: Plan, progress: StageProgress | None) -> list[list[Sample]]:
    from neurotool.energy.measure.workloads import synchroniser, workloads

    told = progress_of("measure", progress)
    return measure(list(workloads(device)), board.meter, synchroniser(device), plan, told)


def _software() -> str:
    import torch

    return f"torch {torch.__version__}"


def _processor() -> str:
    """Name of the processor, as Linux tells it."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text(encoding="utf-8").splitlines() if about.is_file() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def _doubts(fitted: Fitted) -> list[str]:
    """What moved more than it should, and what the fit could not tell apart."""
    found = []
    if fitted.drift > MOVED:
        found.append(f"Idle power moved by {fitted.drift:.0%}: something else ran, or the device was still warming up.")
    single = {"active floor": fitted.floor, "energy per byte": fitted.byte, "launch": fitted.launch}
    ranges = single | {f"energy per operation, {form}": each for form, each in fitted.operation.items()}
    found += [
        f"{name} differs by {each.spread:.0%} between repeats." for name, each in ranges.items() if each.spread > MOVED
    ]
    nothing = [name for name, each in ranges.items() if each.value == 0.0]
    if nothing:
        found.append(f"Not told apart from the other terms, and so zero: {', '.join(nothing)}.")
    return found

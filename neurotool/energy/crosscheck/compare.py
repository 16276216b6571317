"""Runs SANA-FE on one sample of a run, and puts its figures beside ours."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from neurotool.chips import Chip, Constant
from neurotool.chips.memory import Storage
from neurotool.energy.activity import Activity, read_activity
from neurotool.energy.bands import Extremes
from neurotool.energy.counts import count_activity, storage_forms
from neurotool.energy.crosscheck.export import export_job
from neurotool.energy.estimate import SpikingWork
from neurotool.energy.events import ChipWork, events_of
from neurotool.energy.model import EVENTS, ChipModel
from neurotool.errors import BackendFailedError, BackendMissingError, UsageError

CHIP = "loihi1"
WORKER = Path(__file__).with_name("worker.py")
INSTALL = "pip install sanafe (GPL-3; neurotool runs it as a program of its own)"
LIMIT = 600.0
"""Seconds that SANA-FE may take."""


@dataclass(frozen=True)
class CrossRow:
    """One quantity by both.

    Attributes:
        quantity: What it is.
        unit: Its unit; empty for counts.
        ours: By this package.
        theirs: By SANA-FE; None where it does not tell.
        exact: Whether both must agree to the last digit, as counts do.
    """

    quantity: str
    unit: str
    ours: float
    theirs: float | None
    exact: bool = False

    @property
    def ratio(self) -> float | None:
        """Ours over theirs."""
        return self.ours / self.theirs if self.theirs else None


@dataclass(frozen=True)
class CrossCheck:
    """Both opinions of one part.

    Attributes:
        part: Name of the part.
        version: Version of SANA-FE.
        rows: What both say.
        seconds: Time that SANA-FE took to build and to run.
        notes: How to read the figures, one sentence each.
    """

    part: str
    version: str
    rows: tuple[CrossRow, ...]
    seconds: tuple[float, float]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {
            "part": self.part,
            "sanafe": self.version,
            "rows": [
                {"quantity": r.quantity, "unit": r.unit, "ours": r.ours, "sana_fe": r.theirs, "ratio": r.ratio}
                for r in self.rows
            ],
            "seconds": {"build": self.seconds[0], "run": self.seconds[1]},
            "notes": list(self.notes),
        }


NOTES = (
    "SANA-FE replays the spikes of the first sample on the same placement, with its own description of Loihi 1.",
    "It charges a replayed neuron as active only when it fires; the row says what we charge by that rule, and our "
    "estimate charges neurons that receive or hold a state as active too.",
    "Hops of inputs are left out on both sides: where inputs enter the mesh is not known.",
    "In SANA-FE's step messages wait for each other at cores and links; ours is the busiest core's work.",
)


def cross_check(work: SpikingWork, chip: Chip) -> CrossCheck:
    """Let SANA-FE simulate the first sample of a run.

    Args:
        work: What ran, where it lies, what it did.
        chip: Its chip, which must be Loihi 1: SANA-FE describes no other of ours.

    Raises:
        UsageError: The chip is another one.
        BackendMissingError: SANA-FE is not installed.
        BackendFailedError: It failed or took too long.
        UnsupportedError: It cannot hold the network.
    """
    if chip.name != CHIP:
        raise UsageError(f"SANA-FE describes Loihi 1, not {chip.title}", hint=f"add --chip {CHIP}")
    require_sanafe()
    activity = _first(read_activity(work.program, work.trace))
    counts = count_activity(work.program, work.placement, activity, chip)
    ours = events_of(work.program, counts, {})
    forms = storage_forms(work.program, work.placement, chip)
    messages = sum(layer.messages for layer in ours.layers)
    with tempfile.TemporaryDirectory(prefix="neurotool-sanafe-") as name:
        folder = Path(name)
        export_job(folder, work.program, work.placement, activity, _by_population(work, forms), messages, chip)
        theirs = _run(folder)
    entered = sum(float(activity.spikes[name].nnz) for name in work.program.inputs)
    seconds = theirs["build_seconds"], theirs["sim_seconds"]
    rows = tuple(_rows(ours, theirs, entered, chip))
    return CrossCheck(work.part, version("sanafe"), rows, seconds, NOTES)


def require_sanafe() -> None:
    """Refuse where SANA-FE is not installed.

    Raises:
        BackendMissingError: It is not.
    """
    try:
        version("sanafe")
    except PackageNotFoundError:
        raise BackendMissingError("SANA-FE is not installed", hint=INSTALL) from None
    if find_spec("sanafe") is None:
        raise BackendMissingError("the package sanafe holds no module sanafe", hint=INSTALL)


def _first(activity: Activity) -> Activity:
    """The first sample alone."""
    rows = np.arange(activity.steps) * activity.samples
    return Activity(activity.steps, 1, {name: raster[rows] for name, raster in activity.spikes.items()})


def _by_population(work: SpikingWork, forms: dict[str, dict[int, Storage]]) -> dict[str, dict[int, Storage]]:
    """How the cores of each population list its synapses; of several projections, the one with most weights decides."""
    found: dict[str, dict[int, Storage]] = {}
    for name in work.program.populations:
        into = sorted(work.program.projections_into(name), key=lambda p: p.weights.size)
        found[name] = {core: form for p in into for core, form in forms[p.name].items()}
    return found


def _run(folder: Path) -> dict[str, Any]:
    """Run the worker in a process of its own: SANA-FE ends its process where something is wrong."""
    try:
        done = subprocess.run(
            [sys.executable, str(WORKER), str(folder)], capture_output=True, text=True, check=False, timeout=LIMIT
        )
    except subprocess.TimeoutExpired:
        raise BackendFailedError(
            f"SANA-FE took longer than {LIMIT:g} s", hint="cross-check a smaller network"
        ) from None
    result = folder / "result.json"
    if done.returncode != 0 or not result.is_file():
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise BackendFailedError(f"SANA-FE ended with code {done.returncode}: {last}")
    return dict(json.loads(result.read_text(encoding="utf-8")))


def _rows(ours: ChipWork, theirs: dict[str, Any], entered: float, chip: Chip) -> list[CrossRow]:
    def events(field: str) -> float:
        return sum(float(getattr(layer, field)) for layer in ours.layers)

    constants: dict[str, Constant] = dict(chip.costs)

    def joules(*fields: str) -> float:
        priced = [(field, constants[name].si) for field, _, _, name in EVENTS if field.startswith(fields)]
        return sum(events(field) * each for field, each in priced)

    energy, hops, fired = theirs["energy"], theirs["hops"], events("firing")
    updates = events("updates_active") + events("updates_inactive")
    soma = (updates - fired) * chip.costs.update_inactive.si + fired * (
        chip.costs.update_active.si + chip.costs.firing.si
    )
    synapses, network = joules("synops"), joules("messages", "hops")
    entering = hops["entering_joules"] if hops else 0.0
    model = ChipModel(chip, Extremes(()))
    return [
        CrossRow("spikes of neurons", "", fired, theirs["neurons_fired"] - entered, True),
        CrossRow("synaptic operations", "", events("synops"), theirs["spikes"], True),
        CrossRow("messages", "", events("messages"), theirs["packets_sent"], True),
        CrossRow("tiles crossed along rows", "", events("hops_east_west"), hops and hops["across"], True),
        CrossRow("tiles crossed along columns", "", events("hops_north_south"), hops and hops["down"], True),
        CrossRow("energy of synapses", "J", synapses, energy["synapse"]),
        CrossRow("energy of neurons, active where they fire", "J", soma, energy["soma"]),
        CrossRow("energy of messages", "J", network, energy["network"] - entering),
        CrossRow("dynamic energy by that rule", "J", synapses + soma + network, energy["total"] - entering),
        CrossRow("time of all steps", "s", float(model.times(ours)["steps"][0]), theirs["sim_time"]),
    ]

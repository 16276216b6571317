"""Writes a placed program and what it did as a job for SANA-FE (:mod:`neurotool.energy.crosscheck.worker`)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from neurotool.arrays import Int64Array
from neurotool.chips import Chip
from neurotool.chips.memory import Storage
from neurotool.chips.wiring import tiles
from neurotool.energy.activity import Activity
from neurotool.errors import UnsupportedError
from neurotool.ir.placement import Placement, cores_of_neurons
from neurotool.ir.program import ChipProgram
from neurotool.synapses.expand import SynapseLists

HARDWARE = {
    Storage.DENSE: "loihi_dense_synapse",
    Storage.SPARSE: "loihi_sparse_synapse",
    Storage.SHARED: "loihi_conv_synapse",
}
"""Names of SANA-FE's synapse units by how synapses are listed."""

MOST_SYNAPSES = 5_000_000
"""SANA-FE 2.2.9 took about two kilobytes for each synapse while it loaded: more would take over ten gigabytes."""


def export_job(
    folder: Path,
    program: ChipProgram,
    placement: Placement,
    activity: Activity,
    forms: Mapping[str, Mapping[int, Storage]],
    messages: float,
    chip: Chip,
) -> None:
    """Write ``job.json`` and ``job.npz``.

    Args:
        folder: Where to.
        program: The program.
        placement: Its layout on one Loihi 1.
        activity: What one sample did.
        forms: By population, how the cores that hold it list its synapses.
        messages: Messages of the run.
        chip: The chip of the placement.

    Raises:
        UnsupportedError: The layout takes several chips, leaves no core for the inputs, or has too many synapses.
    """
    slices = [core.slices for core in placement.cores]
    numbers, gates = _gates(program, placement, chip)
    counter: Counter[int] = Counter()
    arrays: dict[str, Any] = {}
    groups = []
    entered = 0
    for i, name in enumerate((*program.inputs, *program.populations)):
        size = program.size_of(name)
        if name in program.inputs:
            where = len(placement.cores) + (entered + np.arange(size)) % gates
            entered += size
            listed = np.zeros(size, np.int64)
        else:
            where = cores_of_neurons(name, size, slices)
            kinds = list(HARDWARE)
            listed = np.array([kinds.index(forms[name].get(int(core), Storage.DENSE)) for core in where], np.int64)
        arrays |= {
            f"core{i}": numbers[where],
            f"unit{i}": np.array(list(_units(where, counter)), np.int64),
            f"form{i}": listed,
            f"spikes{i}": np.asarray(activity.spikes[name].toarray() != 0),
        }
        keys = {"core": f"core{i}", "unit": f"unit{i}", "form": f"form{i}", "spikes": f"spikes{i}"}
        about = {"name": f"g{i}", "size": size, "input": name in program.inputs, "hardware": list(HARDWARE.values())}
        groups.append(about | keys)
    known = {name: f"g{i}" for i, name in enumerate((*program.inputs, *program.populations))}
    edges = []
    for i, (key, source, target, pairs) in enumerate(_edges(program)):
        arrays[f"pairs{i}"] = pairs
        edges.append({"name": key, "source": known[source], "target": known[target], "pairs": f"pairs{i}"})
    used = len(placement.cores)
    entries = max((count for core, count in counter.items() if core >= used), default=1)
    units = max((count for core, count in counter.items() if core < used), default=1)
    job = {
        "steps": activity.steps,
        "units": units,
        "entries": entries,
        "messages": messages,
        "groups": groups,
        "edges": edges,
    }
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    np.savez(folder / "job.npz", **arrays)


def _gates(program: ChipProgram, placement: Placement, chip: Chip) -> tuple[Int64Array, int]:
    """SANA-FE's numbers of the cores in use and of those after them, where inputs enter, and how many these are."""
    entering = sum(program.size_of(name) for name in program.inputs)
    free = chip.limits.cores.value - len(placement.cores)
    if placement.chips > 1 or (entering and free < 1):
        raise UnsupportedError(
            f"SANA-FE describes one chip of {chip.limits.cores.value} cores, one of them for inputs; this layout takes "
            f"{len(placement.cores)} on {placement.chips} chip(s)",
            hint="cross-check a smaller network",
        )
    gates = min(free, max(1, -(-entering // chip.limits.neurons_per_core.value)))
    return _core_numbers(len(placement.cores) + gates, chip), gates


def _core_numbers(count: int, chip: Chip) -> Int64Array:
    """SANA-FE's numbers of cores, ``[core]``: its tiles go down the columns, ours along a serpentine of rows."""
    row, column, _ = tiles([(0, core) for core in range(count)], chip.mesh)
    slot = np.arange(count) % chip.mesh.cores_per_tile
    return np.asarray((column * chip.mesh.rows + row) * chip.mesh.cores_per_tile + slot, np.int64)


def _units(where: Iterable[int], counter: Counter[int]) -> Iterator[int]:
    """Number the neurons of every core: each has a soma unit of its own there."""
    for core in where:
        yield counter[int(core)]
        counter[int(core)] += 1


def _edges(program: ChipProgram) -> Iterator[tuple[str, str, str, Int64Array]]:
    held = 0
    for name, projection in program.projections.items():
        for piece in SynapseLists(program, projection).pieces():
            held += len(piece.targets)
            if held > MOST_SYNAPSES:
                raise UnsupportedError(
                    f"SANA-FE holds every synapse by itself, and there are more than {MOST_SYNAPSES:,}",
                    hint="cross-check a smaller network",
                )
            yield name, projection.source, projection.target, np.stack([piece.sources, piece.targets], axis=1)

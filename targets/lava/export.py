"""Writes a program as a plain Lava script with its data, for people with access to a chip."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from neurotool.ir.program import ChipProgram, Population
from neurotool.neurons import LIF, LIF_RESET, MODELS
from neurotool.targets.lava.arguments import arguments
from neurotool.targets.lava.job import Connection
from neurotool.targets.lava.script_checks import active_early, check_script
from neurotool.targets.lava.synapses import connection

SCRIPT = Path(__file__).parent / "script" / "run_on_lava.py"
REPAIRS = Path(__file__).parent / "repairs.py"
REPAIRS_BESIDE_SCRIPT = "lava_repairs.py"

_NEVER_AGAIN = (1 << 31) - 1
"""Interval of a reset that happens once in a run."""


def write_script(program: ChipProgram, folder: Path) -> tuple[str, ...]:
    """Write ``run_on_lava.py``, ``lava_repairs.py``, ``network.json`` and ``network.npz`` into a folder.

    The script stands on Lava alone, and on the repairs that Lava needs on newer Pythons. It was checked with Lava's
    simulation, never on silicon, and says so.

    Raises:
        UnsupportedError: A plain script cannot hold the program; lists every reason.
    """
    check_script(program)
    early = active_early(program)
    populations, projections = {}, {}
    arrays: dict[str, Any] = {}
    for p in program.populations.values():
        populations[p.name], held = _population(p, reset_at_start=p.name in early)
        arrays |= {f"{p.name}/{key}": values for key, values in held.items()}
    for name, projection in program.projections.items():
        lowered = connection(program, projection)
        projections[name] = _options(lowered)
        arrays |= {f"{name}/{key}": values for key, values in lowered.arrays.items()}
    structure = {
        "note": "exported by neurotool; untested on silicon",
        "dt": program.dt,
        "inputs": {
            p.name: {"shape": list(p.shape), "message_bits": p.message_bits, "scale": p.scale}
            for p in program.inputs.values()
        },
        "populations": populations,
        "projections": projections,
        "outputs": {port.population: port.kind.value for port in program.outputs},
    }
    shutil.copyfile(SCRIPT, folder / SCRIPT.name)
    shutil.copyfile(REPAIRS, folder / REPAIRS_BESIDE_SCRIPT)
    (folder / "network.json").write_text(json.dumps(structure, indent=1) + "\n", encoding="utf-8")
    np.savez_compressed(folder / "network.npz", **arrays)
    return SCRIPT.name, REPAIRS_BESIDE_SCRIPT, "network.json", "network.npz"


def _population(population: Population, *, reset_at_start: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the description of a population and its arrays. Lava's step that processes row 0 is ``start + 1``."""
    model, made = MODELS[population.model], arguments(population, population.start + 1)
    keywords = dict(made.keywords)
    if reset_at_start:
        assert model is LIF
        model = LIF_RESET
        keywords |= {"reset_interval": np.array(_NEVER_AGAIN), "reset_offset": np.array(population.start + 1)}
    description = {
        "process": model.process,
        "size": population.size,
        "start": population.start,
        "scale": population.scale,
        "offset": population.offset,
        "arguments": list(keywords),
        "variables": list(made.variables),
    }
    return description, {**keywords, **made.variables}


def _options(lowered: Connection) -> dict[str, Any]:
    options = {key: value for key, value in vars(lowered).items() if key not in ("arrays", "copies", "geometry")}
    geometry = {} if lowered.geometry is None else {"geometry": asdict(lowered.geometry)}
    return options | {"arrays": list(lowered.arrays)} | geometry

"""Writes a program as a plain Lava script with its data, for people with access to a chip."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from neurotool.ir.program import ChipProgram
from neurotool.targets.lava.checks import check_program

SCRIPT = Path(__file__).parent / "script" / "run_on_lava.py"


def write_script(program: ChipProgram, folder: Path) -> tuple[str, ...]:
    """Write ``run_on_lava.py``, ``network.json`` and ``network.npz`` into a folder.

    The script stands on Lava alone. It was checked with Lava's simulation, never on silicon, and says so.

    Raises:
        UnsupportedError: Lava cannot run the program; lists every reason.
    """
    check_program(program)
    shutil.copyfile(SCRIPT, folder / SCRIPT.name)
    (folder / "network.json").write_text(json.dumps(_structure(program), indent=1) + "\n", encoding="utf-8")
    arrays = {f"{p.name}/{key}": values for p in program.populations.values() for key, values in p.parameters.items()}
    arrays |= {f"{p.name}/weights": p.weights for p in program.projections.values()}
    np.savez_compressed(folder / "network.npz", **dict[str, Any](arrays))
    return SCRIPT.name, "network.json", "network.npz"


def _structure(program: ChipProgram) -> dict[str, Any]:
    return {
        "note": "exported by neurotool; untested on silicon",
        "dt": program.dt,
        "inputs": {
            p.name: {"shape": list(p.shape), "message_bits": p.message_bits, "scale": p.scale}
            for p in program.inputs.values()
        },
        "populations": {
            p.name: {"size": p.size, "start": p.start, "scale": p.scale, "offset": p.offset}
            for p in program.populations.values()
        },
        "projections": {
            p.name: {
                "source": p.source,
                "target": p.target,
                "weight_exp": p.weight_exp,
                "weight_bits": p.weight_bits,
                "sign_mode": p.sign_mode.value,
                "message_bits": p.message_bits,
            }
            for p in program.projections.values()
        },
        "outputs": {port.population: port.kind.value for port in program.outputs},
    }

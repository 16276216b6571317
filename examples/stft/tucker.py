"""What Tucker fusion costs and brings over ranks and forms, beside the full bilinear product."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ..common.grid import Results
from ..common.intervals import interval, paired
from ..common.tables import markdown
from .model.fusion import fusion
from .model.options import ModelOptions

FORMS: dict[str, dict[str, Any]] = {
    "core, rank 8": {"rank": 8},
    "core, rank 16": {"rank": 16},
    "core, rank 64": {"rank": 64},
    "slices, rank 4": {"tucker": "slices", "rank": 4},
}
"""Rows over ranks. The full model is the core form of rank 32; the full bilinear product is a row of the ablation."""


def cost(module: nn.Module, width: int) -> tuple[int, int]:
    """Parameters of a fusion of two vectors, and its floating-point operations per sample."""
    module = module.eval()
    sample = torch.zeros(1, width)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(sample, sample)
    return sum(p.numel() for p in module.parameters()), int(counter.get_total_flops())


def cost_table(results: Results) -> str:
    """Parameters and operations of one modality's fusion, and HM of the model that has it."""
    rows = []
    listed = {
        "core, rank 32 (full model)": ("full model", {}),
        **{name: (name, changes) for name, changes in FORMS.items()},
        "full bilinear": ("full bilinear for Tucker", {"fusion": "full"}),
        "Hadamard": ("Hadamard for Tucker", {"fusion": "hadamard"}),
        "concatenation": ("concatenation for Tucker", {"fusion": "concat"}),
    }
    full = by_split(results, "full model")
    for title, (row, changes) in listed.items():
        options = replace(ModelOptions(), **changes)
        parameters, operations = cost(fusion(options), options.width)
        found = by_split(results, row)
        shared = sorted(set(found) & set(full))
        hm = interval(list(found.values())).text() if found else "not run"
        gap = paired([found[s] for s in shared], [full[s] for s in shared]).text(sign=True) if shared and found else ""
        rows.append([title, f"{parameters:,}", f"{operations:,}", hm, "" if row == "full model" else gap])
    return markdown(["fusion", "parameters", "FLOPs per sample", "HM % [95 %]", "HM less full model's"], rows)


def by_split(results: Results, row: str) -> dict[int, float]:
    """HM of a row by class split."""
    return {int(entry["options"]["split"]): float(entry["scores"]["HM"]) for entry in results if entry["row"] == row}

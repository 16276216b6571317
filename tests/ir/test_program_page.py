"""``docs/bundle.md`` names every group, attribute and dataset of a program file, each in the row of its place."""

from __future__ import annotations

import re
from pathlib import Path

import h5py
import numpy as np

from neurotool.ir.program import (
    ChipProgram,
    Convolution,
    InputPort,
    OutputKind,
    OutputPort,
    Population,
    Projection,
    Sparse,
)
from neurotool.ir.program_file import CONNECTIVITIES, save_program

PAGE = Path(__file__, "../../../docs/bundle.md").resolve()
CHILD = {"index", "name"}
"""Attributes of every child, which the page explains below its table."""


def program():
    """One population that is reached by synapses of every form, with delays."""
    parameters = {"vth": np.array([3, 3])}
    ones = np.ones((2, 2), np.int64)
    ways = (
        Projection("dense", "x", "n", ones, weight_exp=0, delays=ones),
        Projection("listed", "x", "n", np.ones(2, np.int64), weight_exp=0, connectivity=Sparse(ones[0], ones[0])),
        Projection("shared", "x", "n", np.ones((1, 1, 1, 1), np.int64), weight_exp=0, connectivity=Convolution()),
    )
    return ChipProgram(
        dt=1e-3,
        inputs={"x": InputPort("x", (1, 1, 2))},
        populations={"n": Population("n", "LIF", (1, 1, 2), parameters, start=1, scale=1.0)},
        projections={way.name: way for way in ways},
        outputs=(OutputPort("n", OutputKind.SPIKES),),
        notes=("a note",),
    )


def section():
    """The part of the page about program files."""
    return PAGE.read_text().split("## `*.program.h5`")[1].split("\n## ")[0]


def row(*marks):
    """Names in the rows whose first cells hold some marks."""
    rows = [line for line in section().splitlines() if line.startswith("|") and all(m in line for m in marks)]
    assert rows, f"{PAGE.name} has no row with {marks}"
    return set(re.findall(r"`(\w+)`", " ".join(rows)))


def written(group):
    return ({*group.attrs} | {k for k, v in group.items() if isinstance(v, h5py.Dataset)}) - CHILD


def test_the_page_names_what_is_written(tmp_path):
    save_program(program(), tmp_path / "program.h5")
    with h5py.File(tmp_path / "program.h5") as file:
        assert written(file) <= row("| `/` |")
        assert written(file["inputs/x"]) <= row("`/inputs/<name>`")
        assert written(file["populations/n"]) - {"vth"} <= row("`/populations/<name>`")
        assert written(file["outputs/0"]) <= row("`/outputs/<number>`")
        for way in file["projections"].values():
            form = way.attrs["connectivity"]
            assert written(way) <= row("`/projections/<name>`") | row("| the same,", f"`{form}`")
        assert {way.attrs["connectivity"] for way in file["projections"].values()} == CONNECTIVITIES.keys()
        assert set(file) == {"inputs", "populations", "projections", "outputs"}

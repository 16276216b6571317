"""Writes a chip program as a NetX file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from neurotool import __version__
from neurotool.converters.netx.chain import VALUES, Link, chain_refusals, links_of, refusal
from neurotool.converters.netx.contents import ARGUMENT
from neurotool.converters.netx.encode import encode, shape_in_file
from neurotool.converters.netx.neurons import SPIKE_EXP
from neurotool.diagnostics import Diagnostic
from neurotool.errors import UnsupportedError, UsageError
from neurotool.ir.atomic_file import replacing
from neurotool.ir.graph import Shape
from neurotool.ir.program import AllToAll, ChipProgram
from neurotool.ir.program_check import problems

Fields = Mapping[str, Any]


def write_net(program: ChipProgram, path: Path) -> None:
    """Write a program so that lava-dl's own loader and :func:`~.read.read_net` read the same integers back.

    What lava-dl's ``Network`` must be told beside the file stands in root attributes ``network.<argument>``, which
    lava-dl ignores: pass them on. Layers begin one step after each other there if ``reset_interval`` is given, which
    a program without resets wants to be at least the length of its run. Names, scales and notes are not kept; inputs
    of a layer of neurons become ``bias_mant`` (CUBA) or ``a_in`` (sigma-delta) of lava-dl's input block.

    Args:
        program: A chain of layers.
        path: File to write; an old one is replaced.

    Raises:
        UnsupportedError: The format has no room for something in the program; ``diagnostics`` lists all of it.
        UsageError: The program is not valid, or the file cannot be written.
    """
    if found := problems(program):
        raise UsageError(f"{path}: not a valid program: {'; '.join(found)}")
    refused = list(chain_refusals(program))
    layers: list[Fields] = []
    if not refused:
        links = links_of(program)
        exponents = {int(v) for link in links for v in np.unique(link.population.parameters.get("spike_exp", ()))}
        exponent = min(exponents, default=SPIKE_EXP)
        encoded = [encode(link, exponent) for link in links]
        refused = [*(d for done in encoded for d in done.refusals), *_reset_refusals(links)]
        layers = list(_layers(program, links, [done.fields for done in encoded]))
    if refused:
        names = ", ".join(dict.fromkeys(d.node for d in refused if d.node))
        raise UnsupportedError(f"{path}: cannot hold this program because of {names}", diagnostics=refused)
    with replacing(path) as staged:
        _save(staged, program, layers, _arguments(program, links, exponent))


def _layers(program: ChipProgram, links: tuple[Link, ...], encoded: list[Fields]) -> Iterator[Fields]:
    """Yield the layers in order, with the input and flatten layers that lava-dl wants in between."""
    port = next(iter(program.inputs.values()))
    before: Shape = shape_in_file(port.shape)
    if not links[0].is_input:
        yield {"type": "input", "shape": np.array(before)}
    for link, fields in zip(links, encoded, strict=True):
        if not link.is_input and isinstance(link.forward[0].connectivity, AllToAll) and len(before) > 1:
            yield {"type": "flatten", "shape": np.array([prod(before), 1, 1])}
        yield {"type": link.kind, **fields}
        before = tuple(int(size) for size in fields["shape"])


def _resets(links: tuple[Link, ...]) -> dict[str, tuple[int, int]]:
    """Return interval and first row of the resets of each CUBA layer, in rows of the input; (0, 0) for never."""
    found = {}
    for number, link in enumerate(links):
        values, late = link.population.parameters, number + 1 - link.population.start
        if link.population.model == "lif":
            found[link.population.name] = 0, 0
        elif link.population.model == "lif_reset":
            interval = int(values["reset_interval"][0])
            found[link.population.name] = interval, int(values["reset_offset"][0] - late) % interval
    return found


def _reset_refusals(links: tuple[Link, ...]) -> Iterator[Diagnostic]:
    """Yield neurons that lava-dl, which resets all CUBA neurons or none, would treat differently."""
    resets = _resets(links)
    first = next(iter(resets.values()), (0, 0))
    for name, reset in resets.items():
        if reset != first:
            found, limit = (f"{interval} (from {offset})" for interval, offset in (reset, first))
            message = "is not reset in the same rows as the CUBA layers before it"
            yield refusal(VALUES, name, message, found=found, limit=limit)


def _arguments(program: ChipProgram, links: tuple[Link, ...], spike_exp: int) -> dict[str, int]:
    """Return what lava-dl's ``Network`` must be told, other than its defaults."""
    port = next(iter(program.inputs.values()))
    interval, offset = next(iter(_resets(links).values()), (0, 0))
    wanted = {
        "input_message_bits": (0 if links[0].is_input else port.message_bits, 0),
        "reset_interval": (interval, 0),
        "reset_offset": (offset + (not links[0].is_input) if interval else 0, 0),
        "spike_exp": (spike_exp, SPIKE_EXP),
    }
    return {name: value for name, (value, default) in wanted.items() if value != default}


def _save(path: Path, program: ChipProgram, layers: list[Fields], arguments: Mapping[str, int]) -> None:
    with h5py.File(path, "w") as file:
        file.attrs["producer"] = f"neurotool {__version__}"
        file.attrs["status"] = "untested on silicon"
        for name, value in arguments.items():
            file.attrs[f"{ARGUMENT}{name}"] = value
        file["simulation/Ts"] = program.dt * 1e3
        for number, fields in enumerate(layers):
            group = file.create_group(f"layer/{number}")
            for name, value in fields.items():
                if name == "type":
                    group.create_dataset(name, (1,), "S10", [value.encode("ascii")])
                else:
                    group[name] = value

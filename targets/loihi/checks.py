"""Checks before a run: everything the chip could not hold is reported at once, before the first step."""

from __future__ import annotations

from neurotool.errors import UnsupportedError, UsageError
from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import ChipProgram
from neurotool.neurons import MODELS
from neurotool.neurons.check import check_populations


def check_program(program: ChipProgram, options: RunOptions) -> None:
    """Refuse unknown probes, unknown neuron models, and parameters outside the ranges that the models declare.

    Raises:
        UsageError: A probe is unknown.
        UnsupportedError: The program holds what no chip can hold; lists all of it.
    """
    known = {state for p in program.populations.values() if p.model in MODELS for state in MODELS[p.model].states}
    unknown = sorted(set(options.probes) - known)
    if unknown and known:
        raise UsageError(f"unknown probe {', '.join(unknown)}", hint=f"there are: {', '.join(sorted(known))}")
    found = list(check_populations(program))
    if found:
        raise UnsupportedError(f"the program holds {len(found)} value(s) that no chip can hold", diagnostics=found)

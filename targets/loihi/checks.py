"""Checks before a run: everything the chip could not hold is reported at once, before the first step."""

from __future__ import annotations

from neurotool.errors import UnsupportedError, UsageError
from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import ChipProgram
from neurotool.neurons import MODELS
from neurotool.neurons.check import check_populations
from neurotool.synapses.check import check_ports, check_strict


def check_program(program: ChipProgram, options: RunOptions) -> None:
    """Refuse unknown probes and models, parameters outside their ranges and, in strict mode, what only Lava can hold.

    Raises:
        UsageError: A probe is unknown.
        UnsupportedError: The program holds what no chip can hold; lists all of it.
    """
    known = {state for p in program.populations.values() if p.model in MODELS for state in MODELS[p.model].states}
    unknown = sorted(set(options.probes) - known)
    if unknown and known:
        raise UsageError(f"unknown probe {', '.join(unknown)}", hint=f"there are: {', '.join(sorted(known))}")
    found = [*check_populations(program), *check_ports(program), *(check_strict(program) if options.strict else ())]
    if found:
        raise UnsupportedError(f"the program holds {len(found)} value(s) that no chip can hold", diagnostics=found)

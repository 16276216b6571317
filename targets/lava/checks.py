"""What Lava can run of a program. Every refusal is found before anything starts."""

from __future__ import annotations

from neurotool.errors import UnsupportedError
from neurotool.ir.program import ChipProgram
from neurotool.neurons.check import check_populations
from neurotool.synapses.check import check_ports


def check_program(program: ChipProgram) -> None:
    """Refuse a program with neuron models, inputs or parameters that Lava's processes do not have.

    Raises:
        UnsupportedError: With one diagnostic for each thing that stands in the way.
    """
    found = [*check_populations(program), *check_ports(program)]
    if found:
        raise UnsupportedError(
            f"Lava cannot run this program: {len(found)} {'thing stands' if len(found) == 1 else 'things stand'}"
            f" in the way, first: {found[0].message}",
            diagnostics=found,
        )

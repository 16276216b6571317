"""The arithmetic of a figure: a count, a constant, and the energy that their product is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from neurotool.arrays import Float64Array
from neurotool.chips import Basis, Constant
from neurotool.energy.bands import Floor


class Term(StrEnum):
    """What an amount of energy was spent for."""

    DYNAMIC = "dynamic"  # events: what is added to a chip or device that is powered and idle
    STATIC = "static"  # being powered, for as long as the inference takes
    HOST = "host"  # processors on the chip that drive the run
    BOUNDARY = "boundary"  # moving values between the chip and the rest
    WAITING = "waiting"  # being powered while another part of the model computes


class Kind(StrEnum):
    """How a figure was come by. A model's figure is never ``measured``."""

    SIMULATED = "simulated"  # counts of a simulated run times constants measured or simulated for this hardware
    FITTED = "fitted"  # the same with a constant that is a regression over measured workloads
    ASSUMED = "assumed"  # the same with a constant taken from other hardware or from judgement


@dataclass(frozen=True, eq=False)
class Line:
    """One product.

    Attributes:
        term: What it was spent for.
        what: What was counted.
        count: How many or how much per inference, ``[columns]``; the same in all for counted events.
        count_unit: Unit of the count.
        name: Name of the constant, such as ``loihi1.message``.
        constant: The constant.
        energy: Count times constant in joules, ``[columns]``.
        behind: Constants that the count itself rests on, where it is a modelled time.
    """

    term: Term
    what: str
    count: Float64Array
    count_unit: str
    name: str
    constant: Constant
    energy: Float64Array
    behind: tuple[Constant, ...] = ()


@dataclass(frozen=True, eq=False)
class Group:
    """The lines of one layer, or of what a chip or device spends as a whole."""

    name: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, eq=False)
class Priced:
    """What one inference of a part takes, for every value of the constants.

    Attributes:
        part: Name of the part.
        where: Chip or device.
        groups: Its lines, by layer.
        times: Latency by cause, and in ``total``, ``[columns]`` each.
        timing: Constants the latency rests on.
        floor: Narrowest band to claim.
        busy: Time per inference that the energy is spent in, ``[columns]``.
    """

    part: str
    where: str
    groups: tuple[Group, ...]
    times: Mapping[str, Float64Array]
    timing: tuple[Constant, ...]
    floor: Floor
    busy: Float64Array

    @property
    def lines(self) -> tuple[Line, ...]:
        """Lines of all layers."""
        return tuple(line for group in self.groups for line in group.lines)


SHARE_THAT_COUNTS = 0.05
"""A constant that makes up less than this share of a figure does not decide the figure's kind."""


def total(lines: Iterable[Line], term: Term | None = None) -> Float64Array:
    """Sum the energy of lines, of one term or of all, ``[columns]``; a single zero where there are none."""
    energies = [line.energy for line in lines if term is None or line.term is term]
    return np.sum(energies, axis=0) if energies else np.zeros(1)


def kind_of(lines: Iterable[Line]) -> Kind:
    """Kind of a sum: that of its weakest constant among those with at least a twentieth of the nominal sum."""
    kept = tuple(lines)
    nominal = total(kept)[0]
    deciding = [line for line in kept if line.energy[0] >= SHARE_THAT_COUNTS * nominal]
    return weakest(constant for line in deciding for constant in (line.constant, *line.behind))


def weakest(constants: Iterable[Constant]) -> Kind:
    """Kind of a figure that rests on all of these constants."""
    return max((_KINDS[c.basis] for c in constants), key=list(Kind).index, default=Kind.SIMULATED)


_KINDS = {
    Basis.SILICON: Kind.SIMULATED,
    Basis.SIMULATION: Kind.SIMULATED,
    Basis.FIT: Kind.FITTED,
    Basis.INHERITED: Kind.ASSUMED,
    Basis.ASSUMED: Kind.ASSUMED,
}

"""What moves a total most: every constant from its low to its high value, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from neurotool.chips import Constant
from neurotool.energy.bands import Extremes, Values
from neurotool.energy.lines import Priced, total


@dataclass(frozen=True)
class Swing:
    """A total with one constant at its low and at its high value, all others nominal.

    Attributes:
        constant: Name of the constant, such as ``loihi1.message``.
        low: Low value of the constant in ``unit``.
        high: High value.
        unit: Unit of both.
        basis: What the constant rests on.
        citation: Its source.
        energy_low: Total in joules with the low value. A constant that makes things slower or dearer has the smaller
            total here; a rate or an efficiency the larger.
        energy_high: Total in joules with the high value.
    """

    constant: str
    low: float
    high: float
    unit: str
    basis: str
    citation: str
    energy_low: float
    energy_high: float

    @property
    def width(self) -> float:
        """How far the total moves in joules."""
        return abs(self.energy_high - self.energy_low)

    def to_json(self) -> dict[str, Any]:
        """Return the swing as plain JSON values; energies in joules."""
        plain = {key: value for key, value in asdict(self).items() if not key.startswith("energy")}
        return plain | {"energy_J": {"at_low": self.energy_low, "at_high": self.energy_high}}


def tornado(price: Callable[[Values], Iterable[Priced]], constants: Mapping[str, Constant]) -> tuple[Swing, ...]:
    """Find what moves the total energy.

    Args:
        price: Prices all parts with given values of the constants.
        constants: The constants to move, by name.

    Returns:
        Those that move the total at all, the widest first; equally wide ones by name.
    """
    names: Sequence[str] = tuple(constants)
    energy = total(line for part in price(Extremes(names)) for line in part.lines)
    if energy.size == 1:
        return ()
    swings = [
        Swing(
            name, c.low, c.high, c.unit, c.basis.value, c.citation, float(energy[1 + 2 * i]), float(energy[2 + 2 * i])
        )
        for i, (name, c) in enumerate(constants.items())
    ]
    # Sums of floats differ in the last digits although nothing moved.
    moved = [swing for swing in swings if swing.width > 1e-9 * abs(float(energy[0]))]
    return tuple(sorted(moved, key=lambda swing: (-swing.width, swing.constant)))

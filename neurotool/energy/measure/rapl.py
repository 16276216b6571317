"""Reads the energy of the processor packages of this machine through RAPL (Linux ``powercap``)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from neurotool.energy.measure.meters import CounterMeter
from neurotool.energy.measure.nvml import Board
from neurotool.errors import BackendMissingError

POWERCAP = Path("/sys/class/powercap")


class Packages:
    """The counters of several packages as one, each followed beyond its range.

    Args:
        zones: Folders of the packages.
    """

    def __init__(self, zones: Sequence[Path]) -> None:
        self._ranges = {zone: _microjoules(zone, "max_energy_range_uj") for zone in zones}
        self._last = {zone: _microjoules(zone, "energy_uj") for zone in zones}
        self._sum = 0

    def joules(self) -> float:
        """Joules since the beginning. A counter that is lower than before began anew once in between."""
        for zone, largest in self._ranges.items():
            now = _microjoules(zone, "energy_uj")
            gone = now - self._last[zone]
            self._sum += gone if gone >= 0 else gone + largest
            self._last[zone] = now
        return self._sum / 1e6


def open_cpu(title: str, root: Path = POWERCAP) -> Board:
    """Open the processor packages of this machine.

    Args:
        title: Name of the processor.
        root: Where the kernel shows its power zones.

    Raises:
        BackendMissingError: There are none, as in most virtual machines, or they may not be read.
    """
    names = {zone: zone / "name" for zone in sorted(root.glob("*-rapl:*")) if zone.name.count(":") == 1}
    zones = [zone for zone, name in names.items() if name.is_file() and name.read_text().startswith("package")]
    if not zones:
        raise BackendMissingError(
            f"this machine shows no counter of its processor's energy ({root} has no RAPL package)",
            hint="run on hardware of your own: virtual machines seldom show it",
        )
    limit = sum(_microjoules(zone, "constraint_0_max_power_uw", "constraint_0_power_limit_uw") for zone in zones) / 1e6
    packages = Packages(zones)
    method = f"RAPL counters of {len(zones)} package(s), memory not included"
    return Board(title, "", limit, "long-term power limit by RAPL", CounterMeter(packages.joules, method))


def _microjoules(zone: Path, *names: str) -> int:
    """The first number other than zero among files of a zone."""
    try:
        found = [int((zone / name).read_text()) for name in names if (zone / name).is_file()]
    except PermissionError:
        raise BackendMissingError(
            f"{zone} may not be read", hint="run as root, or: sudo chmod -R a+r /sys/class/powercap/*/"
        ) from None
    return next((value for value in found if value), 0)

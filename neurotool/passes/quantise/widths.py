"""How wide weights are: one width for all, and others for the layers that a pattern names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from neurotool.errors import UsageError
from neurotool.passes.quantise.layer import Synapses
from neurotool.passes.quantise.split import WIDEST


@dataclass(frozen=True)
class Widths:
    """Widths of synaptic weights.

    Attributes:
        default: Width in bits, 1 to 16; above 8 by two synapses each.
        layers: Patterns of node names and the width of what they match; the last match wins.
    """

    default: int = 8
    layers: tuple[tuple[str, int], ...] = ()

    def of(self, synapses: Synapses, population: str) -> int:
        """Width of synapses: a pattern names them by their synaptic node or by the population at which they end."""
        found = self.default
        for pattern, bits in self.layers:
            if any(fnmatchcase(name, pattern) for name in (synapses.name, population)):
                found = bits
        return found

    def check(self, nodes: Iterable[str]) -> None:
        """Make sure that every width exists and every pattern matches a node.

        Raises:
            UsageError: A width is out of range, or a pattern matches none of the nodes.
        """
        names = list(nodes)
        for pattern, bits in (("", self.default), *self.layers):
            given = f"--weight-bits {pattern}={bits}" if pattern else f"--weight-bits {bits}"
            if not 1 <= bits <= WIDEST:
                raise UsageError(f"{given}: weights have 1 to {WIDEST} bits")
            if pattern and not any(fnmatchcase(name, pattern) for name in names):
                raise UsageError(f"{given} matches no node", hint=f"the nodes are: {', '.join(names)}")

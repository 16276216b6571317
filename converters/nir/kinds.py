"""What the values of a NIR graph are: spikes, currents or other floats. A file does not say; the neurons do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import nir
import numpy as np

from neurotool.converters.nir.contents import Contents
from neurotool.converters.nir.support import NEURONS, SYNAPSES, TYPES
from neurotool.ir.adapters import Array
from neurotool.ir.graph import SPIKING_TYPES
from neurotool.ir.values import ValueKind

_PASSIVE = (*SYNAPSES, nir.Flatten)


def infer_kinds(
    contents: Contents, order: Sequence[str], example: Array | None, declared: Mapping[str, ValueKind]
) -> dict[str, ValueKind]:
    """Find the kind of each node's output.

    Args:
        contents: A valid feed-forward graph.
        order: Names of all nodes, each after those that feed it.
        example: Example input, or None. Values other than whole numbers make the inputs ``FLOAT``.
        declared: Kinds of inputs that the file says.
    """
    current, heard = _destinies(contents, order)
    kinds: dict[str, ValueKind] = {}
    for name in order:
        kind = TYPES[contents.type_of(name)]
        if kind is nir.Input:
            kinds[name] = _input_kind(name, name in heard, example, declared)
        elif kind in (nir.Flatten, nir.Output):
            kinds[name] = kinds[contents.sources(name)[0]]
        elif kind in SYNAPSES:
            kinds[name] = ValueKind.CURRENT if name in current else ValueKind.FLOAT
        else:
            kinds[name] = ValueKind.SPIKES if kind in SPIKING_TYPES else ValueKind.FLOAT
    return kinds


def _destinies(contents: Contents, order: Sequence[str]) -> tuple[set[str], set[str]]:
    """Find what becomes of the values that nodes take.

    Returns:
        The nodes whose input ends in neurons on every way on, through synapses and reshapes; and the nodes whose input
        or output is heard by a synapse or neuron, perhaps behind a reshape.
    """
    current: set[str] = set()
    heard: set[str] = set()
    for name in reversed(order):
        kind, targets = TYPES[contents.type_of(name)], contents.targets(name)
        if kind in NEURONS or (kind in _PASSIVE and current.issuperset(targets)):
            current.add(name)
        if kind in (*NEURONS, *SYNAPSES) or not heard.isdisjoint(targets):
            heard.add(name)
    return current, heard


def _input_kind(name: str, heard: bool, example: Array | None, declared: Mapping[str, ValueKind]) -> ValueKind:
    if example is not None and not _whole(example):
        return ValueKind.FLOAT
    if name in declared:
        return declared[name]
    return ValueKind.SPIKES if heard else ValueKind.FLOAT


def _whole(values: Array) -> bool:
    """Whether values can be spikes: bool, integers, or floats that are whole numbers."""
    return values.dtype.kind in "biu" or bool(np.array_equal(values, np.floor(values)))

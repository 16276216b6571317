"""What the values of a NIR graph are: spikes, currents or other floats. A file does not say; the neurons do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import nir
import numpy as np

from neurotool.converters.nir.specs import Spec
from neurotool.converters.nir.support import CARRIERS, LINEAR, NEURONS
from neurotool.converters.nir.wiring import Wiring
from neurotool.ir.adapters import Array
from neurotool.ir.graph import SPIKING_TYPES
from neurotool.ir.values import ValueKind


def infer_kinds(
    specs: Mapping[str, Spec],
    wiring: Wiring,
    example: Array | Mapping[str, Array] | None,
    declared: Mapping[str, ValueKind],
) -> dict[str, ValueKind]:
    """Find the kind of each node's output.

    Args:
        specs: All nodes of a valid graph.
        wiring: Their wires.
        example: Example input, for several inputs by name, or None. Values other than whole numbers make an input
            ``FLOAT``.
        declared: Kinds of inputs that the file says.
    """
    # What leaves a neuron does not depend on its input, so every loop is open there.
    order = wiring.order([w for w in wiring.wires if specs[w.source].kind not in NEURONS])
    current, heard = _destinies(specs, wiring, order)
    kinds = {
        name: ValueKind.SPIKES if spec.kind in SPIKING_TYPES else ValueKind.FLOAT
        for name, spec in specs.items()
        if spec.kind in NEURONS
    }
    for name in (name for name in order if name not in kinds):
        sources = [wire.source for wire in wiring.incoming[name]]
        if specs[name].kind is nir.Input:
            own = example.get(name) if isinstance(example, Mapping) else example
            kinds[name] = _input_kind(name, name in heard, own, declared)
        elif specs[name].kind not in LINEAR and len(sources) == 1:
            kinds[name] = kinds[sources[0]]
        else:
            kinds[name] = ValueKind.CURRENT if name in current else ValueKind.FLOAT
    return kinds


def _destinies(specs: Mapping[str, Spec], wiring: Wiring, order: Sequence[str]) -> tuple[set[str], set[str]]:
    """Find what becomes of the values that nodes take.

    Returns:
        The nodes whose input ends in neurons on every way on, through linear nodes and reshapes; and the nodes whose
        input or output is heard by a linear node or neuron, perhaps behind a reshape.
    """
    current: set[str] = set()
    heard: set[str] = set()
    for name in reversed(order):
        kind, targets = specs[name].kind, [wire.target for wire in wiring.outgoing[name]]
        if kind in NEURONS or (kind in (*LINEAR, *CARRIERS) and current.issuperset(targets)):
            current.add(name)
        if kind in (*NEURONS, *LINEAR) or not heard.isdisjoint(targets):
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

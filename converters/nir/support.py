"""The node types of NIR 1.0.8, sorted by what they do."""

from __future__ import annotations

import nir

from neurotool.ir.graph import NEURON_TYPES

Types = tuple[type[nir.NIRNode], ...]

NEURONS: Types = NEURON_TYPES
MATRICES: Types = (nir.Affine, nir.Linear)
CONVOLUTIONS: Types = (nir.Conv1d, nir.Conv2d)
POOLS: Types = (nir.SumPool2d, nir.AvgPool2d)
LINEAR: Types = (*MATRICES, nir.Scale, *CONVOLUTIONS, *POOLS)
"""Nodes that weigh or add values: they make currents."""

CARRIERS: Types = (nir.Flatten, nir.Delay)
"""Nodes that hand every value on as it is, in another shape or later."""

ENDS: Types = (nir.Input, nir.Output)

PER_NEURON: Types = (*NEURONS, nir.Scale, nir.Delay)
"""Nodes whose parameters have one value per neuron, and whose input and output have the same shape."""

TYPES: dict[str, type[nir.NIRNode]] = {t.__name__: t for t in (*LINEAR, *CARRIERS, *NEURONS, *ENDS)}
"""Nodes by name. Graphs inside graphs are opened before anything else, so they are none of these."""

GRAPH = nir.NIRGraph.__name__

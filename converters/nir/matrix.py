"""Writes the support matrix: ``python -m neurotool.converters.nir.matrix > docs/nir.md``.

Node types and fields come from the tables that the reader works with; what the chip makes of a type is kept here, and
checked against the passes by the tests.
"""

from __future__ import annotations

from dataclasses import dataclass

import nir

from neurotool.converters.nir.fields import FIELDS
from neurotool.converters.nir.support import TYPES

_INTEGERS = "approximation: weights are rounded, and so are decays (1/4096), thresholds and potentials"
_READ_OUT = (
    "approximation, rounded likewise; its potential is read and never fires (NT-QUANT-004) nor feeds on (NT-PART-004)"
)
_COMPOSED = "exact up to the rounding of weights: composed in float64 with all that is linear around it"
_END = "exact"


@dataclass(frozen=True)
class Support:
    """What a node type means here and on a chip."""

    meaning: str
    chip: str


SUPPORT: dict[str, Support] = {
    "Affine": Support("`W x + b` in every step", f"{_COMPOSED}; the bias goes into the population"),
    "Linear": Support("`W x`", _COMPOSED),
    "Scale": Support("`s x`, neuron by neuron", _COMPOSED),
    "Conv1d": Support("torch's Conv1d on (channels, columns)", f"{_COMPOSED}; alone it stays a convolution"),
    "Conv2d": Support("torch's Conv2d on (channels, rows, columns)", f"{_COMPOSED}; alone it stays a convolution"),
    "SumPool2d": Support("sum over each window, padded with zeros", _COMPOSED),
    "AvgPool2d": Support("mean over each window, padding counted as zeros", _COMPOSED),
    "Flatten": Support("the same values in another shape", _END),
    "Delay": Support(
        "`x[t - delay / dt]`; whole steps only (NT-NIR-009)", "exact up to 62 steps; refused beyond (NT-QUANT-011)"
    ),
    "IF": Support("`v += r dt x`; fires above the threshold, then reset", _INTEGERS),
    "LIF": Support("`v += k (v_leak - v + r x)`; fires above the threshold, then reset", _INTEGERS),
    "CubaLIF": Support("as LIF, on the current `i += k_syn (w_in x - i)`", _INTEGERS),
    "Threshold": Support("fires where `x` is above the threshold; no memory", _INTEGERS),
    "I": Support("`v += r dt x`; the output is `v`", _READ_OUT),
    "LI": Support("`v += k (v_leak - v + r x)`; the output is `v`", _READ_OUT),
    "CubaLI": Support("as LI, on the current of CubaLIF", _READ_OUT),
    "Input": Support("spikes, or floats if the example input holds other than whole numbers", _END),
    "Output": Support("the value itself", _END),
}

_HEAD = """# NIR

All node types of NIR 1.0.8 are read and written. Written by `python -m neurotool.converters.nir.matrix`.

In the column of meanings, `k` is the share of the way to rest that a membrane goes in one step. It, the order of the
operations, the reset and the strictness of the threshold follow from the convention (`--convention`); what stands here
is the default, forward Euler. A node sums all its inputs. `?` marks a field that may be missing.

| node | read: fields | meaning in a step | on the chip | written |
|---|---|---|---|---|
"""

_TAIL = """
## Parameters

Neurons, Scale and Delay have one value per neuron for each parameter, or a single value for all, with or without an
axis. The shape of a population with single values only is that of what feeds it; a note tells so. Integer parameters of
convolutions and pools are one number or one for each axis. Padding `same` needs a kernel of odd size and stride 1
(NT-NIR-011). Sizes of convolutions and pools are computed here, since nir 1.0.8 takes the first axis of a kernel for
both; such files, and those with groups, are read by other tools with `nir.read(..., type_check=False)`.

## Inner graphs

A NIRGraph inside a graph is opened: its nodes are called `outer.inner`, its Input and Output vanish and the edges to
and from them are joined. An edge to a graph with several Inputs names the port, as in `graph.port`. Two nodes that
would have the same name are refused (NT-NIR-010).

## Loops

Every loop goes through a neuron (NT-NIR-002). The edge that closes a loop, when the nodes are visited from the inputs
on, carries the value of the step before; in the first step it carries nothing. The step is put on the spikes that enter
the recurrent weights, so that a recurrent bias acts from the first step on, unless the same weights also lead forward.
A Delay of at least one step in a loop is that step itself. Where a loop is fed at several places, the node farthest
from the outputs comes first in a step, and a note tells so.

## Writing

Loops are written as edges. Other delays of edges become Delay nodes, which reading takes back into the edge. Single
values are spread over the population. The metadata group `neurotool` holds the time step, the convention, the kinds of
the inputs and the order of the nodes. A name with a slash and a torch operation have no place in the format
(NT-NIR-008).
"""


def page() -> str:
    """Return ``docs/nir.md``."""
    rows = [_row(name, kind) for name, kind in TYPES.items()]
    inner = "| NIRGraph | nodes, edges | see [inner graphs](#inner-graphs) | what its nodes are | opened |"
    return _HEAD + "\n".join([*rows, inner]) + "\n" + _TAIL


def _row(name: str, kind: type[nir.NIRNode]) -> str:
    fields = ", ".join(field.name + ("" if field.required else "?") for field in FIELDS[kind])
    return f"| {name} | {fields} | {SUPPORT[name].meaning} | {SUPPORT[name].chip} | yes |"


if __name__ == "__main__":
    print(page(), end="")

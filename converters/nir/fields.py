"""The fields of each node: all there, numbers, finite, and in shapes that fit together."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import nir
import numpy as np
import numpy.typing as npt

from neurotool.converters.nir.contents import Contents
from neurotool.converters.nir.support import SYNAPSES, TYPES, WEIGHTED
from neurotool.diagnostics import Diagnostic
from neurotool.ir.graph import Shape

Array = npt.NDArray[np.generic]

_ENDS: tuple[type[nir.NIRNode], ...] = (nir.Input, nir.Output)
_SIZES = ("shape", "input_type")
_AXES = ("start_dim", "end_dim")
_TIME_CONSTANTS = ("tau", "tau_syn", "tau_mem")


@dataclass(frozen=True, eq=False)
class Spec:
    """A node whose fields are sound.

    Attributes:
        kind: Its NIR class.
        values: Its fields; optional ones only where the file has them.
    """

    kind: type[nir.NIRNode]
    values: Mapping[str, Array]

    @property
    def takes(self) -> Shape | None:
        """Shape of the input, None where the fields do not say."""
        if self.kind in WEIGHTED:
            return (self.values["weight"].shape[1],)
        return self._declared

    @property
    def gives(self) -> Shape | None:
        """Shape of the output of a weight matrix, None for other nodes."""
        return (self.values["weight"].shape[0],) if self.kind in WEIGHTED else None

    @property
    def _declared(self) -> Shape | None:
        for field in _SIZES:
            if field in self.values:
                return tuple(int(size) for size in self.values[field])
        return next((v.shape for f, v in self.values.items() if f not in _AXES and v.shape), None)


def read_fields(contents: Contents) -> tuple[dict[str, Spec], list[Diagnostic]]:
    """Check the fields of all nodes.

    Returns:
        The nodes that are sound, by name, and everything that is wrong with the others.
    """
    specs: dict[str, Spec] = {}
    errors: list[Diagnostic] = []
    for name in contents.nodes:
        found = list(_node_errors(contents, name))
        if not found:
            kind = TYPES[contents.type_of(name)]
            specs[name] = Spec(kind, {f: np.asarray(contents.nodes[name][f]) for f in _present(contents, name)})
        errors += found
    return specs, errors


def _fields_of(kind: type[nir.NIRNode]) -> dict[str, bool]:
    """Fields of a node type in a file, and whether each must be there."""
    if kind in _ENDS:
        return {"shape": True}
    own = {f.name: f for f in dataclasses.fields(kind) if f.name not in ("input_type", "output_type", "metadata")}
    required = {name: f.default is dataclasses.MISSING for name, f in own.items()}
    return required | ({"input_type": False} if kind is nir.Flatten else {})


def _present(contents: Contents, name: str) -> list[str]:
    return [f for f in _fields_of(TYPES[contents.type_of(name)]) if f in contents.nodes[name]]


def _node_errors(contents: Contents, name: str) -> Iterator[Diagnostic]:
    kind = TYPES.get(contents.type_of(name))
    if kind is None:
        yield contents.error("NT-NIR-004", name, "has no type", limit=f"one of {', '.join(TYPES)}")
        return
    expected = _fields_of(kind)
    for field, required in expected.items():
        if required and field not in contents.nodes[name]:
            yield contents.error("NT-NIR-004", name, f"{kind.__name__} has no field {field}", limit=field)
    for field in contents.nodes[name]:
        if field not in (*expected, "type", "metadata"):
            yield contents.error("NT-NIR-004", name, f"{kind.__name__} has no such field: {field}", found=field)
    misshapen = False
    for field in _present(contents, name):
        for finding in _field_errors(contents, name, field):
            misshapen |= finding.rule == "NT-NIR-004"
            yield finding
    if not misshapen:
        yield from _shape_errors(contents, name, kind)


def _field_errors(contents: Contents, name: str, field: str) -> Iterator[Diagnostic]:
    value = np.asarray(contents.nodes[name][field])
    if field in (*_SIZES, *_AXES):
        axes = int(field in _SIZES)
        if value.ndim != axes or value.dtype.kind not in "iu" or not value.size or (axes and np.any(value < 1)):
            limit = "sizes of one or more axes" if axes else "one integer"
            yield contents.error("NT-NIR-004", name, f"{field} is {_shown(value)}", found=_shown(value), limit=limit)
    elif value.dtype.kind not in "fiu" or not value.size:
        yield contents.error("NT-NIR-004", name, f"{field} is {_shown(value)}", found=_shown(value), limit="numbers")
    elif not np.all(np.isfinite(value)):
        count = f"{np.count_nonzero(~np.isfinite(value))} of {value.size} values"
        message = f"{count} of {field} are NaN or infinite"
        yield contents.error("NT-NIR-007", name, message, found=count, limit="finite numbers")
    elif field in _TIME_CONSTANTS and np.any(value <= 0):
        shortest = f"{np.min(value):g} s"
        message = f"{field} holds a time constant of {shortest}"
        yield contents.error("NT-NIR-007", name, message, found=shortest, limit="greater than 0 s")


def _shape_errors(contents: Contents, name: str, kind: type[nir.NIRNode]) -> Iterator[Diagnostic]:
    shapes = {f: np.shape(contents.nodes[name][f]) for f in _present(contents, name)}
    if kind in WEIGHTED and "weight" in shapes:
        weight, bias = shapes["weight"], shapes.get("bias", ())
        if len(weight) != 2:
            found = _listed(weight)
            yield contents.error("NT-NIR-004", name, f"weight has shape {found}", found=found, limit="[out, in]")
        elif bias not in ((), weight[:1]):
            found, limit = _listed(bias), _listed(weight[:1])
            message = f"bias has shape {found}, the weight {_listed(weight)} asks for {limit}"
            yield contents.error("NT-NIR-004", name, message, found=found, limit=limit)
    elif kind not in (*_ENDS, *SYNAPSES, nir.Flatten) and len({s for s in shapes.values() if s}) > 1:
        found = ", ".join(f"{f} {_listed(s)}" for f, s in shapes.items())
        fix = "write one value per neuron, or one value without axes for all"
        message = f"parameters differ in shape: {found}"
        yield contents.error("NT-NIR-004", name, message, found=found, limit="one shape", fix=fix)


def _listed(shape: Shape) -> str:
    return str(list(shape))


def _shown(value: Array) -> str:
    if value.dtype.kind not in "fiub":
        return "no numbers"
    return f"{value.tolist()}" if value.size <= 8 else f"of shape {_listed(value.shape)}"

"""Nodes whose fields are sound, and everything that is wrong with the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import nir
import numpy as np

from neurotool.converters.nir.contents import Contents
from neurotool.converters.nir.fields import FIELDS, Array, Field, Sort, field_problems, is_shared, listed, shown
from neurotool.converters.nir.support import CONVOLUTIONS, GRAPH, MATRICES, PER_NEURON, POOLS, TYPES
from neurotool.diagnostics import Diagnostic
from neurotool.ir.graph import Shape

_SPATIAL = (Sort.STRIDES, Sort.PADDING, Sort.MARGINS, Sort.EXTENT)

Pattern = tuple[int | None, ...]
"""A shape in which None stands for a size that the fields do not say."""


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
    def takes(self) -> Pattern | None:
        """Shape of the input as far as the fields say it."""
        if self.kind in MATRICES:
            weight = self.values["weight"].shape
            return (*weight[:-2], weight[-1])
        if self.kind in CONVOLUTIONS:
            weight, axes = self.values["weight"].shape, len(self.values["weight"].shape) - 2
            sizes: Pattern = self.numbers("input_shape", axes) if "input_shape" in self.values else (None,) * axes
            return (weight[1] * int(self.values["groups"].flat[0]), *sizes)
        if self.kind in POOLS:
            return (None, None, None)
        if self.kind in PER_NEURON:
            return next((v.shape for v in self.values.values() if not is_shared(v)), None)
        return next((self.numbers(name, 1) for name in ("shape", "input_type") if name in self.values), None)

    @property
    def single(self) -> bool:
        """Whether the node holds parameters of shape [1] and no others: one neuron, or one value for all."""
        return self.kind in PER_NEURON and self.takes is None and any(v.ndim for v in self.values.values())

    def numbers(self, name: str, axes: int) -> tuple[int, ...]:
        """Return the integers of a field, one for each axis."""
        found = tuple(int(number) for number in np.ravel(self.values[name]))
        return found * axes if len(found) == 1 else found


def read_specs(contents: Contents) -> tuple[dict[str, Spec], list[Diagnostic]]:
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
            values = {f.name: np.asarray(contents.nodes[name][f.name]) for f in _present(contents, name)}
            specs[name] = Spec(kind, values)
        errors += found
    return specs, errors


def _present(contents: Contents, name: str) -> list[Field]:
    return [f for f in FIELDS[TYPES[contents.type_of(name)]] if f.name in contents.nodes[name]]


def _node_errors(contents: Contents, name: str) -> Iterator[Diagnostic]:
    kind = TYPES.get(contents.type_of(name))
    if kind is None:
        yield _type_error(contents, name)
        return
    expected = {field.name: field for field in FIELDS[kind]}
    for field in expected.values():
        if field.required and field.name not in contents.nodes[name]:
            message = f"{kind.__name__} has no field {field.name}"
            yield contents.error("NT-NIR-004", name, message, found="nothing", limit=field.sort.value)
    for other in contents.nodes[name]:
        if other not in (*expected, "type", "metadata"):
            message, limit = f"{kind.__name__} has no such field: {other}", ", ".join(expected)
            yield contents.error("NT-NIR-004", name, message, found=other, limit=limit)
    misshapen = False
    for field in _present(contents, name):
        for rule, message, found, limit in field_problems(field, np.asarray(contents.nodes[name][field.name])):
            misshapen |= rule == "NT-NIR-004"
            yield contents.error(rule, name, message, found=found, limit=limit)
    if not misshapen:
        yield from _shape_errors(contents, name, kind)


def _type_error(contents: Contents, name: str) -> Diagnostic:
    kind = contents.type_of(name)
    known = ", ".join((*TYPES, GRAPH))
    if not kind:
        return contents.error("NT-NIR-004", name, "has no type", found="no type", limit=f"one of {known}")
    message = f"{kind} nodes are not part of NIR 1.0.8"
    return contents.error("NT-NIR-001", name, message, found=kind, limit=f"one of {known}", fix=f"use one of {known}")


def _shape_errors(contents: Contents, name: str, kind: type[nir.NIRNode]) -> Iterator[Diagnostic]:
    values = {f.name: np.asarray(contents.nodes[name][f.name]) for f in _present(contents, name)}
    if kind in PER_NEURON:
        if len({value.shape for value in values.values() if not is_shared(value)}) > 1:
            found = ", ".join(f"{field} {listed(value.shape)}" for field, value in values.items())
            fix = "write one value per neuron, or a single value for all"
            message = f"parameters differ in shape: {found}"
            yield contents.error("NT-NIR-004", name, message, found=found, limit="one shape", fix=fix)
        return
    errors = [*_weight_errors(contents, name, kind, values), *_spatial_errors(contents, name, kind, values)]
    if not errors and kind in CONVOLUTIONS and str(values.get("padding")) == "same":
        errors += _same_errors(contents, name, values)
    yield from errors


def _spatial_errors(
    contents: Contents, name: str, kind: type[nir.NIRNode], values: Mapping[str, Array]
) -> Iterator[Diagnostic]:
    axes = 1 if kind is nir.Conv1d else 2
    for field in FIELDS[kind]:
        if field.sort not in _SPATIAL or field.name not in values:
            continue
        if values[field.name].size not in ((axes,) if field.sort is Sort.EXTENT else (1, axes)):
            found = shown(values[field.name])
            limit = f"{field.sort.value}: {axes}"
            yield contents.error("NT-NIR-004", name, f"{field.name} is {found}", found=found, limit=limit)


def _weight_errors(
    contents: Contents, name: str, kind: type[nir.NIRNode], values: Mapping[str, Array]
) -> Iterator[Diagnostic]:
    if "weight" not in values:
        return
    weight: Shape = values["weight"].shape
    limit = {nir.Conv1d: "[out, in, columns]", nir.Conv2d: "[out, in, rows, columns]"}.get(kind, "[out, in]")
    axes = limit.count(",") + 1
    if len(weight) < axes or (len(weight) > axes and kind not in MATRICES):
        found = listed(weight)
        yield contents.error("NT-NIR-004", name, f"weight has shape {found}", found=found, limit=limit)
        return
    gives = weight[:1] if kind in CONVOLUTIONS else weight[:-1]
    bias = values.get("bias")
    if bias is not None and bias.shape not in ((), gives):
        found, limit = listed(bias.shape), listed(gives)
        message = f"bias has shape {found}, the weight {listed(weight)} asks for {limit}"
        yield contents.error("NT-NIR-004", name, message, found=found, limit=limit)
    if kind in CONVOLUTIONS and "groups" in values and weight[0] % int(values["groups"].flat[0]):
        groups = int(values["groups"].flat[0])
        message = f"{weight[0]} output channels do not divide into {groups} groups"
        yield contents.error("NT-NIR-004", name, message, found=str(groups), limit=f"a divisor of {weight[0]}")


def _same_errors(contents: Contents, name: str, values: Mapping[str, Array]) -> Iterator[Diagnostic]:
    """Padding ``same`` has one meaning only where both sides get as much and the size can stay."""
    kernel = np.array(values["weight"].shape[2:])
    spans = np.ravel(values.get("dilation", 1)) * (kernel - 1) + 1
    if np.any(spans % 2 == 0):
        found = f"a kernel that spans {' x '.join(str(span) for span in spans)}"
        message = f"padding 'same' of {found} is not the same on both sides"
        fix = "write the padding as numbers, and the missing row by a larger input"
        yield contents.error("NT-NIR-011", name, message, found=found, limit="odd numbers", fix=fix)
    if "stride" in values and np.any(values["stride"] != 1):
        found = f"stride {shown(values['stride'])}"
        message = f"padding 'same' with {found} cannot keep the size"
        yield contents.error(
            "NT-NIR-011", name, message, found=found, limit="stride 1", fix="write the padding as numbers"
        )

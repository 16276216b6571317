"""The shape of every value, found from the fields of the nodes and from their neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod

import nir

from neurotool.converters.nir.contents import Contents
from neurotool.converters.nir.geometry import fits, output_shape, shown_pattern
from neurotool.converters.nir.specs import Pattern, Spec
from neurotool.converters.nir.support import PER_NEURON
from neurotool.converters.nir.wiring import Wire, Wiring
from neurotool.diagnostics import Diagnostic
from neurotool.ir.graph import Shape


@dataclass(eq=False)
class Shapes:
    """What is known about the shapes of a graph.

    Attributes:
        of: Shape of the output of each node.
        taken: Shape of the input of each node.
        notes: What was assumed, one sentence each.
        errors: Edges whose ends differ.
    """

    of: dict[str, Shape] = field(default_factory=dict)
    taken: dict[str, Shape] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    errors: list[Diagnostic] = field(default_factory=list)


def infer_shapes(contents: Contents, specs: Mapping[str, Spec], wiring: Wiring) -> Shapes:
    """Find the shape of every node's output, and check both ends of every edge.

    Args:
        contents: The file.
        specs: Its sound nodes; what follows only on others is left out.
        wiring: Its wires, in an order in which each node follows its inputs, loops apart.
    """
    inference = _Inference(contents, specs, wiring, Shapes())
    for name in wiring.names:
        if name in specs:
            inference.visit(name, specs[name])
    for wire in wiring.wires:
        inference.check(wire)
    inference.shapes.notes = list(dict.fromkeys(inference.shapes.notes))
    return inference.shapes


class _Inference:
    def __init__(self, contents: Contents, specs: Mapping[str, Spec], wiring: Wiring, shapes: Shapes) -> None:
        self.contents = contents
        self.specs = specs
        self.wiring = wiring
        self.shapes = shapes
        self.wanted = self._wanted()

    def _wanted(self) -> dict[str, Pattern]:
        """Shape that each node asks of its input; one without a shape of its own passes on what follows asks for."""
        wanted: dict[str, Pattern] = {}
        for name in reversed(self.wiring.names):
            spec = self.specs.get(name)
            if spec is None or spec.kind is nir.Output:
                continue
            pattern = spec.takes
            if pattern is None and spec.kind in PER_NEURON:
                behind = (wire.target for wire in self.wiring.outgoing[name])
                pattern = next((wanted[target] for target in behind if target in wanted), None)
            if pattern is not None:
                wanted[name] = pattern
        return wanted

    def visit(self, name: str, spec: Spec) -> None:
        """Find the shapes of one node; those that feed it are known, loops apart."""
        feeds = [wire.source for wire in self.wiring.incoming[name] if wire.source in self.shapes.of]
        fed = self.shapes.of[feeds[0]] if feeds else None
        taken: Shape | None
        if spec.kind is nir.Input:
            taken = self._input_shape(name, spec)
        elif spec.kind is nir.Output:
            taken = self._without_batch(name, _sizes(spec), fed)
        else:
            taken = self._taken(name, spec, fed)
        if taken is None:
            return
        self.shapes.taken[name] = taken
        try:
            self.shapes.of[name] = output_shape(spec, taken)
        except ValueError as error:
            rule = "NT-NIR-004" if spec.kind is nir.Flatten else "NT-NIR-006"
            fix = "count the axes without the batch: start_dim=0 flattens everything"
            fix = fix if spec.kind is nir.Flatten else "take a smaller kernel or more padding"
            message, found = str(error), str(list(taken))
            limit = "axes of the value" if spec.kind is nir.Flatten else "a kernel no larger than its input"
            self.shapes.errors.append(self.contents.error(rule, name, message, found=found, limit=limit, fix=fix))

    def _taken(self, name: str, spec: Spec, fed: Shape | None) -> Shape | None:
        """Shape of the input of a node between the ends: what it says, completed by what feeds it."""
        if spec.single:
            if fed is not None and prod(fed) > 1:
                self.shapes.notes.append(
                    f"{self.contents.file}: {name} holds single values; "
                    f"they were taken for all {prod(fed)} neurons of shape {list(fed)}."
                )
            return fed
        pattern = spec.takes
        if pattern is None or (fed is not None and fits(fed, pattern)):
            return fed
        whole = tuple(size for size in pattern if size is not None)
        return whole if len(whole) == len(pattern) else None

    def _input_shape(self, name: str, spec: Spec) -> Shape:
        declared = _sizes(spec)
        asked = [self.wanted[w.target] for w in self.wiring.outgoing[name] if w.target in self.wanted]
        if asked and not any(fits(declared, a) for a in asked) and all(fits(declared[1:], a) for a in asked):
            return self._without_batch(name, declared, declared[1:])
        return declared

    def _without_batch(self, name: str, declared: Shape, meant: Shape | None) -> Shape:
        """Drop a leading axis of size one, which Norse's exporter takes over from its sample data."""
        if len(declared) < 2 or declared[0] != 1 or declared[1:] != meant:
            return declared
        self.shapes.notes.append(
            f"{self.contents.file}: {name} declares the shape {list(declared)}; "
            f"its first axis was taken for the batch and dropped."
        )
        return declared[1:]

    def check(self, wire: Wire) -> None:
        """Compare what a wire carries with what its target and the ports on its way declare."""
        made = self.shapes.of.get(wire.source)
        if made is None:
            return
        for port in wire.ports:
            spec = self.specs.get(port)
            if spec is not None and self._without_batch(port, _sizes(spec), made) != made:
                self._mismatch(port, wire.source, made, list(_sizes(spec)))
        spec, taken = self.specs.get(wire.target), self.shapes.taken.get(wire.target)
        if taken is not None and taken != made:
            self._mismatch(wire.target, wire.source, made, list(taken))
        elif taken is None and spec is not None and spec.takes is not None:
            self._mismatch(wire.target, wire.source, made, shown_pattern(spec.takes))

    def _mismatch(self, name: str, source: str, made: Shape, asked: object) -> None:
        found, limit = str(list(made)), str(asked)
        message = f"takes shape {limit}, {source} gives {found}"
        fix = "correct the size of one of them, or put a Flatten between them"
        self.shapes.errors.append(self.contents.error("NT-NIR-006", name, message, found=found, limit=limit, fix=fix))


def _sizes(spec: Spec) -> Shape:
    """Shape that an Input or Output declares."""
    return tuple(size for size in spec.takes or () if size is not None)

"""Reads a NetX file into a chip program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from pathlib import Path
from typing import TypeVar

from neurotool.arrays import Int64Array
from neurotool.converters.netx.contents import Contents, read_contents
from neurotool.converters.netx.fields import FIELDS, Layer, LayerError
from neurotool.converters.netx.neurons import MESSAGE_BITS, Neurons, read_neurons
from neurotool.converters.netx.options import LoadOptions
from neurotool.converters.netx.synapses import Wire, convolution, dense, identity, recurrent
from neurotool.diagnostics import Diagnostic
from neurotool.errors import UnsupportedError, UsageError
from neurotool.ir.graph import Shape
from neurotool.ir.program import ChipProgram, InputPort, OutputKind, OutputPort, Population, Projection
from neurotool.ir.program_check import problems

INPUT = "input"
DT = 1e-3
KINDS = ("input", "conv", "flatten", "dense", "dense_rec", "dense_comp")

T = TypeVar("T")


def read_net(path: Path, options: LoadOptions | None = None) -> ChipProgram:
    """Read a NetX file as lava-dl's own loader does, without lava-dl.

    The program has one input port, ``input``, a population ``layer<i>`` for each layer i of the file that holds
    neurons, and the last of them as its output: spikes, or the membrane potential if its threshold is never reached.
    Where lava-dl computes something else than the file says, ``notes`` tells it.

    If the first layer holds neurons, they take the place of lava-dl's input block: a graded spike b at the port does
    what ``bias_mant = b`` (CUBA) or ``a_in = b`` (sigma-delta) does there, with the same spikes and potentials.

    Args:
        path: File to read.
        options: What lava-dl's ``Network`` takes beside the file.

    Raises:
        UsageError: The file is missing, damaged, or no valid NetX file; ``diagnostics`` lists every mistake.
        UnsupportedError: The file holds layers, neurons or values that have no meaning here; ``diagnostics`` lists all.
    """
    contents = read_contents(path)
    options = options or LoadOptions()
    direct = contents.layers[0].kind == "input" and contents.layers[0].has("neuron") and not options.skip_layers
    options = options.completed(contents.arguments, direct=direct)
    layers = contents.layers[: options.num_layers]
    reader = _Reader(options)
    if unknown := [_unknown(layer) for layer in layers if layer.kind not in KINDS]:
        raise UnsupportedError(_summary(path, "cannot be converted", unknown), diagnostics=unknown)
    for layer in layers:
        reader.read(layer)
    if errors := reader.errors:
        if all(error.rule == FIELDS for error in errors):
            raise UsageError(_summary(path, "is not a valid NetX file", errors), diagnostics=errors)
        raise UnsupportedError(_summary(path, "cannot be converted", errors), diagnostics=errors)
    if not reader.stages or reader.port is None:
        raise UsageError(f"{path}: holds no layer with neurons", hint="see num_layers and skip_layers")
    program = _assemble(contents, reader, options)
    if found := problems(program):
        raise UsageError(f"{path}: does not give a valid program: {'; '.join(found)}")
    return program


def _unknown(layer: Layer) -> Diagnostic:
    kind, limit = layer.kind or "no type", ", ".join(KINDS)
    message = f"layers of type {kind!r} are not supported"
    return layer.error(
        "NT-NETX-001", message, found=kind, limit=limit, fix="see neurotool explain NT-NETX-001"
    ).diagnostic


def _summary(path: Path, verdict: str, found: Sequence[Diagnostic]) -> str:
    rest = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return f"{path}: {verdict}: {found[0].message}{rest}"


@dataclass(frozen=True, eq=False)
class _Stage:
    """One layer of neurons with what leads to it."""

    layer: Layer
    shape: Shape
    neurons: Neurons
    projections: Sequence[Projection]


@dataclass
class _Reader:
    """Reads layer after layer; goes on after a mistake as far as the shapes are known."""

    options: LoadOptions
    port: InputPort | None = None
    wire: Wire | None = None
    stages: list[_Stage] = field(default_factory=list)
    errors: list[Diagnostic] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def read(self, layer: Layer) -> None:
        """Read the next layer."""
        skipped = layer.index < self.options.skip_layers
        if layer.kind == "flatten":
            if self.wire is not None:
                self.wire = replace(self.wire, flat=True)
            return
        if layer.kind == "input" and layer.index:
            self.errors.append(layer.error(FIELDS, "an input layer stands first").diagnostic)
            return
        shape = self._attempt(lambda: _shape(layer))
        if shape is None:
            return
        if layer.kind == "input" and not layer.has("neuron"):
            self._open(shape, self.options.input_message_bits or 0)
            return
        neurons = self._attempt(lambda: read_neurons(layer, shape, self.options, as_input=layer.kind == "input"))
        wire = self._attempt(lambda: self._arriving(layer, shape))
        projections = self._attempt(lambda: _project(layer, wire, shape, neurons)) if neurons and wire else None
        bits = neurons.message_bits if neurons else 0
        if skipped:
            self._open(shape, bits)
            return
        self.notes += layer.notes
        if neurons and projections is not None:
            self.stages.append(_Stage(layer, shape, neurons, projections))
        self.wire = Wire(layer.name, shape, bits)

    def _attempt(self, part: Callable[[], T]) -> T | None:
        try:
            return part()
        except LayerError as error:
            self.errors.append(error.diagnostic)
            return None

    def _open(self, shape: Shape, message_bits: int) -> None:
        """Let the program begin here."""
        self.port = InputPort(INPUT, shape, message_bits)
        self.wire = Wire(INPUT, shape, message_bits)

    def _arriving(self, layer: Layer, shape: Shape) -> Wire:
        if layer.kind == "input":
            self._open(shape, MESSAGE_BITS)
        elif self.wire is None:
            self._open(self._input_shape(layer, shape), self.options.input_message_bits or 0)
        assert self.wire is not None
        return self.wire

    def _input_shape(self, layer: Layer, shape: Shape) -> Shape:
        """Work out the shape of an input that the file does not describe."""
        if self.options.input_shape:
            return self.options.input_shape
        if layer.kind == "conv":
            message = "field shape of an input layer is missing, and a convolution does not tell it"
            raise layer.error(FIELDS, message, fix="put an input layer with a shape first, or name input_shape")
        name = "weight/real" if layer.has("weight/real") else "weight"
        return (layer.numbers(name).size // shape[0],)


def _shape(layer: Layer) -> Shape:
    shape = layer.shape()
    return (prod(shape),) if layer.kind.startswith("dense") else shape


def _project(layer: Layer, wire: Wire, shape: Shape, neurons: Neurons) -> list[Projection]:
    if layer.kind == "input":
        return [identity(layer, wire, neurons)]
    if layer.kind == "conv":
        if neurons.ports != ("a",):
            raise layer.error("NT-NETX-002", f"convolutions onto {neurons.model} neurons are not supported")
        return convolution(layer, wire, shape)
    make = recurrent if layer.kind == "dense_rec" else dense
    return make(layer, wire, shape[0], neurons)


def _assemble(contents: Contents, reader: _Reader, options: LoadOptions) -> ChipProgram:
    assert reader.port is not None
    direct = reader.stages[0].layer.kind == "input"
    together = options.together
    if together is None:
        together = any(stage.neurons.model == "sigma_delta" for stage in reader.stages)
    populations = {}
    for number, stage in enumerate(reader.stages):
        layer, neurons = stage.layer, stage.neurons
        start = int(direct) if together else number + 1
        populations[layer.name] = Population(
            name=layer.name,
            model=neurons.model,
            shape=stage.shape,
            parameters=_parameters(neurons, late=number + 1 - start),
            start=start,
            scale=neurons.scale,
            origin=layer.origin,
        )
    last = reader.stages[-1]
    kind = OutputKind.MEMBRANE if last.neurons.readout else OutputKind.SPIKES
    return ChipProgram(
        dt=contents.dt or DT,
        inputs={INPUT: reader.port},
        populations=populations,
        projections={p.name: p for stage in reader.stages for p in stage.projections},
        outputs=(OutputPort(last.layer.name, kind),),
        notes=(*_notes(contents, reader, direct=direct, together=together), *reader.notes),
    )


def _parameters(neurons: Neurons, *, late: int) -> dict[str, Int64Array]:
    """Return the parameters with the reset as many rows later as the layer answers later than it begins."""
    if "reset_offset" not in neurons.parameters:
        return neurons.parameters
    return neurons.parameters | {"reset_offset": neurons.parameters["reset_offset"] + late}


def _notes(contents: Contents, reader: _Reader, *, direct: bool, together: bool) -> list[str]:
    notes = []
    if contents.dt is None:
        notes.append(f"{contents.file} does not say how long a time step is; 1 ms was taken.")
    if together:
        notes.append(
            "All layers begin with the first step, as in lava-dl; each answers one step after the one before it."
        )
    elif any(_biased(stage) for stage in reader.stages[direct:]):
        notes.append(
            "Each layer begins one step after the one before it, as in lava-dl with reset_interval"
            f"{'' if direct else ' and reset_offset=1'}; without it lava-dl starts the biases of all layers at once."
        )
    return notes


def _biased(stage: _Stage) -> bool:
    return any(
        stage.neurons.parameters[name].any() for name in ("bias_mant", "bias") if name in stage.neurons.parameters
    )

"""The synapses of a layer: weights, geometry and delays to projections, as lava-dl's loader maps them.

Source: ``create_dense`` and ``create_conv`` of ``lava.lib.dl.netx.hdf5.Network`` (lava-dl 0.6.0).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from neurotool.arrays import Int64Array
from neurotool.converters.netx.fields import FIELDS, NEURONS, Layer
from neurotool.converters.netx.neurons import Neurons
from neurotool.converters.netx.weights import clipped, lava_dl_defect, mantissas, shift_of
from neurotool.ir.connectivity import convolved
from neurotool.ir.graph import Shape
from neurotool.ir.program import Convolution, Projection, SignMode, Sparse

DELAY_MAX = 62
DEFAULT_GAIN = 64
"""What lava-dl multiplies an image with where the input layer does not say."""
_WEIGHTS, _DELAYS = "NT-NETX-005", "NT-NETX-006"


@dataclass(frozen=True)
class Wire:
    """What arrives at a layer.

    Attributes:
        source: Input port or population.
        shape: Its shape.
        message_bits: Payload width of its messages.
        flat: Whether a flatten layer stands in between.
    """

    source: str
    shape: Shape
    message_bits: int
    flat: bool = False


def identity(layer: Layer, wire: Wire, neurons: Neurons) -> Projection:
    """Hand every value of the input to the neuron at its place.

    Lava drives CUBA input neurons through their bias, b << 6 each step. A graded spike of b through a weight of one
    adds b << 6 to a current without memory, and so the same to the potential.
    """
    weight, bias = layer.real("weight", DEFAULT_GAIN), layer.real("bias", 0)
    variable = "a_in" if neurons.model == "delta" else "bias_mant"
    layer.note(f"the input takes what lava-dl writes to {variable}, {weight:g} * image + {bias:g}, as integers")
    each = np.arange(prod(wire.shape), dtype=np.int64)
    return Projection(
        name=f"{layer.name}.frame",
        source=wire.source,
        target=layer.name,
        weights=np.ones_like(each),
        sign_mode=SignMode.EXCITATORY,
        message_bits=wire.message_bits,
        origin=layer.origin,
        connectivity=Sparse(targets=each, sources=each),
    )


def convolution(layer: Layer, wire: Wire, shape: Shape) -> list[Projection]:
    """Read the synapses of a convolution: weights (out, in / groups, rows, columns), with or without a time axis."""
    if layer.has("weight/imag"):
        raise layer.error(NEURONS, "convolutions with complex weights are not supported", found="weight/imag")
    if layer.has("delay") and layer.numbers("delay").any():
        raise layer.error(_DELAYS, "field delay: convolutions have no delays", found="delay", limit="0")
    weights = _whole(layer, "weight")
    if not (weights.ndim == 4 or (weights.ndim == 5 and weights.shape[4] == 1)):
        limit = "(out, in / groups, rows, columns)"
        raise layer.error(FIELDS, f"field weight has shape {list(weights.shape)}, expected {limit}", limit=limit)
    weights = weights.reshape(weights.shape[0], weights.shape[1], *weights.shape[2:4])
    geometry = Convolution(layer.pair("stride"), layer.pair("padding"), layer.pair("dilation"), layer.number("groups"))
    if min(*geometry.stride, *geometry.dilation, geometry.groups) < 1 or min(geometry.padding) < 0:
        raise layer.error(FIELDS, f"{geometry} needs positive strides, dilations and groups, and no negative padding")
    if len(wire.shape) != 3 or wire.shape[0] != weights.shape[1] * geometry.groups:
        message = (
            f"field weight {list(weights.shape)} in {geometry.groups} group(s) does not fit an input {list(wire.shape)}"
        )
        raise layer.error(FIELDS, message, found=str(list(wire.shape)))
    given = convolved(wire.shape, weights.shape, geometry)
    if given != shape:
        message = f"field shape is {list(shape)}, the convolution of {list(wire.shape)} gives {list(given)}"
        raise layer.error(FIELDS, message, found=str(list(shape)), limit=str(list(given)))
    return [_projection(layer, wire, "weight", weights, connectivity=geometry)]


def dense(layer: Layer, wire: Wire, size: int, neurons: Neurons) -> list[Projection]:
    """Read the synapses of a dense layer, complex ones for resonators."""
    is_complex = layer.has("weight/imag")
    if layer.kind == "dense_comp":
        layer.note("lava-dl's loader knows this type but cannot build it; it builds the same layer as dense")
    if is_complex != (len(neurons.ports) == 2):
        kind, wanted = ("complex", "real") if is_complex else ("real", "complex")
        raise layer.error(NEURONS, f"{neurons.model} neurons take {wanted} weights, the file has {kind} ones")
    if not wire.flat and sum(axis > 1 for axis in wire.shape) > 1:
        message = f"a dense layer cannot take shape {list(wire.shape)}: there is no flatten layer before it"
        raise layer.error(FIELDS, message, found=str(list(wire.shape)), fix="put a flatten layer between them")
    names = ("weight/real", "weight/imag") if is_complex else ("weight",)
    found = []
    for name, port in zip(names, neurons.ports, strict=True):
        weights = _matrix(layer, name, size, prod(wire.shape))
        delays = _delays(layer, weights.shape)
        found.append(_dense(layer, wire, name, weights, shift_of(weights), delays, port))
        _mention_defect(layer, weights)
    if is_complex and found[0].delays is not None:
        layer.note("lava-dl's loader drops the delays of complex weights; they are kept here")
    return found


def recurrent(layer: Layer, wire: Wire, size: int, neurons: Neurons) -> list[Projection]:
    """Read the synapses of a recurrent layer; its two matrices share one exponent."""
    if neurons.ports != ("a",) or layer.has("weight/imag"):
        raise layer.error(NEURONS, f"recurrent {neurons.model} neurons are not supported")
    forward = _matrix(layer, "weight", size, prod(wire.shape))
    back = _matrix(layer, "weight_rec", size, size)
    delays = _delays(layer, forward.shape)
    if delays is not None:
        if np.any(delays != delays[:, :1]):
            message = "field delay: a recurrent layer has one delay per neuron, for both of its matrices"
            raise layer.error(_DELAYS, message)
        layer.note("lava-dl's loader drops the weight exponent of recurrent layers with delays; it is kept here")
    _mention_defect(layer, forward, back)
    shift = shift_of(np.concatenate([forward, back], axis=1))
    own = Wire(layer.name, (size,), neurons.message_bits)
    delays_back = None if delays is None else np.repeat(delays[:, :1], size, axis=1)
    if own.message_bits != wire.message_bits and 0 in (own.message_bits, wire.message_bits):
        message = f"hears messages of {wire.message_bits} bits from before and of {own.message_bits} from itself"
        raise layer.error(NEURONS, f"{message}; lava-dl takes both alike")
    return [
        _dense(layer, wire, "weight", forward, shift, delays, "a"),
        _dense(layer, own, "weight_rec", back, shift, delays_back, "a"),
    ]


def _whole(layer: Layer, name: str) -> Int64Array:
    """Return weights that are integers. lava-dl drops fractions, of which unquantised weights consist."""
    value = layer.numbers(name)
    whole = np.rint(value.astype(np.float64)).astype(np.int64)
    if changed := np.count_nonzero(whole != value):
        message = f"{changed} of {value.size} values of field {name} are no integers"
        fix = "quantise the weights while exporting (pre_hook_fx)"
        raise layer.error(_WEIGHTS, message, found=f"{changed} of {value.size}", limit="integers", fix=fix)
    return whole


def _matrix(layer: Layer, name: str, outputs: int, inputs: int) -> Int64Array:
    weights = _whole(layer, name)
    if weights.ndim == 1 and weights.size == outputs * inputs:
        weights = weights.reshape(outputs, inputs)
    if weights.shape != (outputs, inputs):
        limit = f"{[outputs, inputs]} (neurons, inputs)"
        message = f"field {name} has shape {list(weights.shape)}, expected {limit}"
        raise layer.error(FIELDS, message, found=str(list(weights.shape)), limit=limit)
    kept = clipped(weights)
    if np.any(kept != weights):
        layer.note(
            f"{name} reaches from {weights.min()} to {weights.max()} and is clipped to -256..254, as lava-dl does"
        )
    return kept


def _delays(layer: Layer, shape: tuple[int, ...]) -> Int64Array | None:
    """Return the delay of every synapse: one value stands for all, a list for the neurons or else for the inputs."""
    if not layer.has("delay"):
        return None
    values = layer.truncated("delay")
    if values.min() < 0:
        raise layer.error(_DELAYS, f"field delay holds {values.min()}", found=str(values.min()), limit="0..62")
    if values.max() > DELAY_MAX:
        layer.note(f"delays up to {values.max()} are clipped to {DELAY_MAX} steps, as lava-dl does")
    values = np.minimum(values, DELAY_MAX)
    if values.size == 1:
        values = values.reshape(1, 1)
    elif values.shape == shape[:1]:
        values = values[:, None]
    elif values.shape not in (shape[1:], shape):
        limit = f"one value, {[shape[0]]}, {[shape[1]]} or {list(shape)}"
        message = f"field delay has shape {list(values.shape)}, expected {limit}"
        raise layer.error(FIELDS, message, found=str(list(values.shape)), limit=limit)
    return np.array(np.broadcast_to(values, shape)) if values.any() else None


def _mention_defect(layer: Layer, *matrices: Int64Array) -> None:
    if defect := lava_dl_defect(*matrices):
        layer.note(f"lava-dl's loader {defect}; here they are as in the file")


def _dense(
    layer: Layer, wire: Wire, name: str, weights: Int64Array, shift: int, delays: Int64Array | None, port: str
) -> Projection:
    try:
        held = mantissas(weights, shift)
    except ValueError as error:
        limit = "even numbers -256..254 or any -128..127; one-sided 0..255"
        message = f"field {name} holds {error}, which eight bits do not hold"
        raise layer.error(_WEIGHTS, message, found=str(error), limit=limit) from None
    return _projection(
        layer,
        wire,
        name,
        held.mantissas,
        weight_exp=held.exponent,
        weight_bits=held.bits,
        sign_mode=held.sign_mode,
        delays=delays,
        port=port,
    )


def _projection(layer: Layer, wire: Wire, name: str, weights: Int64Array, **more: object) -> Projection:
    return Projection(
        name=f"{layer.name}.{name.replace('/', '_')}",
        source=wire.source,
        target=layer.name,
        weights=weights,
        message_bits=wire.message_bits,
        origin=layer.origin,
        **more,  # type: ignore[arg-type]
    )

"""The neurons of a layer: from the group ``neuron`` to a model and its integers, as lava-dl's loader maps them.

Source: ``lava.lib.dl.netx.hdf5.Network.get_neuron_params`` (lava-dl 0.6.0).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Int64Array
from neurotool.converters.netx.fields import FIELDS, NEURONS, Layer, text_of
from neurotool.converters.netx.options import LoadOptions
from neurotool.ir.graph import Shape
from neurotool.ir.registers import DECAY_UNITY, THRESHOLD_MAX

BIAS_MAX = 4096
BIAS_EXP = 6
STATE_EXP = 6
DECAY_BITS = 12
SPIKE_EXP = 6
MESSAGE_BITS = 16
UNIT = 64
"""Integer weight that SLAYER writes for a weight of 1.0."""

CUBA = ("LOIHI", "CUBA")
SIGMA_DELTA = ("SDNN",)


@dataclass(frozen=True, eq=False)
class Neurons:
    """The neurons of a layer.

    Attributes:
        model: Name of the neuron model.
        parameters: Integer parameters, one value per neuron.
        message_bits: Payload width of what they send, 0 for binary spikes.
        scale: Integer units of a state per 1.0 of SLAYER.
        ports: Inputs of the model, one for each weight matrix.
        readout: Whether they never fire, so that their potential is the answer.
    """

    model: str
    parameters: dict[str, Int64Array]
    message_bits: int = 0
    scale: float = float(UNIT << STATE_EXP)
    ports: tuple[str, ...] = field(default=("a",))
    readout: bool = False


def read_neurons(layer: Layer, shape: Shape, options: LoadOptions, *, as_input: bool = False) -> Neurons:
    """Read the neurons of a layer and their bias.

    Args:
        layer: The layer.
        shape: Shape of the population.
        options: Reset and exponents.
        as_input: Whether the layer is driven by the input instead of synapses; its bias is then part of the input.

    Raises:
        LayerError: A field is missing, misshapen or out of range, or the neurons are of another kind.
    """
    if not layer.has("neuron"):
        return _integrator(layer, shape, options)
    kind = _kind(layer)
    _mention_what_lava_dl_ignores(layer)
    if kind in CUBA:
        return _cuba(layer, shape, options, as_input=as_input)
    if kind in SIGMA_DELTA:
        return _sigma_delta(layer, shape, options, as_input=as_input)
    if kind.startswith("RF") and not as_input:
        return _resonator(layer, shape, "rf" if "PHASE" in kind else "rf_iz")
    if kind.startswith("RF"):
        raise layer.error(NEURONS, "resonators cannot be the input layer of a .net file", found=kind)
    limit = "LOIHI, CUBA, SDNN, RF_PHASE, RF_IZHIKEVICH"
    raise layer.error(NEURONS, f"neurons of type {kind!r} are not supported", found=kind, limit=limit)


def _kind(layer: Layer) -> str:
    if not (kind := text_of(layer.fields.get("neuron/type"))):
        raise layer.error(FIELDS, "field neuron/type is missing or no text", limit="neuron/type")
    return kind


def _mention_what_lava_dl_ignores(layer: Layer) -> None:
    """Note the fields that change a network elsewhere, and not in lava-dl's loader."""
    neutral = {"refDelay": (0, 1), "wgtExp": (0,), "weight_exp": (0,), "gradedSpike": (0,)}
    for name, values in neutral.items():
        path = f"neuron/{name}"
        if path in layer.fields and not np.all(np.isin(layer.numbers(path), values)):
            found = layer.fields[path].reshape(-1)[0]
            layer.note(f"{path} is {found}, which lava-dl's loader leaves unused and so does this one")
    activation = text_of(layer.fields.get("neuron/activation"))
    if activation not in ("", "relu"):
        layer.note(f"the activation {activation!r} is computed as ReLU, as lava-dl's loader does")


def _message_bits(layer: Layer, default: int) -> int:
    return layer.number("neuron/messageBits") if layer.has("neuron/messageBits") else default


def _parameter(layer: Layer, name: str, shape: Shape) -> Int64Array:
    path = f"neuron/{name}"
    return layer.spread(path, shape, layer.integers(path)).astype(np.int64)


def read_bias(layer: Layer, shape: Shape) -> Int64Array:
    """Return the bias of every neuron, zero where the layer has none."""
    if not layer.has("bias"):
        return np.zeros(math.prod(shape), np.int64)
    return layer.spread("bias", shape, layer.truncated("bias")).astype(np.int64)


def _cuba(layer: Layer, shape: Shape, options: LoadOptions, *, as_input: bool) -> Neurons:
    current, voltage, vth = (_parameter(layer, name, shape) for name in ("iDecay", "vDecay", "vThMant"))
    bias = np.zeros_like(vth) if as_input else read_bias(layer, shape)
    if as_input:  # no synapse ends here, so that the current is what the input puts there and never decays
        current = np.full_like(current, DECAY_UNITY)
    layer.within("neuron/iDecay", current, 1, DECAY_UNITY, "a current that never decays has no register value")
    layer.within("neuron/vDecay", voltage, 0, DECAY_UNITY - 1, "a potential without memory has no register value")
    layer.within("neuron/vThMant", vth, 0, np.iinfo(np.int64).max, "thresholds are not negative")
    layer.within("bias", bias, -BIAS_MAX, BIAS_MAX - 1, "train with smaller biases")
    never = vth > THRESHOLD_MAX
    if never.any():
        layer.note("a threshold above 131071 is beyond every potential: these neurons never fire")
    parameters = {"du": current - 1, "dv": voltage, "vth": np.minimum(vth, THRESHOLD_MAX), "bias_mant": bias}
    parameters["bias_exp"] = np.full_like(bias, BIAS_EXP)
    return _resetting(Neurons("lif", parameters, readout=bool(never.all())), options)


def _integrator(layer: Layer, shape: Shape, options: LoadOptions) -> Neurons:
    """Sum everything that arrives: what lava-dl puts where a layer has no neurons.

    lava-dl takes iDecay 0 and vDecay 4096, for which the registers have no value: u sums what arrives and v repeats
    it. A membrane without leak has the same v as long as it does not saturate.
    """
    if read_bias(layer, shape).any():
        raise layer.error(NEURONS, "a layer without neurons cannot have a bias", fix="export the layer with neurons")
    layer.note(
        "has no neurons; lava-dl sums what arrives and never fires, and so does v here, within ±8388544; "
        "u shows what arrives in a step, not the sum"
    )
    size = math.prod(shape)
    values = {"du": DECAY_UNITY - 1, "dv": 0, "vth": THRESHOLD_MAX, "bias_mant": 0, "bias_exp": BIAS_EXP}
    parameters = {name: np.full(size, value, np.int64) for name, value in values.items()}
    return _resetting(Neurons("lif", parameters, readout=True), options)


def _resetting(neurons: Neurons, options: LoadOptions) -> Neurons:
    if options.reset_interval is None:
        return neurons
    size, interval = len(neurons.parameters["vth"]), options.reset_interval
    reset = {"reset_interval": interval, "reset_offset": (options.reset_offset or 0) % interval}
    added = {name: np.full(size, value, np.int64) for name, value in reset.items()}
    return replace(neurons, model="lif_reset", parameters=neurons.parameters | added)


def _sigma_delta(layer: Layer, shape: Shape, options: LoadOptions, *, as_input: bool) -> Neurons:
    bits = _message_bits(layer, MESSAGE_BITS)
    exponent = SPIKE_EXP if options.spike_exp is None else options.spike_exp
    scale = float(UNIT << (exponent + STATE_EXP))
    bias = np.zeros(math.prod(shape), np.int64) if as_input else read_bias(layer, shape)
    if layer.has("neuron/sigma_output") and not as_input:
        if bias.any():
            raise layer.error(NEURONS, "a sigma decoder (sigma_output) takes no bias")
        return Neurons("sigma", {}, bits, scale)
    values = {"vth": layer.number("neuron/vThMant"), "cum_error": 0, "spike_exp": exponent, "state_exp": STATE_EXP}
    parameters = {name: np.full_like(bias, value) for name, value in values.items()}
    if as_input:
        return Neurons("delta", parameters, bits, scale)
    layer.within("bias", bias, -(1 << 15), (1 << 15) - 1, "train with smaller biases")
    return Neurons("sigma_delta", parameters | {"bias": bias, "relu": np.ones_like(bias)}, bits, scale)


def _resonator(layer: Layer, shape: Shape, model: str) -> Neurons:
    if layer.has("bias") and layer.numbers("bias").any():
        raise layer.error(NEURONS, "resonators take no bias, and lava-dl's loader drops it", fix="train without a norm")
    paths = ("neuron/sinDecay", "neuron/cosDecay")
    sine, cosine = (layer.spread(path, shape, layer.numbers(path)) for path in paths)
    sin_decay, cos_decay = rotation(sine, cosine)
    for path, values in zip(paths, (sine, cosine), strict=True):
        layer.within(path, np.trunc(values), -DECAY_UNITY, DECAY_UNITY, "decays are given in 1/4096")
    if changed := int(np.count_nonzero((sin_decay != np.trunc(sine)) | (cos_decay != np.trunc(cosine)))):
        layer.note(
            f"lava-dl's loader works out sinDecay and cosDecay anew from period and decay, in floats, and loses a unit "
            f"in {changed} of {sine.size} neurons; so were they here"
        )
    constants = {"decay_bits": DECAY_BITS, "state_exp": STATE_EXP, "vth": layer.number("neuron/vThMant")}
    parameters = {name: np.full_like(sin_decay, value) for name, value in constants.items()}
    return Neurons(model, {"sin_decay": sin_decay, "cos_decay": cos_decay} | parameters, ports=("a_real", "a_imag"))


def rotation(sine: npt.NDArray[Any], cosine: npt.NDArray[Any]) -> tuple[Int64Array, Int64Array]:
    """Return the integers that Lava computes with where a file says ``sinDecay`` and ``cosDecay``.

    lava-dl turns them into a period and a decay (``slayer.neuron.rf.neuron_params``), and Lava those into integers
    (``lava.proc.rf.process.RF``), cutting off fractions. The floats in between cost a unit now and then, so the
    operations and their order matter.
    """
    s, c = sine / DECAY_UNITY, cosine / DECAY_UNITY
    decay = 1 - np.sqrt(s**2 + c**2)
    with np.errstate(divide="ignore"):
        period = 1 / (np.arctan2(s, c) / 2 / np.pi)
    angle = np.pi * 2 * 1 / period
    whole = ((1 - decay) * part * DECAY_UNITY for part in (np.sin(angle), np.cos(angle)))
    sin_decay, cos_decay = (np.trunc(values).astype(np.int64) for values in whole)
    return sin_decay, cos_decay

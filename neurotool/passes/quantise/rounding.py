"""Rounds a layer at a given scale: population, projections and bias axon, with what rounding did to each parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neurotool.arrays import Float64Array, Int64Array
from neurotool.ir.program import InputPort, Population, Projection
from neurotool.neurons import LIF, LIF_REFRACTORY, LIF_SCHEDULE, LIF_SUBTRACT, NEVER_FIRES
from neurotool.neurons.lif_schedule import ROWS, threshold_name
from neurotool.passes.quantise import integers
from neurotool.passes.quantise.floor import given_back, shifted
from neurotool.passes.quantise.layer import Layer, Synapses, bias_axon
from neurotool.passes.quantise.records import Rounding
from neurotool.passes.quantise.scale import Scale
from neurotool.passes.quantise.schedule import Schedule
from neurotool.passes.quantise.split import clipped, meant, project
from neurotool.passes.quantise.weight_range import Bits


@dataclass(frozen=True, eq=False)
class RoundedLayer:
    """A population with everything that ends at it, in integers.

    Attributes:
        scale: The scale it was rounded at.
        population: The population.
        projections: Projections into it.
        axon: Its bias axon, if it has one.
        roundings: Largest rounding of each parameter.
        weight_bits: Width of the weights, by name of the synapses.
        clipped: Share of the weights beyond the range of the mantissas, where there are such.
        rates: Share of the steps in which a source sends anything, where the bias depends on it.
    """

    scale: Scale
    population: Population
    projections: tuple[Projection, ...]
    axon: Population | None
    roundings: tuple[Rounding, ...]
    weight_bits: dict[str, int]
    clipped: dict[str, float]
    rates: dict[str, float]


def round_layer(
    layer: Layer,
    scale: Scale,
    schedule: Schedule,
    ports: Mapping[str, InputPort],
    bits: Bits,
    rates: Mapping[str, float] | None = None,
) -> RoundedLayer:
    """Round a layer.

    Args:
        layer: The layer.
        scale: Its scale.
        schedule: Start steps of the populations and delays of the synapses.
        ports: Input ports of the part, by name; their payload widths go to the projections.
        bits: Width of the weights of some synapses.
        rates: Share of the steps in which a neuron of each source sends anything, where that is known.
    """
    name = layer.node.name
    start = schedule.starts[name]
    made = [project(s, name, scale, ports.get(s.source), bits(s), schedule.delays(s, name)) for s in layer.synapses]
    roundings = [_weights(s, found, scale) for s, found in zip(layer.synapses, made, strict=True)]
    has_axon = any(s.source == bias_axon(name) for s in layer.synapses)
    projections = tuple(p for found in made for p in found)
    known = {} if rates is None else shifted(projections, rates)
    owed = given_back(layer, made, scale, known)
    population, rounded = _population(layer, scale, start, owed)
    return RoundedLayer(
        scale=scale,
        population=population,
        projections=projections,
        axon=_always_firing(bias_axon(name), start - 1, name) if has_axon else None,
        roundings=(*roundings, *rounded),
        weight_bits={s.name: bits(s) for s in layer.synapses},
        clipped={s.name: share for s in layer.synapses if (share := clipped(s, scale))},
        rates=known,
    )


def _population(layer: Layer, scale: Scale, start: int, owed: Float64Array) -> tuple[Population, list[Rounding]]:
    du = integers.decay(layer.current_decay, offset=1)
    dv = integers.decay(layer.membrane_decay)
    mantissa, exponent = integers.bias(layer.bias * scale.state + owed)
    if layer.threshold is None:
        vth = np.full(layer.size, NEVER_FIRES, np.int64)
    else:
        vth = integers.threshold(layer.threshold * scale.activation, inclusive=layer.update.inclusive)
    parameters = {"du": du, "dv": dv, "vth": vth, "bias_mant": mantissa, "bias_exp": exponent}
    model = LIF.name
    if layer.update.subtract is not None:
        model = LIF_SUBTRACT.name
        parameters["v_sub"] = np.rint(layer.update.subtract.reshape(-1) * scale.state).astype(np.int64)
    elif layer.update.refractory:
        model = LIF_REFRACTORY.name
        parameters["refractory_period"] = np.full(layer.size, layer.update.refractory, np.int64)
    elif layer.schedule is not None:
        model = LIF_SCHEDULE.name
        parameters |= _schedule(layer, scale, parameters.pop("vth"))
    made = Population(
        name=layer.node.name,
        model=model,
        shape=layer.node.shape,
        parameters=parameters,
        start=start,
        scale=scale.state,
        offset=float(layer.zero[0]) if layer.threshold is None else 0.0,
        origin=layer.node.origin,
    )
    roundings = [
        _rounding("du", (du + 1) / 4096, layer.current_decay),
        _rounding("dv", dv / 4096, layer.membrane_decay),
        _rounding("bias", (mantissa * 2.0**exponent - owed) / scale.state, layer.bias),
    ]
    if layer.threshold is not None:
        roundings.append(_rounding("vth", vth / scale.activation, layer.threshold))
    roundings += [
        _rounding(threshold_name(row), parameters[threshold_name(row)] / scale.activation, wanted)
        for row, wanted in enumerate(layer.schedule if layer.schedule is not None else ())
    ]
    if layer.update.subtract is not None:
        wanted = layer.update.subtract.reshape(-1)
        roundings.append(_rounding("v_sub", parameters["v_sub"] / scale.state, wanted))
    return made, roundings


def _schedule(layer: Layer, scale: Scale, last: Int64Array) -> dict[str, Int64Array]:
    """Round the thresholds of the first rows; the last one holds in the rows after them."""
    assert layer.schedule is not None
    table = [integers.threshold(row * scale.activation, inclusive=layer.update.inclusive) for row in layer.schedule]
    return {threshold_name(row): table[row] if row < len(table) else last for row in range(ROWS)}


def _always_firing(name: str, start: int, origin: str) -> Population:
    """Make a bias axon: one stock LIF neuron whose bias exceeds its threshold in every step."""
    values = {"du": 4095, "dv": 0, "vth": 1, "bias_mant": 2, "bias_exp": 6}
    parameters = {key: np.array([value], np.int64) for key, value in values.items()}
    return Population(name, LIF.name, (1,), parameters, start, scale=0.0, origin=origin)


def _weights(synapses: Synapses, projections: Sequence[Projection], scale: Scale) -> Rounding:
    """As :func:`_rounding`, a piece at a time: a matrix of weights has no room beside itself."""
    found = [
        _rounding("", meant([p.weights[piece] for p in projections], projections, scale), synapses.weights[piece])
        for piece in integers.pieces(synapses.weights)
    ]
    error, span = max((r.error for r in found), default=0.0), max((r.span for r in found), default=0.0)
    return Rounding(f"weights of {synapses.name}", error, span)


def _rounding(parameter: str, held: npt.NDArray[np.floating], wanted: Float64Array) -> Rounding:
    return Rounding(parameter, float(np.abs(held - wanted).max()), float(np.abs(wanted).max()))

"""The fields of a NetX layer from a population and its projections, or why lava-dl would compute something else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurotool.arrays import Int64Array
from neurotool.converters.netx.chain import VALUES, Link, refusal
from neurotool.converters.netx.neurons import (
    BIAS_EXP,
    BIAS_MAX,
    DECAY_BITS,
    STATE_EXP,
    rotation,
)
from neurotool.converters.netx.synapses import DELAY_MAX
from neurotool.converters.netx.weights import lava_dl_defect, mantissas, shift_of
from neurotool.diagnostics import Diagnostic
from neurotool.ir.connectivity import planes
from neurotool.ir.graph import Shape
from neurotool.ir.program import Convolution, Population, Projection
from neurotool.ir.registers import DECAY_UNITY, THRESHOLD_MAX, weight_range, weight_step

NEVER = (1 << 18) - 1
"""Threshold that SLAYER writes for neurons that never fire."""


@dataclass
class Encoded:
    """A layer ready to be written.

    Attributes:
        fields: Datasets by path.
        refusals: What the format cannot express.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    refusals: list[Diagnostic] = field(default_factory=list)

    def refuse(self, node: str, message: str, found: object, limit: str) -> None:
        """Keep a finding."""
        self.refusals.append(refusal(VALUES, node, message, found=str(found), limit=limit))


def shape_in_file(shape: Shape) -> Shape:
    """Return a shape as lava-dl takes it: (channels, rows, columns) or (neurons,)."""
    return planes(shape) if len(shape) == 2 else shape


def encode(link: Link, spike_exp: int) -> Encoded:
    """Return the fields of a layer.

    Args:
        link: The layer.
        spike_exp: Exponent of the messages of all sigma-delta neurons of the network.
    """
    done = Encoded()
    population = link.population
    flat = link.kind.startswith("dense")
    done.fields["shape"] = np.array([population.size] if flat else shape_in_file(population.shape))
    if link.is_input:  # the program's input is what lava-dl writes to the neurons: nothing is left to transform
        done.fields |= {"weight": np.array([1]), "bias": np.array([0])}
    elif isinstance(link.forward[0].connectivity, Convolution):
        _convolution(done, link.forward[0], link.forward[0].connectivity)
    else:
        _dense(done, link)
    _NEURONS[population.model](done, link, spike_exp)
    return done


def _convolution(done: Encoded, projection: Projection, geometry: Convolution) -> None:
    weights = projection.weights
    if projection.weight_exp:
        done.refuse(projection.name, "lava-dl's convolutions have no weight exponent", projection.weight_exp, "0")
    done.fields |= {
        "inChannels": weights.shape[1] * geometry.groups,
        "outChannels": weights.shape[0],
        "kernelSize": np.array(weights.shape[2:]),
        "stride": np.array(geometry.stride),
        "padding": np.array(geometry.padding),
        "dilation": np.array(geometry.dilation),
        "groups": geometry.groups,
        "weight": weights,
    }


def _dense(done: Encoded, link: Link) -> None:
    projections = (*link.forward, link.back) if link.back else link.forward
    plain = [w for p in projections if (w := _integers(done, p)) is not None]
    if len(plain) == len(projections):
        groups = [plain] if link.back else [[weights] for weights in plain]
        for projection, together in zip(projections, groups, strict=False):
            _check(done, projection, together)
        names = ("weight/real", "weight/imag") if len(link.forward) == 2 else ("weight", "weight_rec")
        done.fields |= dict(zip(names, plain, strict=False))
        done.fields |= {"inFeatures": plain[0].shape[1], "outFeatures": plain[0].shape[0]}
    delayed = [p for p in projections if p.delay_range[1]]
    for projection in delayed:
        if len(projections) > 1:
            done.refuse(projection.name, "lava-dl misreads delays of recurrent and complex layers", "delays", "none")
        elif projection.delay_range[1] > DELAY_MAX:
            done.refuse(projection.name, "is delayed for too long", projection.delay_range[1], f"0..{DELAY_MAX}")
        else:
            done.fields["delay"] = projection.delays


def _integers(done: Encoded, projection: Projection) -> Int64Array | None:
    """Return ``mantissa * 2**exponent``, which is all that the format has."""
    step = weight_step(projection.weight_bits, projection.sign_mode)
    low, high = weight_range(projection.weight_bits, projection.sign_mode)
    weights, exponent = projection.weights, projection.weight_exp
    if np.any(weights % step) or weights.min(initial=0) < low or weights.max(initial=0) > high:
        found = f"{weights.min()}..{weights.max()}"
        done.refuse(projection.name, "weights no synapse holds", found, f"multiples of {step} in {low}..{high}")
        return None
    if exponent < 0 and np.any(weights % (1 << -exponent)):
        done.refuse(projection.name, "weights times exponent are no integers", f"2^{exponent}", "integers")
        return None
    return weights << exponent if exponent >= 0 else weights >> -exponent


def _check(done: Encoded, projection: Projection, matrices: Sequence[Int64Array]) -> None:
    """Refuse weights of which lava-dl would make others."""
    together = np.concatenate([weights.reshape(-1) for weights in matrices])
    limit = "even numbers -256..254 or any -128..127; one-sided 0..255"
    try:
        mantissas(together, shift_of(together))
    except ValueError as error:
        done.refuse(projection.name, f"weights times exponent are {error}, beyond eight bits", error, limit)
        return
    if defect := lava_dl_defect(*matrices):
        done.refuse(projection.name, f"lava-dl {defect}", together.min(), "one positive weight")


def _uniform(done: Encoded, population: Population, name: str, wanted: int | None = None) -> int:
    """Return a parameter that all neurons must share."""
    values = np.unique(population.parameters[name])
    limit = "one value" if wanted is None else str(wanted)
    if len(values) > 1 or (wanted is not None and values[0] != wanted):
        found = ", ".join(map(str, values[:4]))
        done.refuse(population.name, f"parameter {name} has no field in a .net file", found, limit)
    return int(values[0])


def _folded(values: Any, shape: Shape) -> Any:
    """Return one value, one per channel, or one per neuron with reversed axes, whichever suffices."""
    if len(np.unique(values)) == 1:
        return values[0]
    if len(shape) == 1:
        return values
    grid = values.reshape(shape)
    channels = grid.reshape(shape[0], -1)
    return channels[:, 0] if np.all(channels == channels[:, :1]) else grid.transpose()


def _bias(done: Encoded, link: Link, values: Int64Array) -> None:
    if not values.any() or link.is_input:
        return
    shape = link.population.shape
    flat = link.kind.startswith("dense")
    folded = values if flat else _folded(values, shape_in_file(shape))
    done.fields["bias"] = folded if np.ndim(folded) else np.full(shape[0], folded)


def _neuron(done: Encoded, link: Link, kind: str, **values: Any) -> None:
    done.fields["neuron/type"] = np.bytes_(kind)
    flat = link.kind.startswith("dense")
    shape = (link.population.size,) if flat else shape_in_file(link.population.shape)
    for name, value in values.items():
        done.fields[f"neuron/{name}"] = _folded(value, shape) if isinstance(value, np.ndarray) else value


def _cuba(done: Encoded, link: Link, _: int) -> None:
    population = link.population
    values = population.parameters
    bias = values["bias_mant"] << values["bias_exp"]
    found = f"{bias.min()}..{bias.max()}"
    if np.any(bias % (1 << BIAS_EXP)) or not -BIAS_MAX <= bias.min() >> BIAS_EXP <= bias.max() >> BIAS_EXP < BIAS_MAX:
        done.refuse(
            population.name, "biases have no field in a .net file", found, "multiples of 64, 13 bits above that"
        )
    if link.is_input and (bias.any() or np.any(values["du"] != DECAY_UNITY - 1)):
        done.refuse(
            population.name, "an input layer has no bias and no memory of its current", found, "du 4095, bias 0"
        )
    vth = np.where(values["vth"] == THRESHOLD_MAX, NEVER, values["vth"]) if link.readout else values["vth"]
    if link.readout and vth.min() < NEVER:
        done.refuse(population.name, "gives its membrane potential, but can fire", vth.min(), str(THRESHOLD_MAX))
    _neuron(
        done,
        link,
        "CUBA",
        iDecay=values["du"] + 1,
        vDecay=values["dv"],
        vThMant=vth,
        refDelay=1,
        gradedSpike=False,
    )
    _bias(done, link, bias >> BIAS_EXP)


def _sigma_delta(done: Encoded, link: Link, spike_exp: int) -> None:
    population = link.population
    for name, value in {"cum_error": 0, "spike_exp": spike_exp, "state_exp": STATE_EXP}.items():
        _uniform(done, population, name, value)
    _neuron(done, link, "SDNN", activation=np.bytes_("relu"), vThMant=_uniform(done, population, "vth"))
    if "relu" in population.parameters:
        _uniform(done, population, "relu", 1)
        _bias(done, link, population.parameters["bias"])


def _sigma(done: Encoded, link: Link, _: int) -> None:
    _neuron(done, link, "SDNN", activation=np.bytes_("relu"), sigma_output=True)


def _resonator(done: Encoded, link: Link, _: int) -> None:
    population = link.population
    for name, value in {"decay_bits": DECAY_BITS, "state_exp": STATE_EXP}.items():
        _uniform(done, population, name, value)
    wanted = population.parameters["sin_decay"], population.parameters["cos_decay"]
    sine, cosine = next(iter(_written(*wanted)), wanted)
    if not all(np.array_equal(a, b) for a, b in zip(rotation(sine, cosine), wanted, strict=True)):
        done.refuse(population.name, "lava-dl works out another rotation", "sin_decay, cos_decay", "")
    kind = "RF_PHASE" if population.model == "rf" else "RF_IZHIKEVICH"
    vth = _uniform(done, population, "vth")
    _neuron(done, link, kind, sinDecay=sine, cosDecay=cosine, vThMant=vth, gradedSpike=False)


def _written(sine: Int64Array, cosine: Int64Array) -> Iterator[tuple[Any, Any]]:
    """Yield what to write so that lava-dl, which works it out anew in floats and cuts off fractions, finds the same."""
    for half in (0, 0.5):
        written = sine + half * np.sign(sine), cosine + half * np.sign(cosine)
        if all(np.array_equal(a, b) for a, b in zip(rotation(*written), (sine, cosine), strict=True)):
            yield tuple(np.array(w, np.float64 if half else np.int64) for w in written)  # type: ignore[misc]


_NEURONS = {
    "lif": _cuba,
    "lif_reset": _cuba,
    "sigma_delta": _sigma_delta,
    "delta": _sigma_delta,
    "sigma": _sigma,
    "rf": _resonator,
    "rf_iz": _resonator,
}

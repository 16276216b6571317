"""Chooses the scale of a population: the finest at which its states provably, or at least visibly, fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from neurotool.neurons import NEVER_FIRES
from neurotool.passes.quantise.bounds import MEMBRANE_HEADROOM, StateBound, calibrated, worst_case
from neurotool.passes.quantise.layer import Layer
from neurotool.passes.quantise.rounding import RoundedLayer
from neurotool.passes.quantise.scale import Scale

STATE_LIMIT = NEVER_FIRES << 6
"""Largest state allowed: below the 24-bit limit, and below what makes a read-out fire."""

FINE_ENOUGH = 512
"""So many units of activation between zero and threshold, per step of current memory: each step rounds the activation
by up to half a unit, and the filter adds up 1 / current_decay of them. This keeps the sum below 0.1 % of the threshold,
less than what rounding 8-bit weights costs."""


@dataclass(frozen=True, eq=False)
class Choice:
    """A layer rounded at the scale that was chosen, and the bound of the states that the choice rests on."""

    rounded: RoundedLayer
    bound: StateBound


def choose(
    layer: Layer,
    candidates: Iterator[Scale],
    round_at: Callable[[Scale], RoundedLayer],
    peaks: Mapping[str, int],
    ranges: Mapping[str, float] | None,
    headroom: float = MEMBRANE_HEADROOM,
) -> Choice | None:
    """Choose a scale.

    The finest scale whose integers no input can drive out of the register is preferred. Where it leaves the threshold
    too coarse, calibrated ranges are taken instead; where there are none, or the potential has no lower bound, the
    bounds that exist are. A read-out always rests on the proof, as it must never fire.

    Args:
        layer: The population.
        candidates: Scales, finest first.
        round_at: Rounds the layer at a scale.
        peaks: Largest payload magnitude of each source.
        ranges: Largest |u| and |v| seen on calibration data, or None without data.
        headroom: Share of the range of the potential that must fit.

    Returns:
        The choice, or None if no scale brings the states into range.
    """
    fires, seen = layer.threshold is not None, None
    for scale in candidates:
        if seen is not None and not _is_fine(layer, scale):
            return seen  # coarser scales only follow, and none of them is fine enough
        rounded = round_at(scale)
        if seen is None and fires and ranges is not None:
            bound = calibrated(layer, ranges, scale.state, headroom)
            seen = Choice(rounded, bound) if bound.largest <= STATE_LIMIT else None
        proof = worst_case(rounded.population, rounded.projections, peaks, fires=fires)
        if proof.largest <= STATE_LIMIT:
            return Choice(rounded, proof) if seen is None or _is_fine(layer, scale) else seen
        upwards = replace(proof, fall=0.0, proven=False)
        if fires and not proof.finite and ranges is None and upwards.largest <= STATE_LIMIT:
            return Choice(rounded, upwards)
    return seen


def _is_fine(layer: Layer, scale: Scale) -> bool:
    assert layer.thresholds is not None
    return float((layer.thresholds * layer.current_decay).min()) * scale.activation >= FINE_ENOUGH

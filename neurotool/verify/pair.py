"""Judges two runs of the same model on the same samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from neurotool.ir.trace import Raster
from neurotool.verify.compare import (
    Agreement,
    OutputAgreement,
    compare_outputs,
    compare_spikes,
)
from neurotool.verify.divergence import Divergence, first_difference
from neurotool.verify.membrane import Meanings, MembraneError, membrane_error
from neurotool.verify.run import Arithmetic, NamedRun
from neurotool.verify.tolerance import ROUNDING, Tolerance

Labels = npt.NDArray[np.integer]
Values = npt.NDArray[np.generic]


@dataclass(frozen=True)
class PairResult:
    """How two runs agree.

    Attributes:
        a: Name of the first run, the reference.
        b: Name of the second run.
        samples: Number of samples compared: those that both have run.
        tolerance: The limits.
        layers: Agreement of the spikes, per layer that both recorded.
        states: Number of differing slots, per layer and state variable that both recorded; integer runs only.
        outputs: Agreement per output of the model.
        correct: Samples that each run classifies rightly, if there are labels.
        first: The first difference.
        membrane: How far the potentials were apart before it; None where not both runs recorded them.
        failures: Why the pair is over its tolerance, one sentence each; empty if it is not.
    """

    a: str
    b: str
    samples: int
    tolerance: Tolerance
    layers: Mapping[str, Agreement]
    states: Mapping[str, Mapping[str, int]]
    outputs: Mapping[str, OutputAgreement]
    correct: tuple[int, int] | None
    first: Divergence | None
    membrane: MembraneError | None
    failures: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the two agree within the tolerance."""
        return not self.failures

    @property
    def title(self) -> str:
        """The two runs as reports name them."""
        return f"{self.a} → {self.b}"

    @property
    def slots(self) -> int:
        """Slots compared, over all layers."""
        return sum(layer.slots for layer in self.layers.values())

    @property
    def differing(self) -> int:
        """Slots that differ, over all layers."""
        return sum(layer.differing for layer in self.layers.values())

    @property
    def spikes(self) -> int:
        """Spikes of the first run in the slots compared."""
        return sum(layer.spikes_a for layer in self.layers.values())


def judge(
    a: NamedRun,
    b: NamedRun,
    tolerance: Tolerance,
    labels: Labels | None = None,
    meanings: Meanings | None = None,
) -> PairResult:
    """Compare two runs on the samples that both have run, and hold the result against a tolerance.

    Args:
        a: The reference.
        b: The other run.
        tolerance: The limits.
        labels: Class number of each sample.
        meanings: What the potentials of the layers mean; potentials are not compared without.
    """
    meanings = meanings or {}
    samples = min(a.samples, b.samples)
    a, b = a.take(samples), b.take(samples)
    failures = [*_gaps(a, b, tolerance), *_not_finite(a), *_not_finite(b)]
    layers = {n: compare_spikes(a.spikes[n], b.spikes[n]) for n in _same_shape(a.spikes, b.spikes)}
    comparable = [n for n in _same_shape(a.outputs, b.outputs) if _finite(a.outputs[n]) and _finite(b.outputs[n])]
    rasters = {n: compare_spikes(*_rasters(a, b, n)) for n in comparable if _spikes(a, b, n)}
    # One that is a layer of the chip as well is told of there; one that a dense part makes is not.
    others = {n: found for n, found in rasters.items() if found not in layers.values()}
    dense = _of_torch(tolerance)
    outputs = {n: _output(a, b, n, dense if n in others else tolerance, rasters.get(n)) for n in comparable}
    if not layers and not outputs and not failures:
        failures.append("the two runs have neither a layer nor an output in common")
    states = _state_differences(a, b)
    correct = _correct(a, b, labels)
    failures += _spike_failures("layer", layers, tolerance)
    failures += _spike_failures("output", others, dense)
    failures += _state_failures(states, tolerance)
    failures += _output_failures(outputs, correct, samples, tolerance)
    first = first_difference(a, b, layers, states, meanings)
    membrane = membrane_error(a, b, None if first is None else (first.layer, first.point), meanings)
    return PairResult(
        a.name, b.name, samples, tolerance, layers, states, outputs, correct, first, membrane, tuple(failures)
    )


def _same_shape(a: Mapping[str, npt.NDArray[np.generic]], b: Mapping[str, npt.NDArray[np.generic]]) -> list[str]:
    return [name for name in a if name in b and a[name].shape == b[name].shape]


def _spikes(a: NamedRun, b: NamedRun, output: str) -> bool:
    """Whether an output is a raster of spikes, which is judged as a layer is."""
    return all(bool(np.isin(run.outputs[output], (0, 1)).all()) for run in (a, b))


def _of_torch(tolerance: Tolerance) -> Tolerance:
    """For spikes that torch makes: a float may round otherwise in a batch of another size, and flip one."""
    return replace(tolerance, differing=max(tolerance.differing, ROUNDING.differing))


def _rasters(a: NamedRun, b: NamedRun, output: str) -> tuple[Raster, Raster]:
    """The output of both as ``[time, batch, *shape]``; one without a time axis is a single step."""
    left, right = a.outputs[output], b.outputs[output]
    return (left, right) if output in a.timed else (left[np.newaxis], right[np.newaxis])


def _output(a: NamedRun, b: NamedRun, name: str, tolerance: Tolerance, raster: Agreement | None) -> OutputAgreement:
    limit = tolerance.outputs if raster is None else None
    found = compare_outputs(a.outputs[name], b.outputs[name], limit, timed=name in a.timed)
    return found if raster is None else replace(found, within=_accepted(raster, tolerance))


def _finite(values: npt.NDArray[np.generic]) -> bool:
    return bool(np.isfinite(values.astype(np.float64)).all())


def _gaps(a: NamedRun, b: NamedRun, tolerance: Tolerance) -> Iterator[str]:
    for what, left, right in (("layer", a.spikes, b.spikes), ("output", a.outputs, b.outputs)):
        yield from _other_shapes(what, a, b, left, right)
        if tolerance.complete or what == "output":
            yield from (f"{what} {n} was recorded by {a.name} only" for n in left if n not in right)
            yield from (f"{what} {n} was recorded by {b.name} only" for n in right if n not in left)
    for layer, mine in a.states.items():
        yield from _other_shapes(f"layer {layer}: state", a, b, mine, b.states.get(layer, {}))


def _other_shapes(
    what: str, a: NamedRun, b: NamedRun, left: Mapping[str, Values], right: Mapping[str, Values]
) -> Iterator[str]:
    for name in left:
        if name in right and left[name].shape != right[name].shape:
            yield f"{what} {name} has shape {left[name].shape} in {a.name}, {right[name].shape} in {b.name}"


def _not_finite(run: NamedRun) -> Iterator[str]:
    yield from (
        f"output {name} of {run.name} holds NaN or infinity" for name, v in run.outputs.items() if not _finite(v)
    )


def _state_differences(a: NamedRun, b: NamedRun) -> dict[str, dict[str, int]]:
    """Count differing states of two integer runs; float states have other units, or differ in the last digit."""
    if not a.arithmetic == b.arithmetic == Arithmetic.INTEGER:
        return {}
    found: dict[str, dict[str, int]] = {}
    for layer, mine in a.states.items():
        theirs = b.states.get(layer, {})
        if shared := _same_shape(mine, theirs):
            found[layer] = {v: int(np.count_nonzero(mine[v] != theirs[v])) for v in shared}
    return found


def _correct(a: NamedRun, b: NamedRun, labels: Labels | None) -> tuple[int, int] | None:
    if labels is None:
        return None
    left, right = a.correct(labels), b.correct(labels)
    return None if left is None or right is None else (left, right)


def _accepted(raster: Agreement, tolerance: Tolerance) -> bool:
    """Whether few enough slots of a raster differ, or it is similar enough."""
    similar = tolerance.cosine is not None and raster.cosine >= tolerance.cosine
    return similar or raster.share <= tolerance.differing


def _spike_failures(what: str, rasters: Mapping[str, Agreement], tolerance: Tolerance) -> Iterator[str]:
    for name, found in rasters.items():
        if _accepted(found, tolerance):
            continue
        if tolerance.cosine is None:
            limit = f"at most {tolerance.differing:g} of them" if tolerance.differing else "none"
            yield f"{what} {name}: {found.differing} of {found.slots} spike slots differ, {limit} may"
        else:
            yield f"{what} {name}: spike rasters have cosine {found.cosine:.3f}, expected at least {tolerance.cosine:g}"


def _state_failures(states: Mapping[str, Mapping[str, int]], tolerance: Tolerance) -> Iterator[str]:
    for layer, variables in states.items():
        for variable, differing in variables.items():
            if tolerance.complete and differing:
                yield f"layer {layer}: state {variable} differs in {differing} slots, none may"


def _output_failures(
    outputs: Mapping[str, OutputAgreement], correct: tuple[int, int] | None, samples: int, tolerance: Tolerance
) -> Iterator[str]:
    for name, output in outputs.items():
        if output.tolerance is not None and not output.within:
            yield f"output {name}: relative difference {output.relative:.2g}, expected at most {output.tolerance:g}"
    if correct is not None:
        lost = correct[0] - correct[1]
        allowed = max(tolerance.accuracy_loss * samples, 1.0) if tolerance.accuracy_loss else 0.0
        if lost > allowed:
            yield f"accuracy: {lost} of {samples} samples lost, at most {int(allowed)} may be"

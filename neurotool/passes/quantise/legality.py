"""Checks of the quantise stage; each returns findings and raises nothing, so that all are shown at once."""

from __future__ import annotations

import numpy as np

from neurotool.arrays import Float64Array
from neurotool.diagnostics import Diagnostic, Severity
from neurotool.ir.program import SignMode
from neurotool.neurons.lif_schedule import ROWS
from neurotool.passes.quantise.choice import Choice
from neurotool.passes.quantise.integers import sign_mode
from neurotool.passes.quantise.layer import Layer
from neurotool.passes.quantise.weight_range import Bits
from neurotool.rules import RULES

COARSE_THRESHOLD = 16
"""Below so many units, a threshold is off by more than 3 %."""


def check_layer(layer: Layer, bits: Bits) -> list[Diagnostic]:
    """Check what must hold whatever the scale."""
    findings = []
    if layer.thresholds is not None and np.min(layer.thresholds) <= 0.0:
        found = f"v_threshold - v_reset = {np.min(layer.thresholds):g}"
        findings.append(_error("NT-QUANT-001", layer, "its threshold is not above its reset potential", found, "> 0"))
    start = (layer.update.initial.reshape(-1) - layer.zero)[_first_nonzero(layer)]
    if start != 0.0:
        found = f"starts {start:g} above its reset potential"
        findings.append(_error("NT-QUANT-003", layer, "it does not start at its reset potential", found, "0"))
    findings += _check_schedule(layer)
    if layer.threshold is None and np.any(layer.membrane_decay == 0.0):
        findings.append(_error("NT-QUANT-004", layer, "its potential has no bound", "no leak", "a leak"))
    elif layer.threshold is None and np.unique(layer.zero).size > 1:
        findings.append(_error("NT-QUANT-004", layer, "its neurons start at different potentials", "several", "one"))
    findings += [
        _error("NT-QUANT-010", layer, f"{s.name} has weights of both signs", "1 bit", ">= 2 bits")
        for s in layer.synapses
        if bits(s) == 1 and sign_mode(s.weights) is SignMode.MIXED
    ]
    if any(_varies(v) for v in (layer.current_decay, layer.membrane_decay, layer.threshold) if v is not None):
        message = "its neurons have different decays or thresholds"
        findings.append(Diagnostic("NT-QUANT-007", Severity.NOTE, layer.node.name, message, origin=layer.node.origin))
    return findings + _check_decays(layer)


def _check_schedule(layer: Layer) -> list[Diagnostic]:
    update = layer.update
    if layer.schedule is None:
        return []
    limit, message = f"{ROWS - 1} rows, reset to a value", "its threshold schedule has no integer form"
    findings = []
    if len(layer.schedule) >= ROWS:
        findings.append(_error("NT-QUANT-013", layer, message, f"{len(layer.schedule)} rows", limit))
    if update.subtract is not None or update.refractory:
        found = "reset by subtraction" if update.subtract is not None else "a refractory period"
        findings.append(_error("NT-QUANT-013", layer, message, found, limit))
    return findings


def _first_nonzero(layer: Layer) -> int:
    return int(np.argmax(np.abs(layer.update.initial.reshape(-1) - layer.zero)))


def _varies(values: Float64Array) -> bool:
    return bool(np.ptp(values) > 0.0)


def _check_decays(layer: Layer) -> list[Diagnostic]:
    """Warn where a 12-bit decay misses the wanted share by more than a twentieth of it (NT-QUANT-008)."""
    findings = []
    shares = {"current": (layer.current_decay, 1), "membrane": (layer.membrane_decay, 0)}
    for what, (share, smallest) in shares.items():
        held = np.clip(np.rint(share * 4096), smallest, 4095 + smallest) / 4096
        miss = np.abs(held - share)
        if np.any(miss > 0.05 * share):
            worst = int(np.argmax(miss))
            message = f"its {what} decay cannot be held in 12 bits"
            found, limit = f"{share[worst]:.3g} per step", f"held as {held[worst]:.3g}"
            findings.append(
                Diagnostic(
                    "NT-QUANT-008", Severity.WARNING, layer.node.name, message, found, limit, "", layer.node.origin
                )
            )
    return findings


def check_choice(layer: Layer, choice: Choice | None) -> list[Diagnostic]:
    """Check that a scale was found, what it rests on, and that the threshold survives it."""
    if choice is None:
        rule = "NT-QUANT-009" if layer.threshold is not None else "NT-QUANT-004"
        largest = max(float(np.abs(s.weights).max()) for s in layer.synapses)
        found = f"largest weight {largest:.3g}, threshold {_largest(layer.threshold):.3g}"
        message = "no weight exponent brings weights, threshold and states into range together"
        return [_error(rule, layer, message, found, "exponents -8..7")]
    findings = []
    if not choice.bound.proven:
        message = "its range is not proven for every input: it was seen on calibration data, or is bounded upwards only"
        findings.append(Diagnostic("NT-QUANT-005", Severity.NOTE, layer.node.name, message, origin=layer.node.origin))
    parameters = choice.rounded.population.parameters
    vth = min(int(values.min()) for name, values in parameters.items() if name.startswith("vth"))
    if vth < COARSE_THRESHOLD:
        message = "its threshold rounds to a few integer units, so that spikes will differ from the float model"
        found, limit = f"vth = {vth}", f">= {COARSE_THRESHOLD}"
        findings.append(
            Diagnostic("NT-QUANT-009", Severity.WARNING, layer.node.name, message, found, limit, "", layer.node.origin)
        )
    return findings


def _largest(values: Float64Array | None) -> float:
    return 0.0 if values is None else float(np.max(values))


def _error(rule: str, layer: Layer, message: str, found: str, limit: str) -> Diagnostic:
    fix = RULES[rule].rewrite
    return Diagnostic(rule, Severity.ERROR, layer.node.name, message, found, limit, fix, layer.node.origin)

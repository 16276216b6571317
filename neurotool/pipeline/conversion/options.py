"""How a model is converted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from neurotool.errors import UsageError
from neurotool.ir.adapters import Array
from neurotool.pipeline.numbers import optional_real, optional_whole, real, whole
from neurotool.written import WIDEST_WEIGHT

FINE_TUNE_EPOCHS = 10
"""Passes over the samples of a fine-tuning where nothing is said."""

LEARNING_RATE = 0.0005
"""Step of a fine-tuning where nothing is said, as a share of the size of each layer's weights."""


@dataclass(frozen=True)
class ConvertOptions:
    """How to convert a model.

    Attributes:
        dt: Time step in seconds, or None for the source's own.
        convention: Discrete meaning of a file's neurons, or None for the source's own or the default.
        calib: Data file that scales are chosen with, or None to scale for the worst case.
        encode: Encoder for data without a time axis; for a model with several inputs, encoders by input.
        steps: Number of time steps to encode into.
        weight_bits: Width of synaptic weights, 1 to 16; above 8 by two synapses each.
        chip: Chip description to place for.
        spiking: Node name patterns that must go to the chip.
        dense: Node name patterns that must stay in torch.
        seed: Seed for everything drawn.
        force: Replace an existing bundle.
        chips: Most chips to place on, or None for as many as needed.
        placement_seconds: Time to search for a better placement than the fast one.
        layer_bits: Patterns of node names and the width of the weights of what they match, in place of ``weight_bits``.
        scale_from: Range of weights that the mantissas cover: ``max``, ``mse`` or ``percentile=99.9``.
        search_scales: Scales to try for each recurrent component on the calibration data; None for the usual number
            where there is such data.
        sensitivity: Round one layer at a time and tell what each costs, on the calibration data.
        fine_tune: Data file that the rounded model is trained on, or None.
        fine_tune_epochs: Passes over that file; None for the usual number.
        learning_rate: Step of the training, as a share of the size of each layer's weights; None for the usual one.
        coding: Patterns of node names, and the coding in which what they match crosses between chip and torch.
        objective: What the cut is chosen by: ``chip`` (all that can run there), ``energy``, ``latency`` or ``edp``.
        device: What dense parts run on, for the cost of a cut.
        max_latency: Seconds that an inference may take, or None.
        min_accuracy: Least accuracy of the converted model on labelled calibration data, or None.
        cut_seconds: Time to search for the best cut.
        example: Input ``[time, batch, *features]`` to trace a torch model with where there is no calibration data, for
            several inputs by name; None for the model's own.

    Raises:
        UsageError: A number or a name is none, or outside its limits, or an option goes with one that is not given.
    """

    dt: float | None = None
    convention: str | None = None
    calib: Path | None = None
    encode: str | Mapping[str, str] | None = None
    steps: int | None = None
    weight_bits: int = 8
    chip: str = "loihi2"
    spiking: tuple[str, ...] = ()
    dense: tuple[str, ...] = ()
    seed: int = 0
    force: bool = False
    chips: int | None = None
    placement_seconds: float = 0.0
    layer_bits: tuple[tuple[str, int], ...] = ()
    scale_from: str = "max"
    search_scales: int | None = None
    sensitivity: bool = False
    fine_tune: Path | None = None
    fine_tune_epochs: int | None = None
    learning_rate: float | None = None
    coding: Mapping[str, str] = field(default_factory=dict)
    objective: str = "chip"
    device: str = "cpu-generic"
    max_latency: float | None = None
    min_accuracy: float | None = None
    cut_seconds: float = 10.0
    example: Array | Mapping[str, Array] | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be meant, before anything is read, and keep numbers as Python's own."""
        for name, check in _CHECKS.items():
            option = f"--{name.replace('_', '-')}"
            object.__setattr__(self, name, check(option, getattr(self, name)))
        for name in ("fine_tune_epochs", "learning_rate"):
            if getattr(self, name) is not None and self.fine_tune is None:
                raise UsageError(f"--{name.replace('_', '-')} goes with --fine-tune", hint="add --fine-tune")


def _width(option: str, bits: Any) -> int:
    return whole(option, bits, 1, WIDEST_WEIGHT)


def _widths(_: str, given: Any) -> tuple[tuple[str, int], ...]:
    return tuple((pattern, _width(f"--weight-bits {pattern}", bits)) for pattern, bits in given)


def _name(option: str, given: Any) -> str:
    if not isinstance(given, str):
        raise UsageError(f"{option}: {given!r} is not a name")
    return given


def _optional_name(option: str, given: Any) -> str | None:
    return None if given is None else _name(option, given)


_CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "convention": _optional_name,
    "dt": partial(optional_real, positive=True),
    "steps": partial(optional_whole, least=1),
    "weight_bits": _width,
    "layer_bits": _widths,
    "chip": _name,
    "seed": partial(whole, least=0),
    "chips": partial(optional_whole, least=1),
    "placement_seconds": real,
    "scale_from": _name,
    "search_scales": partial(optional_whole, least=0),
    "fine_tune_epochs": partial(optional_whole, least=1),
    "learning_rate": partial(optional_real, positive=True),
    "objective": _name,
    "device": _name,
    "max_latency": partial(optional_real, positive=True),
    "min_accuracy": partial(optional_real, most=1.0),
    "cut_seconds": real,
}
"""What each option must be; a check takes the option as the command line names it, and its value."""

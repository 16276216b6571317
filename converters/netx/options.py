"""What lava-dl's ``Network`` takes beside the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from neurotool.ir.graph import Shape


@dataclass(frozen=True)
class LoadOptions:
    """How to read a NetX file. None takes what the file says, else lava-dl's default.

    Attributes:
        num_layers: Read only the first layers of the file.
        skip_layers: Leave out the first of those.
        input_shape: Shape of the input, (channels, rows, columns) or (neurons,), where the file does not say.
        input_message_bits: Payload width of an input that is no layer of neurons; 0 for binary spikes (default).
        reset_interval: Time steps after which CUBA neurons return to zero; default never.
        reset_offset: First row of the input before which they do, modulo the interval; default 0. lava-dl's argument of
            this name is one more where the first layer has no neurons, since the input then takes a step to arrive.
        spike_exp: Exponent of the messages of sigma-delta neurons; default 6.
        together: Whether all layers begin with the first step, as in lava-dl without ``reset_interval``, rather than
            each one step after the layer before it, as with it. By default they do if there are sigma-delta neurons,
            which lava-dl never resets.
    """

    num_layers: int | None = None
    skip_layers: int = 0
    input_shape: Shape | None = None
    input_message_bits: int | None = None
    reset_interval: int | None = None
    reset_offset: int | None = None
    spike_exp: int | None = None
    together: bool | None = None

    def completed(self, arguments: Mapping[str, int], *, direct: bool) -> LoadOptions:
        """Fill in what the file asks for. Names that are no option are for other readers and left alone.

        Args:
            arguments: Arguments of lava-dl's ``Network`` by name.
            direct: Whether the first layer holds neurons, which the input reaches without a step.
        """
        if "reset_offset" in arguments:
            arguments = {**arguments, "reset_offset": arguments["reset_offset"] - (not direct)}
        open_ = {f.name for f in fields(self) if getattr(self, f.name) is None and f.name in STORED}
        return replace(self, **{name: value for name, value in arguments.items() if name in open_})  # type: ignore[arg-type]


STORED = ("input_message_bits", "reset_interval", "reset_offset", "spike_exp")
"""Options that a file of neurotool names as attributes."""

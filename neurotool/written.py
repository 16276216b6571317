"""Options as they are written: text that the command line and a Python session read in the same way."""

from __future__ import annotations

from collections.abc import Sequence

from neurotool.errors import UsageError

WIDEST_WEIGHT = 16
"""Bits of the widest weight: two synapses of eight."""

USUAL_WEIGHT = 8
"""Bits of a weight where nothing is said."""

EVERY_FORM = "all"
"""Name under which a limit is that of all forms."""

ALIASES = {"engine": "loihi"}
"""Other names of forms that are understood and not offered."""


def read_weight_bits(given: Sequence[str]) -> tuple[int, tuple[tuple[str, int], ...]]:
    """Width of the weights, and widths by pattern: ``16``, ``hidden=16``.

    Raises:
        UsageError: One is no width, or says two things of one pattern.
    """
    layers: list[tuple[str, int]] = []
    default = USUAL_WEIGHT
    for text in given:
        pattern, _equals, bits = text.rpartition("=")
        if not bits.isdecimal() or not 1 <= int(bits) <= WIDEST_WEIGHT:
            raise UsageError(
                f"--weight-bits: {text!r} is no width of 1 to {WIDEST_WEIGHT} bits",
                hint="write 8, or such as hidden=16",
            )
        if pattern:
            layers.append((pattern, int(bits)))
        else:
            default = int(bits)
    refuse_repeats("--weight-bits", given, "pattern")
    return default, tuple(layers)


def read_encode(given: Sequence[str]) -> str | dict[str, str] | None:
    """One encoder for the only input, or one for each that is named: ``rate``, ``sound=rate``.

    Raises:
        UsageError: It is not said for which input one is.
    """
    if not given:
        return None
    pairs = {name: encoder for name, _equals, encoder in (text.rpartition("=") for text in given)}
    refuse_repeats("--encode", given, "input")
    if "" not in pairs:
        return pairs
    if len(pairs) > 1:
        raise UsageError(f"--encode {pairs['']} does not say for which input", hint=f"--encode NAME={pairs['']}")
    return pairs[""]


def read_coding(given: Sequence[str]) -> dict[str, str]:
    """Codings by pattern of node names: ``encoder.2=rate``.

    Raises:
        UsageError: One names no node, or says two things of one.
    """
    wishes = {}
    for text in given:
        pattern, _equals, coding = text.rpartition("=")
        if not pattern:
            raise UsageError(f"--coding: {text!r} is not NODE=CODING", hint="write such as encoder.2=rate")
        wishes[pattern] = coding
    refuse_repeats("--coding", given, "node")
    return wishes


def read_limits(given: Sequence[str]) -> dict[str, int]:
    """Numbers of samples by form; one that is given alone is that of every form: ``100``, ``lava=100``.

    Raises:
        UsageError: One is no number, or says two things of one form.
    """
    limits: list[tuple[str, int]] = []
    for text in given:
        name, equals, number = text.rpartition("=")
        if bool(name) is not bool(equals) or not number.isdecimal() or int(number) < 1:
            raise UsageError(
                f"--limit: {text!r} is neither N nor NAME=N", hint="write, for example, --limit 100 or --limit lava=100"
            )
        limits.append((form_of(name) if name else EVERY_FORM, int(number)))
    refuse_repeats("--limit", given, "form", [name for name, _number in limits])
    return dict(limits)


def form_of(name: str) -> str:
    """A form by the name that is shown."""
    return ALIASES.get(name, name)


def refuse_repeats(option: str, given: Sequence[str], what: str, names: Sequence[str] | None = None) -> None:
    """Refuse an option that is given twice for the same: the last one would win in silence.

    Args:
        option: The option.
        given: Its values.
        what: What each of them is for, in one word.
        names: Which one each is for, or None for what stands before its last equals sign.

    Raises:
        UsageError: Two are for the same.
    """
    names = [text.rpartition("=")[0] for text in given] if names is None else names
    if len(set(names)) < len(names):
        raise UsageError(f"{' '.join(f'{option} {value}' for value in given)}: says two things of one {what}")

"""What the shell offers as values: names are looked up when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click

Complete = Callable[[click.Context, click.Parameter, str], list[str]]

FORMS = ("source", "float", "loihi", "lava")
"""Ways to run a bundle that ``verify`` compares."""


def _offering(known: Callable[[], Iterable[str]]) -> Complete:
    def complete(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
        return [name for name in known() if name.startswith(incomplete)]

    return complete


def _chips() -> Iterable[str]:
    from neurotool.chips.load import available_chips

    return available_chips()


def _devices() -> Iterable[str]:
    from neurotool.chips.load import available_devices

    return available_devices()


def _targets() -> Iterable[str]:
    from neurotool.plugins import names

    return names("neurotool.targets")


def _conventions() -> Iterable[str]:
    from neurotool.ir.convention import CONVENTIONS

    return CONVENTIONS


chips = _offering(_chips)
devices = _offering(_devices)
targets = _offering(_targets)
conventions = _offering(_conventions)
ranges = _offering(lambda: ("max", "mse", "percentile="))
forms = _offering(lambda: FORMS)
limited = _offering(lambda: [f"{name}=" for name in (*FORMS, "stages")])

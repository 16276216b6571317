"""Tables of the constants and limits of a chip or device, for the documentation.

``python -m neurotool.chips.table docs/energy.md`` renews them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from neurotool.chips.chip import Chip, Limit, NeuronModels
from neurotool.chips.constant import Constant, Sourced
from neurotool.chips.device import Device
from neurotool.chips.load import available_chips, load_chip, load_device


def constants_table(entry: Chip | Device) -> str:
    """Write everything of an entry that has a source as a Markdown table, in the order of its file."""
    lines = ["| constant | low | nominal | high | unit | basis | source |", "|---|---|---|---|---|---|---|"]
    for name, item in _sourced(entry, ""):
        source = f"{item.citation} ({item.date})" + (f"; {item.note}" if item.note else "")
        lines.append(f"| {name} | {_figures(item)} | {item.basis} | {source} |")
    return "\n".join(lines) + "\n"


def _figures(item: Sourced) -> str:
    """Cells from low to unit. What is no number stands in the middle."""
    if isinstance(item, Constant):
        return f"{item.low:g} | {item.value:g} | {item.high:g} | {item.unit}"
    if isinstance(item, Limit):
        return f" | {item.value} |  | {item.unit}"
    if isinstance(item, NeuronModels):
        return f" | {', '.join(item.names)} |  | "
    own = {name: getattr(item, name) for name in type(item).model_fields if name not in Sourced.model_fields}
    return f" | {'; '.join(f'{name} {_plain(value)}' for name, value in own.items())} |  | "


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _sourced(entry: BaseModel, prefix: str) -> Iterator[tuple[str, Sourced]]:
    for name in type(entry).model_fields:
        value = getattr(entry, name)
        for key, item in _items(name, value):
            if isinstance(item, Sourced):
                yield prefix + key, item
            elif isinstance(item, BaseModel):
                yield from _sourced(item, f"{prefix}{key}.")


def _items(name: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        yield from ((f"{name}.{key}", item) for key, item in value.items())
    elif isinstance(value, tuple):
        yield from ((name, item) for item in value)
    else:
        yield name, value


def fill_tables(text: str) -> str:
    """Renew the tables of a Markdown page between ``<!-- constants: NAME -->`` and ``<!-- end -->``."""

    def renew(found: re.Match[str]) -> str:
        name = found["name"]
        entry = load_chip(name) if name in available_chips() else load_device(name)
        return f"<!-- constants: {name} -->\n{constants_table(entry)}<!-- end -->"

    return re.sub(r"<!-- constants: (?P<name>\S+) -->\n.*?<!-- end -->", renew, text, flags=re.DOTALL)


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(fill_tables(page.read_text(encoding="utf-8")), encoding="utf-8")

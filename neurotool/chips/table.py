"""Tables of the constants and limits of a chip or device, for the documentation.

``python -m neurotool.chips.table docs/energy.md`` renews them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from neurotool.chips.chip import Chip, Limit
from neurotool.chips.constant import Constant
from neurotool.chips.device import Device
from neurotool.chips.load import available_chips, load_chip, load_device


def constants_table(entry: Chip | Device) -> str:
    """Write every constant and limit of an entry as a Markdown table, in the order of its file."""
    lines = ["| constant | low | nominal | high | unit | basis | source |", "|---|---|---|---|---|---|---|"]
    for name, item in _sourced(entry, ""):
        source = f"{item.citation} ({item.date})" + (f"; {item.note}" if item.note else "")
        if isinstance(item, Limit):
            lines.append(f"| {name} |  | {item.value} |  | {item.unit} | {item.basis} | {source} |")
        else:
            numbers = f"{item.low:g} | {item.value:g} | {item.high:g} | {item.unit}"
            lines.append(f"| {name} | {numbers} | {item.basis} | {source} |")
    return "\n".join(lines) + "\n"


def _sourced(entry: BaseModel, prefix: str) -> Iterator[tuple[str, Limit | Constant]]:
    for name in type(entry).model_fields:
        value = getattr(entry, name)
        if isinstance(value, Limit | Constant):
            yield prefix + name, value
        elif isinstance(value, BaseModel):
            yield from _sourced(value, f"{prefix}{name}.")
        elif isinstance(value, dict):
            for key, constant in value.items():
                yield f"{prefix}{name}.{key}", constant


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

"""Tables of results in terminals of any width: no word and no number is broken."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from neurotool.cli.summary.tables import grid

ROWS = (
    ("split model, as converted", "loihi2 and cpu-generic", "1", "36 mJ", "2.05 ms", "98.33%"),
    ("float ANN", "h100-sxm", "64", "1.25 J", "410 ms", ""),
)


def printed(width: int) -> str:
    table = grid("The same task", "what", "on", ">batch", ">energy", ">latency", ">accuracy")
    for row in ROWS:
        table.add_row(*row)
    console = Console(width=width, file=io.StringIO())
    console.print(table)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [30, 40, 60, 80, 120])
def test_no_word_is_broken(width):
    words = printed(width).split()
    assert all(word in words for row in ROWS for cell in row for word in cell.split())


def test_a_wide_terminal_shows_a_line_for_each_row():
    lines = printed(120).splitlines()
    assert lines[2].split()[:2] == ["split", "model,"]
    assert lines[3].split()[:2] == ["float", "ANN"]


def test_a_narrow_terminal_shows_a_record_for_each_row():
    lines = [line.split() for line in printed(40).splitlines()]
    assert lines[1:4] == [
        ["what", "split", "model,", "as", "converted"],
        ["on", "loihi2", "and", "cpu-generic"],
        ["batch", "1"],
    ]
    assert lines[7] == []
    assert lines[-1] == ["latency", "410", "ms"]

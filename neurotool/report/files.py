"""Writes figures."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from neurotool.errors import UsageError
from neurotool.ir.atomic_file import replacing


def save(figure: Figure, path: Path) -> None:
    """Write a figure and release what it holds.

    Other processes see the old file or the whole new one.

    Args:
        figure: The figure; it is empty afterwards.
        path: File to write; its ending decides the format (``.png``, ``.svg``, ``.pdf``).

    Raises:
        UsageError: The ending names no format that can be written, or the file cannot be written.
    """
    formats = figure.canvas.get_supported_filetypes()
    kind = path.suffix.removeprefix(".").lower()
    if kind not in formats:
        raise UsageError(f"{path}: cannot write a figure as {path.suffix or 'a file without ending'}", hint="use .png")
    with replacing(path) as staged:
        figure.savefig(staged, format=kind)
    figure.clear()

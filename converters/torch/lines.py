"""The line of the user's code that made a value."""

from __future__ import annotations

import linecache
import sys
import traceback
from pathlib import Path
from types import FrameType

import norse
import torch
from torch import fx

LINE = "line"
"""Key in the metadata of an fx node: file and number of the line that made it, as ``model.py:12``."""

_LIBRARIES = tuple(str(Path(file).parent) for file in (torch.__file__, norse.__file__, __file__))
"""Folders whose frames are not the user's code."""


def current() -> str:
    """Return the innermost line of the user's code that is running, or an empty string."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if not _is_library(frame.f_code.co_filename):
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


def raised_at(error: BaseException) -> str:
    """Return the innermost line of the user's code that an exception passed, or an empty string."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not _is_library(f.filename)]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""


def line_of(node: fx.Node) -> str:
    """Return the line that made a node, or an empty string."""
    return str(node.meta.get(LINE, ""))


def code_at(line: str) -> str:
    """Return the text of ``file:number``."""
    file, _, number = line.rpartition(":")
    return linecache.getline(file, int(number)).strip() if file else ""


def _is_library(file: str) -> bool:
    return file.startswith((*_LIBRARIES, "<"))

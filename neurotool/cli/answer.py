"""The form of what a verb answers."""

from __future__ import annotations

from typing import Any

from rich.console import RenderableType

Answer = tuple[dict[str, Any], list[RenderableType]]
"""The result as JSON values, and the same as text for people."""

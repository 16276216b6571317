"""Reads ``manifest.json`` and says what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from neurotool.errors import UsageError, reason
from neurotool.ir.manifest import SCHEMA, Manifest, content_digest

MANIFEST = "manifest.json"


def read_manifest(bundle: Path) -> Manifest:
    """Read the manifest of a bundle directory.

    Raises:
        UsageError: There is none, or it is damaged or of another version; the message names the field.
    """
    path = bundle / MANIFEST
    content = _parse(path, _text(bundle, path))
    found = content.get("schema") if isinstance(content, dict) else None
    if found != SCHEMA:
        raise UsageError(
            f"{path}: its schema is {found or 'not declared'}, this version reads {SCHEMA}",
            hint="update neurotool, or convert the model again",
        )
    try:
        manifest = Manifest.model_validate(content)
    except ValidationError as error:
        first, *rest = error.errors(include_url=False)
        field = ".".join(str(step) for step in first["loc"]) or "the whole"
        more = f" (and {len(rest)} more)" if rest else ""
        raise UsageError(f"{path}: field {field}: {first['msg']}{more}", hint="convert the model again") from None
    if manifest.sha256 != content_digest(content):
        raise UsageError(
            f"{path}: is edited: its content does not have the digest that field sha256 holds",
            hint="copy the bundle again, or convert the model again",
        )
    return manifest


def _text(bundle: Path, path: Path) -> str:
    if not bundle.is_dir():
        raise UsageError(f"{bundle}: {'is a file, expected a bundle directory' if bundle.exists() else 'not found'}")
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(
            f"{bundle}: is not a bundle, it has no {MANIFEST}", hint="neurotool convert makes one"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {reason(error)}") from None


def _parse(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(f"{path}: is damaged, not JSON: {error}", hint="convert the model again") from None

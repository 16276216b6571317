"""Writes a device file of measured constants, in the form of those in ``data/``."""

from __future__ import annotations

from pathlib import Path

import yaml

from neurotool.chips.device import Device
from neurotool.chips.load import load_device
from neurotool.errors import UsageError


def write_device(device: Device, path: Path) -> Device:
    """Write a device and read it back, so that what is on disk is known to be complete.

    Raises:
        UsageError: The file cannot be written.
    """
    text = yaml.safe_dump(device.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=120)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out: {path} cannot be written: {error.strerror or error}") from None
    return load_device(path)

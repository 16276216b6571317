"""Writes a device file of measured constants, in the form of those in ``data/``."""

from __future__ import annotations

from pathlib import Path

import yaml

from neurotool.chips.device import Device
from neurotool.chips.load import load_device
from neurotool.ir.atomic_file import replacing


def write_device(device: Device, path: Path) -> Device:
    """Write a device and read it back, so that what is on disk is known to be complete.

    Raises:
        UsageError: The file cannot be written.
    """
    text = yaml.safe_dump(device.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=120)
    with replacing(path, "--out") as staged:
        staged.write_text(text, encoding="utf-8")
    return load_device(path)

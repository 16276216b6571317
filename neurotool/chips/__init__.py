"""Chips and devices as data: limits and costs, each with its range, unit, basis and source."""

from neurotool.chips.chip import Chip, ChipCosts, ChipLimits, Limit, Link, Mesh, SynapseMemory
from neurotool.chips.constant import Basis, Constant
from neurotool.chips.device import Device
from neurotool.chips.load import available_chips, available_devices, load_chip, load_device

__all__ = [
    "Basis",
    "Chip",
    "ChipCosts",
    "ChipLimits",
    "Constant",
    "Device",
    "Limit",
    "Link",
    "Mesh",
    "SynapseMemory",
    "available_chips",
    "available_devices",
    "load_chip",
    "load_device",
]

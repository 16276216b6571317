"""Synapse types, one per file: the readable integer arithmetic from source messages to activation."""

from neurotool.synapses.delivery import Delivery
from neurotool.synapses.precision import hardware_weights

__all__ = ["Delivery", "hardware_weights"]

"""Synapse types, one per file: the readable integer arithmetic from source spikes to activation."""

from neurotool.synapses.dense import accumulate, hardware_weights

__all__ = ["accumulate", "hardware_weights"]

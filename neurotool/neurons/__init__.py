"""Neuron models, one per file: the declaration and the readable integer step that every engine must equal."""

from neurotool.neurons.lif import LIF, NEVER_FIRES
from neurotool.neurons.model import NeuronModel, Owner, Parameter, RangeError, zeros
from neurotool.neurons.models import MODELS

__all__ = ["LIF", "MODELS", "NEVER_FIRES", "NeuronModel", "Owner", "Parameter", "RangeError", "zeros"]

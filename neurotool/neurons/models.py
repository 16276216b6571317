"""All neuron models by name."""

from __future__ import annotations

from neurotool.neurons.lif import LIF
from neurotool.neurons.model import NeuronModel

MODELS: dict[str, NeuronModel] = {LIF.name: LIF}

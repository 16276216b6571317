"""All neuron models by name."""

from __future__ import annotations

from neurotool.neurons.atrlif import ATRLIF
from neurotool.neurons.delta import DELTA
from neurotool.neurons.graded_relu_vec import GRADED_RELU_VEC
from neurotool.neurons.graded_vec import GRADED_VEC
from neurotool.neurons.inv_sqrt import INV_SQRT
from neurotool.neurons.lif import LIF
from neurotool.neurons.lif_refractory import LIF_REFRACTORY
from neurotool.neurons.lif_reset import LIF_RESET
from neurotool.neurons.lif_schedule import LIF_SCHEDULE
from neurotool.neurons.lif_subtract import LIF_SUBTRACT
from neurotool.neurons.model import NeuronModel
from neurotool.neurons.prod_neuron import PROD_NEURON
from neurotool.neurons.rf import RF
from neurotool.neurons.rf_iz import RF_IZ
from neurotool.neurons.rf_zero import RF_ZERO
from neurotool.neurons.sigma import SIGMA
from neurotool.neurons.sigma_delta import SIGMA_DELTA
from neurotool.neurons.ternary_lif import TERNARY_LIF

_ALL: tuple[NeuronModel, ...] = (
    LIF,
    LIF_RESET,
    TERNARY_LIF,
    LIF_SUBTRACT,
    LIF_REFRACTORY,
    LIF_SCHEDULE,
    ATRLIF,
    SIGMA,
    DELTA,
    SIGMA_DELTA,
    RF,
    RF_IZ,
    RF_ZERO,
    GRADED_VEC,
    GRADED_RELU_VEC,
    PROD_NEURON,
    INV_SQRT,
)

MODELS: dict[str, NeuronModel] = {model.name: model for model in _ALL}

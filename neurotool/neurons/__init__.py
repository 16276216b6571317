"""Neuron models, one per file: the declaration and the readable integer step that every engine must equal."""

from neurotool.neurons.atrlif import ATRLIF
from neurotool.neurons.delta import DELTA
from neurotool.neurons.graded_relu_vec import GRADED_RELU_VEC
from neurotool.neurons.graded_vec import GRADED_VEC
from neurotool.neurons.inv_sqrt import INV_SQRT
from neurotool.neurons.lif import LIF, NEVER_FIRES
from neurotool.neurons.lif_refractory import LIF_REFRACTORY
from neurotool.neurons.lif_reset import LIF_RESET
from neurotool.neurons.lif_schedule import LIF_SCHEDULE
from neurotool.neurons.lif_subtract import LIF_SUBTRACT
from neurotool.neurons.model import NeuronModel, Owner, Parameter, RangeError, zeros
from neurotool.neurons.models import MODELS
from neurotool.neurons.prod_neuron import PROD_NEURON
from neurotool.neurons.rf import RF
from neurotool.neurons.rf_iz import RF_IZ
from neurotool.neurons.rf_zero import RF_ZERO
from neurotool.neurons.sigma import SIGMA
from neurotool.neurons.sigma_delta import SIGMA_DELTA
from neurotool.neurons.ternary_lif import TERNARY_LIF

__all__ = [
    "ATRLIF",
    "DELTA",
    "GRADED_RELU_VEC",
    "GRADED_VEC",
    "INV_SQRT",
    "LIF",
    "LIF_REFRACTORY",
    "LIF_RESET",
    "LIF_SCHEDULE",
    "LIF_SUBTRACT",
    "MODELS",
    "NEVER_FIRES",
    "PROD_NEURON",
    "RF",
    "RF_IZ",
    "RF_ZERO",
    "SIGMA",
    "SIGMA_DELTA",
    "TERNARY_LIF",
    "NeuronModel",
    "Owner",
    "Parameter",
    "RangeError",
    "zeros",
]

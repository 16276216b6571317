"""How wide the integers are that carry float values onto the chip."""

import nir
import numpy as np
from float_graphs import K, chain, lif, linear, node, sink, source

from neurotool.pipeline.conversion.ports import CONVOLVED_BITS, VALUE_BITS, value_bits


def scaled(name, size):
    return node(name, nir.Scale(np.ones(size, np.float32)), (size,), K.CURRENT)


def convolution():
    return node("conv", nir.Conv1d(4, np.ones((1, 1, 1), np.float32), 1, 0, 1, 1, np.zeros(1)), (1, 4), K.CURRENT)


def test_values_are_as_wide_as_a_constant_current():
    made = chain(source(kind=K.CURRENT), scaled("s", 2), linear("fc", np.eye(2)), lif("n", 2), sink("y", (2,)))
    assert value_bits(made, "x", ("s", "fc", "n")) == VALUE_BITS == 13


def test_a_convolution_that_hears_them_keeps_its_bits_for_its_weights():
    nodes = (source(shape=(1, 4), kind=K.CURRENT), convolution(), lif("n", 4), linear("fc", np.eye(4)), lif("m", 4))
    made = chain(*nodes, sink("y", (4,)))
    inside = ("conv", "n", "fc", "m")
    assert value_bits(made, "x", inside) == CONVOLVED_BITS
    assert value_bits(made, "n", inside) == VALUE_BITS  # nothing behind this population convolves
    # A convolution behind a population hears spikes, and one in another part hears nothing of this port.
    after = chain(
        source(shape=(1, 4), kind=K.CURRENT), scaled("s", 4), lif("n", 4), convolution(), lif("m", 4), sink("y", (4,))
    )
    assert value_bits(after, "x", ("s", "n", "conv", "m")) == VALUE_BITS
    assert value_bits(made, "x", ("n", "fc", "m")) == VALUE_BITS

"""Kernels of a neuron update, beside those of the population as it is exported."""

from __future__ import annotations

from dataclasses import replace

import nir
import numpy as np
import pytest
from float_graphs import K, chain, linear, node, sink, source

from neurotool.energy.whole import neuron_kernels
from neurotool.ir.convention import CONVENTIONS
from neurotool.ir.graph import subgraph
from neurotool.passes.discretise import discretise
from neurotool.targets.gpu import TARGET

SIZE = 5
ONE, ZERO = np.full(SIZE, 1.0), np.zeros(SIZE)
LEAKY = {"tau": ONE, "r": ONE, "v_leak": ZERO}
CUBA = {"tau_syn": ONE, "tau_mem": ONE, "r": ONE, "v_leak": ZERO}

NEURONS = {
    "Threshold": nir.Threshold(threshold=ONE),
    "I": nir.I(r=ONE),
    "IF": nir.IF(r=ONE, v_threshold=ONE),
    "LI": nir.LI(**LEAKY),
    "LIF": nir.LIF(**LEAKY, v_threshold=ONE),
    "CubaLI": nir.CubaLI(**CUBA),
    "CubaLIF": nir.CubaLIF(**CUBA, v_threshold=ONE),
}


def population(op, convention="norse", **changed):
    """A discretised population in front of a layer that takes its steps one by one, as an export leaves it out."""
    made = chain(source("x", (SIZE,)), node("n", op, (SIZE,), K.SPIKES), linear("w", np.ones((3, SIZE))),
                 sink("y", (3,)))  # fmt: skip
    found = discretise(replace(made, convention=CONVENTIONS[convention]))
    update = replace(found.nodes["n"].update, **changed)
    return replace(found, nodes=found.nodes | {"n": replace(found.nodes["n"], update=update)})


CASES = {name: (op, {}) for name, op in NEURONS.items()} | {
    "CubaLIF that subtracts": (NEURONS["CubaLIF"], {"subtract": ONE}),
    "LIF that rests": (NEURONS["LIF"], {"refractory": 3}),
    "LIF with a schedule": (NEURONS["LIF"], {"schedule": np.ones((8, SIZE))}),
}


@pytest.mark.parametrize(("op", "changed"), CASES.values(), ids=CASES)
def test_a_step_and_a_node_do_what_an_exported_population_does(op, changed, tmp_path):
    model, batch = population(op, **changed), 3

    def exported(steps):
        example = np.zeros((steps, batch, SIZE), np.float32)
        TARGET.export_dense(subgraph(model, ["n", "w"], ["w"]), {"x": example}, tmp_path / "part.pt2")
        found = TARGET.count_dense(tmp_path / "part.pt2", [example])
        counted = TARGET.count_nodes(model, ["n", "w"], steps, batch)
        assert counted["n"] + counted["w"] == found
        return found

    few, more = exported(1), exported(5)
    kernels = neuron_kernels(model.nodes["n"])
    flops, weights, values = (sum(column) for column in zip(*kernels, strict=True))
    layer, stacked = 2 * SIZE * 3, 2 * 4 * SIZE  # the layer behind it, and the step in the raster that it takes
    assert more.kernels - few.kernels == 4 * len(kernels)
    assert more.flops - few.flops == 4 * batch * (flops * SIZE + layer)
    moved = weights * SIZE + batch * (values * SIZE + stacked + 4 * (SIZE + 3))
    assert (more.bytes_moved - few.bytes_moved) / 4 == pytest.approx(moved, abs=16)  # a period is a tensor of one word

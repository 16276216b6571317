"""Random graphs with loops and delays, and what it means that two graphs are equal."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
from hypothesis import strategies as st

from neurotool.converters.nir.wiring import Wire, Wiring


def contents(op):
    skipped = ("input_type", "output_type", "metadata")
    return {f.name: getattr(op, f.name) for f in dataclasses.fields(op) if f.name not in skipped}


def assert_equal(a, b):
    assert set(a.nodes) == set(b.nodes)
    for name, one in a.nodes.items():
        other = b.nodes[name]
        assert type(one.op) is type(other.op)
        for field in ("shape", "kind", "timed", "scope"):
            assert getattr(one, field) == getattr(other, field), (name, field)
        mine, theirs = contents(one.op), contents(other.op)
        assert mine.keys() == theirs.keys()
        for field in mine:
            assert np.asarray(mine[field]).dtype == np.asarray(theirs[field]).dtype, (name, field)
            np.testing.assert_array_equal(mine[field], theirs[field])
    assert set(a.edges) == set(b.edges)
    assert (a.dt, a.convention, a.inputs, a.outputs) == (b.dt, b.convention, b.inputs, b.outputs)


@st.composite
def wirings(draw):
    """Random graphs of neurons (n), linear nodes (w) and Delays (d), all fed and used, no loop without a neuron."""
    count = draw(st.integers(1, 7))
    names = [f"{draw(st.sampled_from('nnwd'))}{i}" for i in range(count)]
    pairs = {("x", names[0]), *itertools.pairwise(names), (names[-1], "y")}
    pairs |= {("x", name) for name in names if draw(st.integers(0, 3)) == 0}
    for _ in range(draw(st.integers(0, 10))):
        i, j = draw(st.integers(0, count - 1)), draw(st.integers(0, count - 1))
        if i < j or names[i].startswith("n") or names[j].startswith("n"):
            pairs.add((names[i], names[j]))
    delays = {pair: draw(st.integers(1, 3)) for pair in pairs if draw(st.integers(0, 9)) == 0}
    wires = draw(st.permutations([Wire(a, b, delays.get((a, b), 0)) for a, b in sorted(pairs)]))
    return Wiring(tuple(draw(st.permutations(["x", *names, "y"]))), tuple(wires))

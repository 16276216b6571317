"""Which coding a boundary gets, and that a dense part which takes a sum computes the same."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from float_graphs import K, graph, lif, linear, node, readout, sink, source

from neurotool.errors import UnsupportedError, UsageError
from neurotool.ir.adapters import RunOptions
from neurotool.ir.coding import Coding
from neurotool.ir.graph import Operand, TorchOp, subgraph
from neurotool.ir.values import TimeScope
from neurotool.passes.boundaries import choose_codings, reduced
from neurotool.passes.partition import partition
from neurotool.targets.gpu.reference import run_graph

STEPS = 6
RAMP = torch.linspace(0.5, 1.0, STEPS)[:, None, None]


def evaluator(whole):
    def evaluate(names, wanted, values):
        cut = subgraph(whole, names, [wanted])
        plain = {name: replace(cut.nodes[name], kind=K.FLOAT) for name in cut.inputs}
        return run_graph(replace(cut, nodes={**cut.nodes, **plain}), values, RunOptions()).outputs[f"{wanted}.out"]

    return evaluate


def coded(whole, wishes=None):
    cut = partition(whole)
    steps = {b.value: STEPS for b in cut.boundaries if b.timed}
    return choose_codings(cut, steps, evaluator(whole), wishes or {})


def codings(found):
    return {b.value: b.coding for b in found.partition.boundaries}


def over_time(name, target, call, args):
    return node(name, TorchOp(target, call, args), (2,), K.FLOAT, timed=False, scope=TimeScope.OVER_TIME)


MEAN = ("Tensor.mean", torch.Tensor.mean, (Operand(0), 0))
SUM = ("torch.sum", torch.sum, (Operand(0), 0))
LAST = ("operator.getitem", lambda x, i: x[i], (Operand(0), -1))
PEAK = ("torch.amax", torch.amax, (Operand(0), 0))


def spiking(*ends, neuron=lif):
    """A spiking layer and what is made of its raster."""
    nodes = [source("x"), linear("w", np.eye(2)), neuron("n", 2)]
    links = [("x", "w"), ("w", "n")]
    for number, end in enumerate(ends):
        made = end if isinstance(end, list) else [end]
        for one in made:
            nodes.append(one)
        links += zip(["n", *(one.name for one in made)], [one.name for one in made], strict=False)
        nodes.append(sink(f"out{number}", made[-1].shape, timed=made[-1].timed))
        links.append((made[-1].name, f"out{number}"))
    return graph(nodes, links)


@pytest.mark.parametrize(
    ("ends", "neuron", "expected"),
    [
        ([over_time("m", *MEAN)], lif, Coding.COUNTS),
        ([over_time("m", *MEAN), over_time("s", *SUM)], lif, Coding.COUNTS),
        ([over_time("l", *LAST)], lif, Coding.WEIGHTED),
        ([over_time("p", *PEAK)], lif, Coding.RASTER),
        ([over_time("m", *MEAN), over_time("p", *PEAK)], lif, Coding.RASTER),
        ([over_time("l", *LAST)], readout, Coding.WEIGHTED),
        ([over_time("p", *PEAK)], readout, Coding.MEMBRANE),
    ],
)
def test_what_leaves_the_chip_follows_from_its_use(ends, neuron, expected):
    assert codings(coded(spiking(*ends, neuron=neuron)))["n"] is expected


def test_an_operation_that_was_joined_is_judged_by_all_its_names():
    """The last call alone picks an element, whatever of."""
    picked = TorchOp("operator.getitem", lambda x: x.sum(0), joined=("Tensor.max",))
    parts = TorchOp("operator.getitem", lambda x: x.unbind(0)[2], joined=("Tensor.unbind",))
    for op, expected in ((picked, Coding.RASTER), (parts, Coding.WEIGHTED)):
        end = node("e", op, (2,), K.FLOAT, timed=False, scope=TimeScope.OVER_TIME)
        assert codings(coded(spiking(end)))["n"] is expected


IMPOSTORS = {
    "largest": lambda x: x.amax(0),
    "smallest": lambda x: x.amin(0),
    "last of sorted": lambda x: x.sort(0)[0][-1],
    "without sign": lambda x: x.abs().sum(0),
    "limited": lambda x: x.clamp(-100, 100).sum(0),
    "rounded": lambda x: (x * 64).round().sum(0) / 64,
    "square": lambda x: (x * x).sum(0),
    "neighbours": lambda x: (x + x[1:].prod(0)).sum(0),
}


@pytest.mark.parametrize("neuron", [lif, readout])
@pytest.mark.parametrize("call", IMPOSTORS.values(), ids=IMPOSTORS)
def test_what_only_bears_the_name_of_a_sum_takes_the_raster(call, neuron):
    end = over_time("e", "Tensor.sum", call, (Operand(0),))
    whole = Coding.RASTER if neuron is lif else Coding.MEMBRANE
    assert codings(coded(spiking(end, neuron=neuron)))["n"] is whole


def test_a_part_that_makes_two_different_sums_takes_the_raster():
    ends = [over_time("m", *MEAN), over_time("l", *LAST)]
    both = node("b", TorchOp("torch.add", torch.add, (Operand(0), Operand(1))), (2,), K.FLOAT, timed=False)
    nodes = [source("x"), linear("w", np.eye(2)), lif("n", 2), *ends, both, sink("out", (2,), timed=False)]
    links = [("x", "w"), ("w", "n"), ("n", "m"), ("n", "l"), ("m", "b"), ("l", "b"), ("b", "out")]
    assert codings(coded(graph(nodes, links)))["n"] is Coding.RASTER


def ramp():
    """Each step times a weight of its own, then the sum."""
    scaled = node("r", TorchOp("torch.mul", torch.mul, (Operand(0), RAMP)), (2,), K.FLOAT)
    return [scaled, over_time("s", *SUM)]


def test_a_weighted_sum_is_seen_through_two_nodes():
    found = coded(spiking(ramp()))
    (boundary,) = [b for b in found.partition.boundaries if b.value == "n"]
    assert boundary.coding is Coding.WEIGHTED
    assert boundary.weights == pytest.approx(RAMP.ravel().tolist())
    assert boundary.latency == STEPS


@pytest.mark.parametrize("ends", [[over_time("m", *MEAN), over_time("s", *SUM)], [ramp()], [over_time("l", *LAST)]])
def test_a_part_that_takes_the_sum_computes_the_same(ends):
    from neurotool.runtime.coding import deliver

    whole = spiking(*ends)
    found = coded(whole)
    for boundary in found.partition.boundaries:
        if not boundary.coding.reduces:
            continue
        part = next(p for p in found.partition.parts if p.name == boundary.target)
        before = subgraph(whole, part.nodes, part.outputs)
        after = reduced(before, boundary, found.reductions[boundary.value, part.name])
        raster = np.random.default_rng(0).random((STEPS, 3, 2)) < 0.5
        wanted = run_graph(before, {"n": raster}, RunOptions()).outputs
        made = run_graph(after, {"n": deliver(raster, boundary)}, RunOptions()).outputs
        assert set(made) == set(wanted)
        for name, value in wanted.items():
            np.testing.assert_allclose(made[name], value, rtol=1e-5)


def entering(hold):
    """A static value that something gives a time axis, then a spiking layer."""
    wide = node("h", TorchOp("hold", hold), (2,), K.FLOAT, scope=TimeScope.PER_STEP)
    nodes = [source("x", kind=K.FLOAT, timed=False), wide, lif("n", 2), sink("out", (2,), K.SPIKES)]
    return graph(nodes, [("x", "h"), ("h", "n"), ("n", "out")])


def expand(x):
    return x.unsqueeze(0).expand(STEPS, *x.shape)


def test_a_value_that_is_repeated_is_held_as_a_current():
    assert codings(coded(entering(expand)))["h"] is Coding.CONSTANT
    assert codings(coded(entering(lambda x: expand(x) * RAMP)))["h"] is Coding.GRADED


@pytest.mark.parametrize("wish", ["graded", "rate", "latency", "constant"])
def test_a_wish_is_followed(wish):
    found = coded(entering(expand), {"h*": wish})
    assert codings(found)["h"] == wish
    waits = STEPS if wish in ("rate", "latency") else 0
    assert next(b.latency for b in found.partition.boundaries if b.value == "h") == waits


def test_wishes_that_cannot_be_are_refused_together():
    whole = spiking(over_time("p", *PEAK))
    with pytest.raises(UnsupportedError) as caught:
        coded(whole, {"n": "counts", "x": "rate"})
    assert [(d.rule, d.node) for d in caught.value.diagnostics] == [("NT-BOUND-001", "x"), ("NT-BOUND-003", "n")]
    with pytest.raises(UnsupportedError) as caught:
        coded(entering(lambda x: expand(x) * RAMP), {"h": "constant"})
    assert caught.value.diagnostics[0].rule == "NT-BOUND-002"


@pytest.mark.parametrize(
    ("wishes", "message"),
    [
        ({"w": "rate"}, "w=rate: w is heard on its own side alone"),
        ({"m": "counts"}, "m=counts: m does not cross between chip and torch; it enters or leaves the model"),
        ({"nothing": "rate"}, "nothing=rate matches no value that crosses"),
        ({"n": "morse"}, "no coding 'morse'"),
    ],
)
def test_wishes_that_mean_nothing_are_refused(wishes, message):
    with pytest.raises(UsageError, match=message) as refused:
        coded(spiking(over_time("m", *MEAN)), wishes)
    if "morse" not in message:
        assert refused.value.hint == "there is a choice for n (raster, counts, weighted, membrane)"


def test_what_may_be_chosen_is_listed_and_spikes_that_enter_are_not():
    with pytest.raises(UsageError) as refused:
        coded(entering(expand), {"n": "counts"})
    assert refused.value.hint == "there is a choice for h (graded, constant, rate, latency)"
    alone = graph([source("x"), linear("w", np.eye(2)), lif("n", 2), sink("out", (2,), K.SPIKES)],
                  [("x", "w"), ("w", "n"), ("n", "out")])  # fmt: skip
    with pytest.raises(UsageError) as refused:
        coded(alone, {"n": "counts"})
    assert refused.value.hint.startswith("leave --coding out")


def test_a_raster_can_be_had_all_the_same():
    assert codings(coded(spiking(over_time("m", *MEAN)), {"n": "raster"}))["n"] is Coding.RASTER
    assert codings(coded(spiking(over_time("m", *MEAN)), {"n": "weighted"}))["n"] is Coding.WEIGHTED

"""The partition verb and its Python form on a small model with labels: table, explanation, limits, Pareto set."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from norse.torch import LIF, Lift, SequentialState

import neurotool as package
from neurotool.errors import NegativeAnswerError, UsageError
from neurotool.ir.partition import Side

STEPS = 8


class Small(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.spiking = SequentialState(
            Lift(torch.nn.Linear(6, 5, bias=False)), LIF(), Lift(torch.nn.Linear(5, 4, bias=False)), LIF()
        )
        self.head = torch.nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.spiking(x)[0].mean(0))


@pytest.fixture(scope="module")
def model() -> Small:
    torch.manual_seed(0)
    small = Small()
    with torch.no_grad():
        for layer in (small.spiking[0], small.spiking[2]):
            layer.lifted_module.weight.abs_().mul_(40)
    return small.eval()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory):
    rng, path = np.random.default_rng(0), tmp_path_factory.mktemp("data") / "data.npz"
    np.savez(path, x=rng.random((STEPS, 10, 6)) < 0.4, y=rng.integers(0, 3, 10))
    return path


def test_a_module_is_cut_like_any_other_source(model):
    result = package.partition(model, example=np.zeros((STEPS, 2, 6), np.float32))
    assert result.partition.parts[0].nodes[-1] == "spiking.3"
    assert [point.names for point in result.compared()] == [("all in torch",), ("all on the chip", "chosen")]
    assert "spiking-0" in repr(result)
    assert result._repr_html_().count("<table>") == 2


def test_the_pareto_set_looks_at_all_cuts_and_their_accuracy(model, data, tmp_path):
    figure = tmp_path / "cuts.png"
    result = package.partition(model, calib=data, objective="energy", pareto=True, figure=figure)
    assert result.front.exhaustive
    assert len(result.front.points) == 4  # two populations, each on either side
    assert all(0 <= point.accuracy <= 1 for point in result.front.points)
    best = min(point.cost.energy for point in result.front.points)
    assert result.chosen.cost.energy == pytest.approx(best)
    assert figure.stat().st_size > 10_000


def test_the_whole_bundle_follows_the_cut_that_was_chosen(model, data, tmp_path):
    wanted = package.partition(model, calib=data, objective="latency")
    made = package.convert(model, tmp_path / "bundle", calib=data, objective="latency")
    assert made.partition.sides == wanted.partition.sides
    assert package.run(tmp_path / "bundle", data).samples == 10
    assert package.verify(tmp_path / "bundle", data, against=("float", "loihi"), plot=False).certificate.pairs


def test_explain_prices_the_other_side(model, data):
    result = package.partition(model, calib=data)
    found = result.explain("spiking.1")
    assert found.together == ("spiking.0", "spiking.1")
    assert found.there.energy > 0
    assert result.explain("head").there is None
    with pytest.raises(UsageError, match="no node 'hed'"):
        result.explain("hed")


class Narrow(torch.nn.Module):
    """Wide in front of three neurons: with these in torch less crosses, so that energy and latency disagree."""

    def __init__(self) -> None:
        super().__init__()
        first, second = torch.nn.Linear(96, 3, bias=False), torch.nn.Linear(3, 48, bias=False)
        self.spiking = SequentialState(Lift(first), LIF(), Lift(second), LIF())
        self.head = torch.nn.Linear(48, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.spiking(x)[0].mean(0))


def test_each_limit_decides_between_the_cuts(tmp_path):
    torch.manual_seed(0)
    model, path = Narrow().eval(), tmp_path / "data.npz"
    with torch.no_grad():
        model.spiking[0].lifted_module.weight.mul_(12)
        model.spiking[2].lifted_module.weight.mul_(25)
        x = np.random.default_rng(0).random((STEPS, 20, 96)) < 0.3
        y = model(torch.tensor(x).float()).argmax(1).numpy()
    y[:5] = (y[:5] + 1) % 5  # three quarters can be right
    np.savez(path, x=x, y=y)
    options = {"calib": path, "objective": "energy", "device": "h100-sxm"}
    free = package.partition(model, pareto=True, **options)
    points = free.front.points
    latency = min(point.cost.latency for point in points)
    assert latency < free.chosen.cost.latency
    hurried = package.partition(model, max_latency=1.01 * latency, **options)
    assert hurried.chosen.cost.latency == pytest.approx(latency)
    assert hurried.chosen.cost.energy > free.chosen.cost.energy
    # The least accuracy is asked of the integers of a cut, and the best that any has can be had.
    most = max(point.accuracy for point in points)
    exacting = package.partition(model, min_accuracy=most, **options)
    wanted = min(point.cost.energy for point in points if point.accuracy >= most)
    assert 0.5 < most < 0.9 and exacting.chosen.cost.energy == pytest.approx(wanted)
    best = rf"an accuracy of {most + 0.1:.1%} \(the best of the cuts tried has {most:.1%} on .*data\.npz\)"
    with pytest.raises(NegativeAnswerError, match=best):
        package.partition(model, min_accuracy=most + 0.1, **options)


def test_a_pattern_keeps_what_it_names_in_torch_whatever_it_costs(model, data):
    kept = package.partition(model, calib=data, objective="energy", dense=("spiking.1",))
    assert kept.partition.sides["spiking.1"] is Side.DENSE
    assert {reason.node: reason.rule for reason in kept.partition.reasons}["spiking.1"] != "NT-PART-010"
    free = package.partition(model, calib=data, objective="energy")
    assert kept.chosen.cost.energy >= free.chosen.cost.energy


def test_limits_that_no_cut_keeps_are_refused(neurotool):
    source = "neurotool.examples.quickstart:model"
    told = neurotool("partition", source, "--objective", "energy", "--max-latency", "1us")
    assert told.code == 1
    assert "no legal cut keeps a latency of 1 µs (the fastest takes" in told.err
    told = neurotool("partition", "neurotool.examples.quickstart:model", "--max-latency", "1us")
    assert told.code == 2
    assert "--objective chip leaves none" in told.err


def test_the_command_line_prints_parts_and_costs(neurotool):
    told = neurotool("partition", "neurotool.examples.quickstart:model", "--objective", "edp", "--json").json["data"]
    assert told["choice"]["gap"] == 0.0
    assert {name for cut in told["cuts"] for name in cut["names"]} == {"all in torch", "all on the chip", "chosen"}
    shown = neurotool("partition", "neurotool.examples.quickstart:model", "--explain", "spiking.1")
    assert "always with" in shown.out and "in torch" in shown.out


def test_an_option_that_does_not_exist_is_named(model):
    with pytest.raises(UsageError, match="no option objektive"):
        package.partition(model, objektive="energy")


def test_the_package_is_imported_without_torch():
    check = "import neurotool, sys; dir(neurotool); assert 'torch' not in sys.modules and 'numpy' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


@pytest.mark.parametrize("first", ["from neurotool.verify import certify", "import neurotool.pipeline.session.api"])
def test_the_verb_verify_can_be_called_whatever_was_imported_before(first):
    check = f"{first}; import inspect, neurotool; assert 'bundle' in inspect.signature(neurotool.verify).parameters"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0

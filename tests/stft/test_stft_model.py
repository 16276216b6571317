"""The model: shapes, and that a sample never feels its neighbours or what ran before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from norse.torch import LIFBoxCell

from neurotool.errors import UsageError
from neurotool.examples.common import spiking
from neurotool.examples.stft.model.branch import SpikingBranch, TimeStepFactor
from neurotool.examples.stft.model.options import ModelOptions, Sizes
from neurotool.examples.stft.model.pooling import GlobalLocalPooling, next_threshold
from neurotool.examples.stft.model.stft import SpikingTuckerTransformer
from neurotool.examples.stft.study import ROWS

SMALL = ModelOptions(width=16, steps=4, rank=4, modes=8, heads=2, output=8)
SIZES = Sizes(audio=6, video=10, text=12)

VARIANTS: dict[str, dict[str, Any]] = ROWS | {
    "low-rank slices": {"tucker": "slices", "rank": 3},
    "literal pooling": {"glp": "literal", "threshold_start": 0.5},
    "slots are vectors": {"slot": "vector", "lkc_residual": True},
    "maximum score": {"tsf": "max"},
    "mean score": {"tsf": "mean"},
    "chip": {"norm": "batch", "glp": "host", "threshold": "schedule"},
}


def make(changes: dict[str, Any] | None = None) -> SpikingTuckerTransformer:
    torch.manual_seed(1)
    return SpikingTuckerTransformer(replace(SMALL, **(changes or {})), SIZES).eval()


def sequences(batch: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(2)
    return torch.randn(4, batch, 6), torch.randn(4, batch, 10)


@pytest.mark.parametrize("changes", VARIANTS.values(), ids=VARIANTS.keys())
def test_every_variant_treats_each_sample_by_itself_and_from_rest(changes: dict[str, Any]) -> None:
    model = make(changes)
    audio, video = sequences()
    with torch.no_grad():
        together = model(audio, video).theta
        again = model(audio, video).theta
        alone = model(audio[:, 2:3], video[:, 2:3]).theta
    assert set(together) == set(model.options.used)
    for modality, points in together.items():
        assert points.shape == (5, 8)
        assert torch.equal(points, again[modality])
        torch.testing.assert_close(points[2:3], alone[modality], atol=1e-5, rtol=1e-4)
        assert (points >= 0).all()


def test_averaged_features_are_held_for_all_steps() -> None:
    model = make()
    audio, video = torch.randn(3, 6), torch.randn(3, 10)
    held = model(audio, video)
    repeated = model(audio.expand(4, 3, 6), video.expand(4, 3, 10))
    assert held.spiked["audio"].spikes.shape == (4, 3, 16)
    torch.testing.assert_close(held.theta["video"], repeated.theta["video"], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("wrong", [{"fusion": "tuker"}, {"steps": 0}, {"heads": 5}, {"rank": 17}])
def test_impossible_options_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        replace(SMALL, **wrong)


def test_all_parameters_get_a_gradient() -> None:
    model = make().train()
    embedded = model(*sequences())
    text = model.text(torch.randn(5, 12))
    rebuilt = [model.rebuild[m](p).sum() + model.text_decoder(p).sum() for m, p in embedded.theta.items()]
    torch.autograd.backward(sum(rebuilt) + text.sum())
    silent = {name for name, p in model.named_parameters() if p.requires_grad and p.grad is None}
    assert silent == set()


def test_the_step_is_norses_cell_and_the_equation() -> None:
    neuron = spiking.Neuron(tau=2.0, threshold=0.4)
    currents = torch.tensor([0.5, 1.0, -1.0, 2.0])[:, None, None]
    # V: 0.25; then 0.625 > 0.4 fires, V = 0; -0.5; then 0.75 fires.
    assert spiking.run_lif(currents, neuron).flatten().tolist() == [0.0, 1.0, 0.0, 1.0]


def norse_steps(drive: torch.Tensor, neuron: spiking.Neuron) -> torch.Tensor:
    cell, state, raster = LIFBoxCell(neuron.parameters(), dt=spiking.DT), None, []
    for current in drive:
        spikes, state = cell(current, state)
        raster.append(spikes)
    return torch.stack(raster)


@pytest.mark.parametrize("tau", [2.0, 3.0])
def test_values_and_gradients_are_norses(tau: float) -> None:
    neuron = spiking.Neuron(tau=tau, threshold=0.4)
    weight = torch.randn(20, 3, 7)
    found, expected = (torch.randn(20, 3, 7, generator=torch.Generator().manual_seed(1)).requires_grad_() for _ in "ab")
    ours, theirs = spiking.run_lif(found, neuron), norse_steps(expected, neuron)
    assert torch.equal(ours, theirs) and 0 < ours.mean() < 1
    torch.autograd.backward((ours * weight).sum())
    torch.autograd.backward((theirs * weight).sum())
    assert found.grad is not None and expected.grad is not None
    torch.testing.assert_close(found.grad, expected.grad)


def test_one_step_at_a_time_gives_the_same_gradient() -> None:
    neuron = spiking.Neuron(threshold=0.4)
    whole, single = (torch.randn(6, 2, 3, generator=torch.Generator().manual_seed(1)).requires_grad_() for _ in "ab")
    thresholds = torch.rand(6, 2, 1)
    potential, raster = torch.zeros(2, 3), []
    for current, threshold in zip(single, thresholds, strict=True):
        spikes, potential = spiking.lif_step(current, potential, neuron, threshold)
        raster.append(spikes)
    together = spiking.run_lif(whole, neuron, thresholds)
    assert torch.equal(torch.stack(raster), together)
    torch.autograd.backward((torch.stack(raster) * torch.arange(6.0)[:, None, None]).sum())
    torch.autograd.backward((together * torch.arange(6.0)[:, None, None]).sum())
    assert whole.grad is not None and single.grad is not None
    torch.testing.assert_close(whole.grad, single.grad)


def test_the_surrogate_is_the_derivative_of_the_sigmoid_of_slope_four() -> None:
    current = torch.tensor([[0.3, 1.7, 2.4]], requires_grad=True)
    spikes, _ = spiking.lif_step(current, torch.zeros(1, 3), spiking.Neuron(), 1.0)
    torch.autograd.backward(spikes.sum())
    s = torch.sigmoid(4 * (current.detach() / 2 - 1))
    assert current.grad is not None
    torch.testing.assert_close(current.grad, 0.5 * 4 * s * (1 - s))


def test_pooling_by_hand() -> None:
    pool = GlobalLocalPooling("gate")
    current = torch.tensor([[2.0, 0.0]])
    # max 2, mean 1, beta 1/2: 1.5 + 1 + 0.5 = 3
    assert pool.pooled(current).item() == pytest.approx(3.0)
    torch.testing.assert_close(pool(current), current * (1 + torch.sigmoid(torch.tensor(3.0))))
    assert torch.equal(GlobalLocalPooling("none")(current), current)


def test_the_threshold_rises_with_information_for_each_sample_alone() -> None:
    spikes = torch.tensor([[1.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    found = next_threshold(torch.ones(2, 1), spikes, torch.zeros(2, 1))
    # Half of the neurons fire: entropy 1, target 1.25. None fires: entropy 0, target 0.25.
    assert found.flatten().tolist() == pytest.approx([1.125, 0.625])


def test_the_first_threshold_is_the_start_and_the_schedule_is_obeyed() -> None:
    branch = SpikingBranch(6, SMALL)
    ran = branch(torch.randn(4, 3, 6))
    assert torch.equal(ran.thresholds[0], torch.ones(3, 1))
    fixed = SpikingBranch(6, replace(SMALL, threshold="schedule"))
    fixed.schedule.copy_(torch.tensor([1e9, 1e9, 1e9, 1e9]))
    assert fixed(torch.randn(4, 3, 6)).spikes.sum() == 0


def test_weights_of_steps_sum_to_one_and_uniform_is_the_mean() -> None:
    raster = (torch.rand(4, 3, 16) < 0.3).float()
    factor = TimeStepFactor(16, 4, "activity")
    torch.testing.assert_close(factor.weights(raster).sum(0), torch.ones(3))
    torch.testing.assert_close(TimeStepFactor(16, 4, "uniform")(raster), raster.mean(0))


def test_normalisation_over_time_folds_into_weights() -> None:
    torch.manual_seed(3)
    linear, norm = torch.nn.Linear(6, 5), spiking.StepNorm(5)
    for _ in range(20):
        norm(linear(torch.randn(4, 8, 6)))
    x = torch.randn(4, 2, 6)
    expected = 1.7 * norm.eval()(linear(x))
    torch.testing.assert_close(spiking.fold(linear, norm, 1.7)(x), expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("thresholds", [None, torch.linspace(0.1, 0.6, 7)], ids=["fixed", "schedule"])
def test_the_deployable_form_spikes_like_the_branch(thresholds: torch.Tensor | None) -> None:
    torch.manual_seed(4)
    layers = [torch.nn.Linear(6, 9), torch.nn.Linear(9, 5)]
    neuron = spiking.Neuron(threshold=0.2)
    values = torch.randn(7, 3, 6)
    spikes = spiking.Chain(layers, neuron, thresholds)(values)
    expected = values
    for layer in layers:
        expected = spiking.run_lif(layer(expected), neuron, thresholds)
    assert torch.equal(spikes, expected)

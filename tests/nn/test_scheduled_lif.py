"""The neuron with a threshold schedule: by hand, and through conversion to the integers of a chip."""

from __future__ import annotations

import numpy as np
import torch
from norse.torch import LIFBoxCell, Lift
from norse.torch.functional.lif_box import LIFBoxParameters

from neurotool.ir.threshold_schedule import threshold_schedule
from neurotool.nn import ScheduledLIFBox
from neurotool.pipeline import ConvertOptions, convert, run, verify

HALF = LIFBoxParameters(tau_mem_inv=torch.tensor(500.0))  # half of the distance is left after 1 ms


def test_each_step_has_its_threshold_and_the_last_one_stays():
    """Input 1: v = 0.5 < 0.6; 0.75 > 0.7 fires; 0.5 > 0.4 fires; 0.5 > 0.4 fires."""
    neuron = ScheduledLIFBox(torch.tensor([0.6, 0.7, 0.4]), HALF)
    spikes, state = neuron(torch.ones(5, 1, 1))
    assert spikes.flatten().tolist() == [0, 1, 1, 1, 1]
    assert state.v.item() == 0.0


def test_one_threshold_is_norses_own_neuron():
    raster = torch.randn(20, 3, 7, generator=torch.Generator().manual_seed(0))
    ours, _ = ScheduledLIFBox(torch.tensor([0.3]), HALF)(raster)
    norse, _ = Lift(LIFBoxCell(HALF._replace(v_th=torch.tensor(0.3))))(raster)
    assert torch.equal(ours, norse)
    assert ours.any()


def test_a_learned_schedule_gets_gradients():
    neuron = ScheduledLIFBox(torch.tensor([0.6, 0.7]), HALF, learned=True)
    neuron(torch.randn(4, 2, 3))[0].sum().backward()
    assert neuron.schedule.grad.abs().min() > 0


def test_it_goes_to_the_chip_with_its_schedule(tmp_path):
    data = tmp_path / "x.npz"
    np.savez(data, x=np.random.default_rng(0).random((6, 8, 6)) < 0.5)
    made = convert("scheduled_model:Scheduled", tmp_path / "net", ConvertOptions(calib=data, weight_bits=16))
    (program,) = made.programs.values()
    assert [p.model for p in program.populations.values()] == ["lif_schedule"]
    (node,) = (n for n in made.partition.graph.nodes.values() if n.update is not None)
    np.testing.assert_allclose(threshold_schedule(node.op).ravel(), [0.2, 0.9])
    assert verify(tmp_path / "net", data).certificate.passed
    (output,) = run(tmp_path / "net", data).outputs.values()
    assert output.any()

"""What a user is told of an operation that stays in torch: the operation that was written, and the true reason."""

from __future__ import annotations

import norse.torch as norse
import numpy as np
import torch

import neurotool as package
from neurotool.ir.partition import Side
from neurotool.rules import RULES


class Merged(torch.nn.Module):
    """A convolution that is given all time steps as if they were samples; or, lifted, step by step."""

    def __init__(self, *, lifted: bool) -> None:
        super().__init__()
        conv = torch.nn.Conv2d(1, 3, 3)
        self.conv, self.lif, self.lifted = norse.Lift(conv) if lifted else conv, norse.LIF(), lifted

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        steps, batch = x.shape[:2]
        y = self.conv(x) if self.lifted else self.conv(x.flatten(0, 1)).reshape(steps, batch, 3, 6, 6)
        return self.lif(y)[0].flatten(2).max(0).values


def cut(model, shape):
    result = package.partition(model.eval(), np.zeros(shape, np.float32))
    return {reason.node: reason for reason in result.partition.reasons}, result.partition


def test_a_layer_behind_a_merged_time_axis_says_so_and_what_to_write():
    reasons, _ = cut(Merged(lifted=False), (5, 2, 1, 8, 8))
    assert (reasons["conv"].side, reasons["conv"].rule) == (Side.DENSE, "NT-PART-002")
    assert "time is merged into the batch" in reasons["conv"].text
    assert "norse.torch.Lift(Conv2d(...))" in reasons["conv"].text
    reasons, _ = cut(Merged(lifted=True), (5, 2, 1, 8, 8))
    assert reasons["conv"].side is Side.SPIKING


def test_a_field_of_a_result_is_shown_as_the_operation():
    reasons, partition = cut(Merged(lifted=True), (5, 2, 1, 8, 8))
    assert partition.graph.nodes["max_1"].type_name == "Tensor.max"
    assert (reasons["max_1"].rule, "Tensor.max: it picks" in reasons["max_1"].text) == ("NT-PART-025", True)
    assert not [name for name in reasons if name.startswith("getattr")]


class Joined(torch.nn.Module):
    def __init__(self, *, rewritten: bool) -> None:
        super().__init__()
        self.l1, self.l2, self.l3, self.l4 = (norse.Lift(torch.nn.Linear(4, 4, bias=n != 3)) for n in range(4))
        self.n1, self.n2, self.n3 = norse.LIF(), norse.LIF(), norse.LIF()
        self.rewritten = rewritten

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        a, b = self.n1(self.l1(x))[0], self.n2(self.l2(x))[0]
        return self.n3(self.l3(a) + self.l4(b) if self.rewritten else self.l3(a + b))[0]


def test_the_rewrite_of_a_sum_of_spikes_stays_on_the_chip():
    reasons, _ = cut(Joined(rewritten=False), (5, 2, 4))
    assert [name for name, reason in reasons.items() if reason.rule == "NT-PART-001"] == ["add"]
    assert "l3(a) + l4(b)" in RULES["NT-PART-001"].rewrite
    reasons, _ = cut(Joined(rewritten=True), (5, 2, 4))
    assert {reason.side for reason in reasons.values()} == {Side.SPIKING}

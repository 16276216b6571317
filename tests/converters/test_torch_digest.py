"""The digest by which ``verify`` knows a module again: equal for equal states, different for different ones."""

from __future__ import annotations

import norse.torch as norse
import numpy as np
import pytest
import torch
from torch import nn

from neurotool.converters.torch.digest import digest_of
from neurotool.converters.torch.load import from_module
from neurotool.errors import UsageError
from neurotool.ir.adapters import SourceOptions


class Holder(nn.Module):
    """A module that keeps given tensors as buffers, and any extra state."""

    def __init__(self, extra=None, **buffers):
        super().__init__()
        self.extra = extra
        for name, value in buffers.items():
            self.register_buffer(name, value)

    def get_extra_state(self):
        return self.extra

    def set_extra_state(self, state):
        self.extra = state


def digest(extra=None, **buffers):
    return digest_of(Holder(extra, **buffers), {})


ODD = {
    "a number": torch.tensor(1.5),
    "nothing": torch.empty(0),
    "no rows": torch.empty(0, 3),
    "bool": torch.tensor([True, False]),
    "complex": torch.tensor([1 + 2j]),
    "conjugated": torch.tensor([1 + 2j]).conj(),
    "negated": torch.tensor([1 + 2j]).conj().imag,
    "bfloat16": torch.ones(2, dtype=torch.bfloat16),
    "float16": torch.ones(2, dtype=torch.float16),
    "float8": torch.ones(2, dtype=torch.float8_e4m3fn),
    "turned": torch.arange(6).reshape(2, 3).T,
    "expanded": torch.ones(1).expand(3),
    "a part": torch.arange(10)[::3],
    "a parameter": nn.Parameter(torch.zeros(2)),
}


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_any_tensor_has_a_digest_that_follows_its_values(value):
    assert digest(a=value) == digest(a=value.detach().clone()) == digest(a=value.detach().contiguous())
    assert len({digest(a=one) for one in ODD.values()}) == len(ODD)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": torch.zeros(2, 3)}, {"a": torch.zeros(3, 2)}),
        ({"a": torch.zeros(2)}, {"a": torch.zeros(2, dtype=torch.int32)}),
        ({"a": torch.zeros(1, dtype=torch.float64)}, {"a": torch.zeros(2)}),
        ({"a": torch.empty(0)}, {}),
        # The bytes of 98 are those of "b": a name may not run into what stands beside it.
        ({"a": torch.tensor([98, 98], dtype=torch.uint8)}, {"ab": torch.tensor([98], dtype=torch.uint8)}),
        (
            {"a": torch.tensor([98, 1], dtype=torch.uint8)},
            {"a": torch.empty(0, dtype=torch.uint8), "b": torch.tensor([1], dtype=torch.uint8)},
        ),
    ],
    ids=["shape", "type", "size", "presence", "name", "border"],
)
def test_what_is_not_the_same_state_has_another_digest(one, other):
    assert digest(**one) != digest(**other)


EXTRA = [
    None, True, False, 0, 1, 1.0, "1", b"1", "", b"", [], {}, [1], [[1]], [1, 2], ["12"], [12], {"a": 1}, {"b": 1},
    {"a": "1"}, {"a": {"b": 1}}, {1: 2}, {"1": 2}, torch.tensor(1), {"a": torch.ones(2)},
    {"a": torch.ones(2, dtype=torch.bfloat16)}, np.float32(1.5), np.int64(3), float("nan"), 1j,
]  # fmt: skip


def test_extra_state_that_is_no_tensor_counts_too():
    found = [digest(extra) for extra in EXTRA]
    assert found == [digest(extra) for extra in EXTRA]
    assert len(set(found)) == len(EXTRA)
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest((1, 2)) == digest([1, 2])  # a file may give one back as the other


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (object(), "'_extra_state' is of type object"),
        ({"deep": [nn.Identity()]}, "'_extra_state.deep.0' is of type Identity"),
        (torch.eye(3).to_sparse(), "'_extra_state' is a tensor of layout torch.sparse_coo"),
        (torch.empty(3, device="meta"), "'_extra_state' is a tensor without values"),
        (torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8), "'_extra_state' is a quantised tensor"),
    ],
    ids=["object", "nested", "sparse", "meta", "quantised"],
)
def test_what_has_no_stable_form_is_refused_by_name(extra, said):
    with pytest.raises(UsageError, match=said) as caught:
        digest(extra)
    assert caught.value.hint


def test_a_state_that_holds_itself_is_refused():
    loop = {}
    loop["again"] = loop
    with pytest.raises(UsageError, match="too deep"):
        digest(loop)


class Head(nn.Module):
    """A spiking layer before a dense one, with whatever state."""

    def __init__(self):
        super().__init__()
        self.fc, self.lif, self.out = (
            nn.Linear(4, 5),
            norse.LIF(),
            Holder({"format": 3}, table=torch.ones(2).bfloat16()),
        )

    def forward(self, x):
        return self.lif(self.fc(x))[0].mean(0)


def test_a_model_with_bfloat16_and_extra_state_can_be_described():
    torch.manual_seed(0)
    module = Head()

    def described():
        return from_module(module, "model", SourceOptions(example=np.zeros((6, 2, 4), np.float32))).sha256

    before = described()
    assert before == described()
    module.out.extra = {"format": 4}
    assert described() != before

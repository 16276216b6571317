"""Dense parts: written, read back, run at any batch size, counted."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest
import torch
from float_graphs import K, chain, graph, linear, node, sink, source
from torch.nn import functional

from neurotool.errors import UnsupportedError, UsageError
from neurotool.ir.adapters import RunOptions
from neurotool.ir.graph import Operand, TorchOp
from neurotool.targets.gpu import TARGET


def images(name, call, shape, out):
    """A part of one operation on values without time."""
    ends = source("x", shape, K.FLOAT, timed=False), sink("out", out, timed=False)
    return chain(ends[0], node(name, TorchOp(name, call), out, K.FLOAT, timed=False), ends[1])


def drawn(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("batch", [1, 2, 7])
def test_exported_part_equals_the_graph_at_every_batch_size(head, part, batch):
    x = np.random.default_rng(batch).random((5, batch, 6)) < 0.4
    (found,) = TARGET.run_dense(part, [x])
    assert np.array_equal(found, TARGET.run_graph(head, {"x": x}, RunOptions()).outputs["out"])
    assert found.shape == (batch, 3)


def test_an_example_of_one_sample_is_enough(head, tmp_path):
    TARGET.export_dense(head, {"x": np.ones((5, 1, 6))}, tmp_path / "p.pt2")
    assert TARGET.run_dense(tmp_path / "p.pt2", [np.ones((5, 4, 6))])[0].shape == (4, 3)


def test_file_is_the_same_for_every_example_and_holds_no_pickle_or_path(head, part, tmp_path):
    TARGET.export_dense(head, {"x": np.zeros((5, 9, 6))}, tmp_path / "p.pt2")
    assert (tmp_path / "p.pt2").read_bytes() == part.read_bytes()
    with zipfile.ZipFile(part) as archive:
        assert archive.read("archive/data/sample_inputs/model.pt") == b""
        assert b".py" not in archive.read("archive/models/model.json")
    assert list(tmp_path.iterdir()) == [tmp_path / "p.pt2"]


def test_file_is_an_ordinary_pt2_file(part):
    x = torch.ones(5, 2, 6)
    found = torch.export.load(part).module()(x)
    assert np.array_equal(found[0].detach().numpy(), TARGET.run_dense(part, [x.numpy()])[0])


def test_inputs_and_outputs_keep_their_order(tmp_path):
    """Two inputs, with and without time, and two outputs; also one that mixes them."""
    total = node("sum", TorchOp("Tensor.sum", torch.Tensor.sum, kwargs={"dim": 0}), (2,), K.FLOAT, timed=False)
    minus = node("minus", TorchOp("torch.sub", torch.sub, (Operand(1), Operand(0))), (2,), K.FLOAT, timed=False)
    nodes = [source("a", (2,)), source("b", (2,), K.FLOAT, timed=False), total, minus]
    ends = [sink("minus.out", (2,), timed=False), sink("sum.out", (2,), timed=False)]
    links = [("a", "sum"), ("sum", "minus"), ("b", "minus"), ("minus", "minus.out"), ("sum", "sum.out")]
    model = graph([*nodes, *ends], links)
    a, b = np.ones((3, 4, 2)), np.full((4, 2), 10.0)
    TARGET.export_dense(model, {"b": b, "a": a}, tmp_path / "p.pt2")
    minus_out, sum_out = TARGET.run_dense(tmp_path / "p.pt2", [a, b])
    assert np.all(minus_out == 7)
    assert np.all(sum_out == 3)


def test_attention_convolution_and_norms_survive(tmp_path):
    class Block(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm = torch.nn.Conv2d(1, 4, 3), torch.nn.BatchNorm2d(4)
            self.attention = torch.nn.MultiheadAttention(4, 2, batch_first=True)
            self.drop = torch.nn.Dropout(0.5)

        def forward(self, x):
            tokens = torch.relu_(self.norm(self.conv(x))).flatten(2).transpose(1, 2)
            return self.drop(self.attention(tokens, tokens, tokens, need_weights=False)[0]).mean(1)

    model, x = images("block", Block(), (1, 6, 6), (4,)), drawn(7, 1, 6, 6)
    TARGET.export_dense(model, {"x": x[:2]}, tmp_path / "p.pt2")
    expected = TARGET.run_graph(model, {"x": x}, RunOptions()).outputs["out"]
    np.testing.assert_allclose(TARGET.run_dense(tmp_path / "p.pt2", [x])[0], expected, rtol=1e-5, atol=1e-6)
    counts = TARGET.count_dense(tmp_path / "p.pt2", [x])
    assert counts.flops > 7 * 2 * 9 * 4 * 16
    assert counts.batch == 7


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([], "takes 1 inputs, 0 were given"),
        ([np.zeros((4, 2, 6))], r"input 0 has shape \(4, 2, 6\), expected \[5, batch, 6\]"),
        ([np.zeros((5, 6))], "expected"),
        ([np.zeros((5, 0, 6))], "batch size above zero"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(part, inputs, message):
    with pytest.raises(UsageError, match=message):
        TARGET.run_dense(part, inputs)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: x[:3] if float(x.sum()) > 0 else x, "cannot be exported|fails on input"),
        (lambda x: x + x.shape[0] if x.shape[0] > 2 else x, "cannot be exported|fails on input|changes when"),
        (lambda x: x + torch.rand(2), "changes when"),
    ],
)
def test_what_cannot_be_exported_is_refused_and_nothing_is_written(call, message, tmp_path):
    with pytest.raises(UnsupportedError, match=message):
        TARGET.export_dense(images("f", call, (2,), (2,)), {"x": drawn(3, 2)}, tmp_path / "p.pt2")
    assert list(tmp_path.iterdir()) == []


def test_counts_of_a_small_network_by_hand(part):
    batch, steps, features, hidden, classes = 7, 5, 6, 4, 3
    rows = batch * steps
    counts = TARGET.count_dense(part, [np.zeros((steps, batch, features))])
    products = 2 * rows * features * hidden + 2 * batch * hidden * classes
    assert counts.flops == products + 2 * rows * hidden  # one comparison and one addition per element
    first = rows * features + features * hidden + hidden + rows * hidden
    relu, mean = 2 * rows * hidden, rows * hidden + batch * hidden
    second = batch * hidden + hidden * classes + classes + batch * classes
    assert counts.bytes_moved == 4 * (first + relu + mean + second + relu_per_step(rows, hidden, steps))
    assert counts.kernels == 4 + 1 + (steps - 1)
    assert (counts.batch, counts.precision) == (batch, "float32")


def relu_per_step(rows, hidden, steps):
    """The ReLU runs once per step, and the steps are stacked: read and written once more."""
    return 2 * rows * hidden


def test_counts_of_a_convolution_by_hand(tmp_path):
    model = images("conv", torch.nn.Conv2d(2, 5, 3, stride=2, bias=False), (2, 9, 9), (5, 4, 4))
    TARGET.export_dense(model, {"x": drawn(2, 2, 9, 9)}, tmp_path / "p.pt2")
    counts = TARGET.count_dense(tmp_path / "p.pt2", [drawn(3, 2, 9, 9)])
    assert counts.flops == 2 * 3 * (5 * 4 * 4) * (2 * 3 * 3)
    assert counts.bytes_moved == 4 * (3 * 2 * 81 + 5 * 2 * 9 + 3 * 5 * 16)
    assert counts.kernels == 1


def test_counts_of_pooling_softmax_and_views(tmp_path):
    layers = torch.nn.Sequential(torch.nn.MaxPool2d(2), torch.nn.Flatten(), torch.nn.Softmax(-1))
    TARGET.export_dense(images("s", layers, (1, 4, 4), (4,)), {"x": drawn(2, 1, 4, 4)}, tmp_path / "p.pt2")
    counts = TARGET.count_dense(tmp_path / "p.pt2", [drawn(3, 1, 4, 4)])
    assert counts.flops == 3 * 4 * 4 + 5 * 3 * 4
    assert counts.kernels == 2


def test_operator_without_a_known_cost_is_named(tmp_path):
    TARGET.export_dense(images("d", torch.special.digamma, (2,), (2,)), {"x": drawn(2, 2)}, tmp_path / "p.pt2")
    with pytest.raises(UnsupportedError, match=r"the work of aten.digamma.default cannot be counted"):
        TARGET.count_dense(tmp_path / "p.pt2", [drawn(2, 2)])


def test_file_survives_a_failed_replacement(head, tmp_path):
    path = tmp_path / "p.pt2"
    TARGET.export_dense(head, {"x": np.ones((5, 1, 6))}, path)
    before = path.read_bytes()
    with pytest.raises(UnsupportedError):
        TARGET.export_dense(images("f", lambda x: x + torch.rand(2), (2,), (2,)), {"x": drawn(3, 2)}, path)
    assert path.read_bytes() == before
    assert json.loads(zipfile.ZipFile(path).read("archive/models/model.json"))["guards_code"] == []


def test_linear_without_time(tmp_path):
    model = chain(
        source("x", (2,), K.FLOAT, timed=False), linear("w", [[1, 2]], timed=False), sink("o", (1,), timed=False)
    )
    TARGET.export_dense(model, {"x": drawn(2, 2)}, tmp_path / "p.pt2")
    assert TARGET.run_dense(tmp_path / "p.pt2", [np.array([[3.0, 4.0]])])[0].tolist() == [[11.0]]


def padded(mode):
    return lambda x: functional.pad(x, (1, 2, 1, 1), mode=mode)


def reduced(how):
    return lambda x: torch.zeros_like(x).scatter_reduce(3, torch.zeros_like(x).long(), x, reduce=how)


WORDS = {
    **{f"convolution, {m}": torch.nn.Conv2d(2, 4, 3, padding=1, padding_mode=m) for m in ("reflect", "circular")},
    **{f"convolution, {p}": torch.nn.Conv2d(2, 4, (2, 3), padding=p) for p in ("same", "valid")},
    "convolution around": torch.nn.Conv2d(2, 4, 3, padding="same", padding_mode="circular"),
    **{f"padding, {mode}": padded(mode) for mode in ("constant", "reflect", "replicate", "circular")},
    **{f"reduction, {how}": reduced(how) for how in ("sum", "prod", "mean", "amax", "amin")},
    **{
        f"resizing, {mode}": torch.nn.Upsample(scale_factor=2.0, mode=mode)
        for mode in ("nearest", "bilinear", "bicubic")
    },
    "means of areas": lambda x: functional.interpolate(x, (3, 5), mode="area"),
    "quantile": lambda x: torch.quantile(x, 0.3, dim=-1, interpolation="midpoint"),
    "search": lambda x: torch.searchsorted(torch.linspace(-1, 1, 5), x, side="right").float(),
    "spectrum": lambda x: torch.fft.rfft(x, norm="ortho").abs(),
    "nuclear norm": lambda x: torch.linalg.matrix_norm(x, "nuc"),
}


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("call", WORDS.values(), ids=WORDS)
def test_modes_that_operators_take_as_words_survive(call, tmp_path):
    x = drawn(3, 2, 8, 8)
    with torch.no_grad():
        wanted = call(torch.as_tensor(x)).numpy()
    model = images("op", call, (2, 8, 8), wanted.shape[1:])
    TARGET.export_dense(model, {"x": x}, tmp_path / "p.pt2")
    np.testing.assert_array_equal(TARGET.run_dense(tmp_path / "p.pt2", [x])[0], wanted)

"""Tucker fusion: values, gradients, decomposition, and costs that equal what is counted of the exported module."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neurotool.nn import (
    BilinearFusion,
    LowRankFusion,
    TuckerFusion,
    bilinear_cost,
    choose_ranks,
    error_by_rank,
    low_rank_cost,
    low_rank_from_weight,
    tucker_cost,
    tucker_from_weight,
)

SIZES = (4, 3, 5)


def weight(seed=0, sizes=SIZES):
    return torch.randn(*sizes, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def inputs(batch=6, sizes=SIZES):
    torch.manual_seed(1)
    return torch.randn(batch, sizes[0]), torch.randn(batch, sizes[1])


def test_by_hand():
    fusion = TuckerFusion(2, 2, 1, (1, 2, 1))
    with torch.no_grad():
        fusion.left_factor.copy_(torch.tensor([[1.0], [2.0]]))
        fusion.right_factor.copy_(torch.tensor([[1.0, 0.0], [0.0, 3.0]]))
        fusion.core.copy_(torch.tensor([[[10.0], [1.0]]]))
        fusion.out_factor.copy_(torch.tensor([[0.5]]))
        fusion.bias.copy_(torch.tensor([7.0]))
    # x U1 = 1*3 + 2*4 = 11; a U2 = (5, 18); core: 11 * (5*10 + 18*1) = 748; half of it, plus 7.
    assert fusion(torch.tensor([[3.0, 4.0]]), torch.tensor([[5.0, 6.0]])).item() == 381.0


def test_low_rank_by_hand():
    fusion = LowRankFusion(1, 1, 1, 1, terms=2, bias=False)
    with torch.no_grad():
        for factor in (fusion.left_factor, fusion.right_factor, fusion.out_factor):
            factor.fill_(1.0)
        fusion.left_slices.copy_(torch.tensor([[[2.0], [3.0]]]))
        fusion.right_slices.copy_(torch.tensor([[[5.0], [7.0]]]))
    assert fusion(torch.tensor([[1.0]]), torch.tensor([[10.0]])).item() == 310.0  # 2*50 + 3*70


@pytest.mark.parametrize("make", [lambda: TuckerFusion(*SIZES, (2, 3, 4)), lambda: LowRankFusion(*SIZES, (2, 3, 4), 2)])
def test_the_factors_stand_for_their_full_weight(make):
    fusion, (x, a) = make(), inputs()
    full = BilinearFusion(*SIZES)
    with torch.no_grad():
        full.weight.copy_(fusion.full_weight())
        full.bias.copy_(fusion.bias)
        torch.testing.assert_close(fusion(x, a), full(x, a))
        raster = x.reshape(2, 3, -1), a.reshape(2, 3, -1)
        torch.testing.assert_close(fusion(*raster), fusion(x, a).reshape(2, 3, -1))


def test_full_rank_is_the_full_bilinear_map():
    t, bias, (x, a) = weight(), torch.arange(5.0), inputs()
    expected = torch.einsum("bi,bj,ijk->bk", x.double(), a.double(), t).float() + bias
    torch.testing.assert_close(tucker_from_weight(t, SIZES, bias)(x, a), expected)
    torch.testing.assert_close(low_rank_from_weight(t, SIZES, 3, bias)(x, a), expected)
    assert error_by_rank(t, [9]).rows[0].error < 1e-12


def test_gradients():
    torch.manual_seed(0)
    for fusion in (TuckerFusion(3, 2, 4, 2), LowRankFusion(3, 2, 4, 2, 3), BilinearFusion(3, 2, 4)):
        fusion.double()
        x, a = torch.randn(5, 3, dtype=torch.float64), torch.randn(5, 2, dtype=torch.float64)
        names = [name for name, _ in fusion.named_parameters()]
        values = [p.detach().requires_grad_() for p in fusion.parameters()]

        def call(*parameters, fusion=fusion, names=names, x=x, a=a):
            return torch.func.functional_call(fusion, dict(zip(names, parameters, strict=True)), (x, a))

        assert torch.autograd.gradcheck(call, values)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(0.05, 0.9))
def test_chosen_ranks_keep_their_promise(seed, error):
    t = weight(seed, (5, 4, 3)) * torch.logspace(0, -3, 5, dtype=torch.float64)[:, None, None]
    found = error_by_rank(t, [choose_ranks(t, error)]).rows[0]
    assert found.error <= error + 1e-9


def test_a_tensor_of_low_rank_is_found():
    core, factors = weight(1, (2, 2, 2)), [torch.linalg.qr(weight(i, (1, n, 2))[0])[0] for i, n in enumerate(SIZES)]
    t = torch.einsum("pqr,ip,jq,kr->ijk", core, *factors)
    assert choose_ranks(t, 1e-6) == (2, 2, 2)
    report = error_by_rank(t, [1, 2])
    assert report.rows[0].error > 0.1
    assert report.rows[1].error < 1e-6
    assert "2x2x2" in str(report)
    assert "full" in str(report)


def test_the_error_falls_with_the_rank():
    errors = [row.error for row in error_by_rank(weight(3, (6, 6, 6)), range(1, 7)).rows]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1e-12


@pytest.mark.parametrize(
    ("make", "cost"),
    [
        (lambda: BilinearFusion(*SIZES), bilinear_cost(*SIZES, batch=6)),
        (lambda: TuckerFusion(*SIZES, (2, 3, 4)), tucker_cost(*SIZES, (2, 3, 4), batch=6)),
        (lambda: LowRankFusion(*SIZES, (2, 3, 4), 2), low_rank_cost(*SIZES, (2, 3, 4), 2, batch=6)),
    ],
)
def test_costs_equal_what_is_counted_of_the_exported_module(make, cost, tmp_path):
    from float_graphs import K, graph, node, sink, source

    from neurotool.ir.graph import Operand, TorchOp
    from neurotool.targets.gpu.count import count_dense
    from neurotool.targets.gpu.export import export_dense

    fusion, values = make(), dict(zip("xa", (v.numpy() for v in inputs()), strict=True))
    ends = [source(name, (size,), K.FLOAT, timed=False) for name, size in zip("xa", SIZES, strict=False)]
    op = TorchOp("fusion", fusion, (Operand(0), Operand(1)))
    made = node("fusion", op, (5,), K.FLOAT, timed=False)
    part = graph([*ends, made, sink("out", (5,), timed=False)], [("x", "fusion"), ("a", "fusion"), ("fusion", "out")])
    export_dense(part, values, tmp_path / "part.pt2")
    counted = count_dense(tmp_path / "part.pt2", list(values.values()))
    assert (counted.flops, counted.batch) == (cost.flops, 6)
    assert cost.parameters == sum(p.numel() for p in fusion.parameters())


def test_wrong_ranks_are_named():
    with pytest.raises(ValueError, match="the right rank is 4, expected 1 to 3"):
        TuckerFusion(4, 3, 5, 4)
    with pytest.raises(ValueError, match="at least 1 term"):
        LowRankFusion(4, 3, 5, 2, 0)
    with pytest.raises(ValueError, match=r"\(left, right, out\), found \(2, 2\)"):
        choose_ranks(torch.zeros(2, 2), 0.1)


def test_a_zero_weight_has_no_error():
    assert error_by_rank(torch.zeros(2, 2, 2), [1]).rows[0].error == 0.0
    assert np.isfinite(error_by_rank(torch.zeros(2, 2, 2), [2]).rows[0].error)

"""Float32 arithmetic keeps all its bits during a run, and torch is left as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from neurotool.targets import torch_device
from neurotool.targets.gpu.device import reference_arithmetic
from neurotool.targets.torch_device import unrounded_float32


def newer() -> list[str]:
    return [operation.fp32_precision for operation in torch_device._operations()]


@pytest.fixture
def untouched() -> Iterator[None]:
    """Leave the precision as it was, whatever a test does."""
    before = newer()
    yield
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = True
    for operation, precision in zip(torch_device._operations(), before, strict=True):
        operation.fp32_precision = precision


@pytest.mark.parametrize("products", ["highest", "high", "medium"])
@pytest.mark.parametrize("convolutions", [True, False])
@pytest.mark.usefixtures("untouched")
def test_settings_of_the_older_kind_are_full_and_then_what_they_were(products, convolutions):
    torch.set_float32_matmul_precision(products)
    torch.backends.cudnn.allow_tf32 = convolutions
    before = newer()
    with unrounded_float32():
        assert (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32) == ("highest", False)
        assert set(newer()) <= {"ieee"}
    assert (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32) == (products, convolutions)
    assert newer() == before


@pytest.mark.skipif(not newer(), reason="this torch has only the older settings")
@pytest.mark.usefixtures("untouched")
def test_settings_of_the_newer_kind_are_full_and_then_what_they_were():
    for operation in torch_device._operations():
        operation.fp32_precision = "tf32" if operation is not getattr(torch.backends.mkldnn, "rnn", None) else "ieee"
    before = newer()
    with reference_arithmetic():
        assert set(newer()) == {"ieee"}
        assert not torch.is_grad_enabled()
    assert newer() == before


@pytest.mark.usefixtures("untouched")
def test_a_run_that_fails_leaves_them_too():
    before = newer()
    with pytest.raises(ZeroDivisionError), unrounded_float32():
        _ = 1 / 0
    assert newer() == before

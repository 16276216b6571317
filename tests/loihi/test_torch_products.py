"""Products in torch are exact on either side of every limit, on a GPU if there is one and on the CPU otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from neurotool.errors import BackendFailedError
from neurotool.ir.program import Convolution
from neurotool.synapses import convolution, dense
from neurotool.targets.loihi.torch import products
from neurotool.targets.loihi.torch.device import check_products, full_float32
from neurotool.targets.loihi.torch.matrices import ConvolutionMatrix, DenseMatrix, SparseMatrix
from neurotool.targets.loihi.torch.products import Arithmetic, multiply_limbs
from neurotool.targets.loihi.torch.synapses import UnwrappedSynapses, WrappedSynapses
from neurotool.targets.torch_device import choose_device

DEVICE = choose_device()
SOURCES = 4


def matrix(form: str, weights: np.ndarray) -> DenseMatrix | SparseMatrix | ConvolutionMatrix:
    """The same weights, ``[target, source]``, in any form."""
    if form == "dense":
        return DenseMatrix(weights, DEVICE)
    if form == "sparse":
        targets, sources = np.nonzero(weights)
        return SparseMatrix(targets, sources, weights[targets, sources], weights.shape, DEVICE)
    return ConvolutionMatrix(weights[:, :, None, None], Convolution(), (weights.shape[1], 1, 1), DEVICE)


def wrapped(total: int, bits: int) -> int:
    return (total + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1)


@pytest.mark.parametrize("form", ["dense", "sparse", "convolution"])
@pytest.mark.parametrize(
    ("sum_of_magnitudes", "how"),
    [
        ((1 << 24) - 1, Arithmetic.FLOAT32),
        (1 << 24, Arithmetic.FLOAT64),
        ((1 << 24) + 1, Arithmetic.FLOAT64),
        ((1 << 53) - 1, Arithmetic.FLOAT64),
        (1 << 53, Arithmetic.LIMBS),
        ((1 << 53) + 1, Arithmetic.LIMBS),
        ((1 << 62) + 12345, Arithmetic.LIMBS),
    ],
)
def test_sums_on_either_side_of_the_limits_of_the_formats(form, sum_of_magnitudes, how):
    bits = 24 if form == "convolution" else 32
    weights = np.array([[1, 0, 0, 0], [-1, 0, 0, 0], [0, 0, 0, 1]])
    synapses = WrappedSynapses(matrix(form, weights), graded=True, exponent=0, bits=bits)
    heard = torch.tensor([[sum_of_magnitudes, 0, 0, 3], [-sum_of_magnitudes, 0, 0, 1 - sum_of_magnitudes]])
    with full_float32():
        delivered, used = synapses.deliver(heard.to(DEVICE))
    exact = [[sum_of_magnitudes, -sum_of_magnitudes, 3], [-sum_of_magnitudes, sum_of_magnitudes, 1 - sum_of_magnitudes]]
    assert used is how
    assert delivered.tolist() == [[wrapped(x, bits) for x in row] for row in exact]


@pytest.mark.parametrize("form", ["dense", "sparse", "convolution"])
@pytest.mark.parametrize("magnitude", [12, 24, 40, 47, 53, 61])
def test_random_sums_of_many_messages_are_those_of_unbounded_integers(form, magnitude):
    rng = np.random.default_rng(magnitude)
    weights, heard = rng.integers(-256, 256, (5, 700)), rng.integers(-(1 << magnitude), 1 << magnitude, (6, 700))
    bits = 24 if form == "convolution" else 32
    synapses = WrappedSynapses(matrix(form, weights), graded=True, exponent=0, bits=bits)
    with full_float32():
        delivered, _ = synapses.deliver(torch.from_numpy(heard).to(DEVICE))
    exact = heard.astype(object) @ weights.T.astype(object)
    assert delivered.tolist() == [[wrapped(int(x), bits) for x in row] for row in exact]


def test_limbs_get_shorter_as_the_weights_of_a_convolution_grow():
    rng = np.random.default_rng(0)
    weights = rng.integers(-(1 << 40), 1 << 40, (6, 3, 3, 2))  # far more than fits: their lowest 24 bits count
    heard = rng.integers(-(1 << 62), 1 << 62, (7, 6 * 8 * 5))
    options = Convolution(stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=2)
    kernels = ConvolutionMatrix(weights, options, (6, 8, 5), DEVICE)
    assert 1 << 26 < kernels.largest_sum < 1 << 28  # 25 bits a limb: the 24 bits of a message need a single one
    kernels.largest_sum <<= 20  # as if there were a million times as many taps: five bits a limb
    with full_float32():
        found = multiply_limbs(kernels, torch.from_numpy(heard).to(DEVICE), 24)
    with np.errstate(over="ignore"):
        expected = convolution.accumulate(weights, options, (6, 8, 5), heard, graded=True)
    np.testing.assert_array_equal(found.cpu().numpy(), expected)


@pytest.mark.parametrize("share", [1.0, 0.05])
def test_products_that_wrap_one_by_one_are_added_without_a_wrap(monkeypatch, share):
    monkeypatch.setattr(products, "PIECE_BYTES", 8 * 100)
    rng = np.random.default_rng(0)
    weights = rng.integers(-256, 256, (9, 60)) * (rng.random((9, 60)) < share)
    heard = rng.integers(-(1 << 31), 1 << 31, (8, 60))
    form = DenseMatrix(weights, DEVICE) if share == 1.0 else matrix("sparse", weights)
    with full_float32():
        delivered, how = UnwrappedSynapses(form, graded=True, exponent=-3).deliver(torch.from_numpy(heard).to(DEVICE))
    sums = dense.accumulate_delayed(weights, heard, graded=True)
    assert how is Arithmetic.SINGLE
    assert np.abs(sums).max() > 1 << 31 or share < 1
    np.testing.assert_array_equal(delivered.cpu().numpy(), ((sums >> 3) + (1 << 31)) % (1 << 32) - (1 << 31))


def test_products_of_delayed_payloads_are_added_in_floats_until_one_could_wrap():
    synapses = UnwrappedSynapses(DenseMatrix(np.array([[128, -128]]), DEVICE), graded=True, exponent=0)
    with full_float32():
        for payload, how in (((1 << 24) - 1, Arithmetic.FLOAT64), (1 << 24, Arithmetic.SINGLE)):
            delivered, used = synapses.deliver(torch.tensor([[payload, 0], [0, payload]], device=DEVICE))
            assert used is how
            assert delivered.tolist() == [[wrapped(128 * payload, 32)], [wrapped(-128 * payload, 32)]]


def test_exponents_shift_sums_down_towards_minus_infinity_and_wrap_them_up_at_32_bits():
    weights = DenseMatrix(np.array([[254, 1]]), DEVICE)
    heard = torch.tensor([[-1, 0], [1 << 22, 0]], device=DEVICE)
    with full_float32():
        found = {e: WrappedSynapses(weights, True, e, 32).deliver(heard)[0].tolist() for e in (-4, 0, 3, 70)}
    assert found[-4] == [[-16], [254 << 18]]  # -15.875
    assert found[0] == [[-254], [254 << 22]]
    assert found[3] == [[-254 * 8], [wrapped(254 << 25, 32)]]
    assert found[70] == [[0], [0]]


def test_this_device_multiplies_exactly():
    with full_float32():
        check_products(DEVICE)


@pytest.mark.parametrize(("bits", "format_of"), [(11, "TF32"), (8, "bfloat16")])
def test_a_device_that_rounds_is_refused(bits, format_of):
    def rounded(values: torch.Tensor) -> torch.Tensor:
        fraction, exponent = torch.frexp(values)
        return torch.ldexp(torch.round(fraction * 2**bits) / 2**bits, exponent)

    with pytest.raises(BackendFailedError, match="are rounded"):
        check_products(torch.device("cpu"), lambda a, b: rounded(a) @ rounded(b))


SETTINGS = ["highest", "high", "medium"]


@pytest.fixture
def untouched() -> Iterator[None]:
    """Leave the precision of products as it is by default, whatever a test does."""
    yield
    torch.set_float32_matmul_precision("highest")
    for backend in _newer():
        backend.fp32_precision = "none"


def _newer() -> list:
    backends = torch.backends.cuda.matmul, getattr(torch.backends.mkldnn, "matmul", None)
    return [backend for backend in backends if hasattr(backend, "fp32_precision")]


@pytest.mark.parametrize("older", SETTINGS)
@pytest.mark.usefixtures("untouched")
def test_precision_is_full_during_a_run_and_what_it_was_afterwards(older):
    torch.set_float32_matmul_precision(older)
    before = [backend.fp32_precision for backend in _newer()]
    with full_float32():
        assert torch.get_float32_matmul_precision() == "highest"
        assert not torch.backends.cuda.matmul.allow_tf32
        assert torch.is_inference_mode_enabled()
    assert torch.get_float32_matmul_precision() == older
    assert [backend.fp32_precision for backend in _newer()] == before
    assert not torch.is_inference_mode_enabled()


@pytest.mark.skipif(not _newer(), reason="this torch has only one setting for the precision of products")
@pytest.mark.usefixtures("untouched")
def test_precision_set_in_the_newer_way_is_kept_as_well():
    torch.backends.cuda.matmul.fp32_precision = "tf32"
    with full_float32():
        assert torch.backends.cuda.matmul.fp32_precision == "ieee"
        assert not torch.backends.cuda.matmul.allow_tf32
    assert torch.backends.cuda.matmul.fp32_precision == "tf32"

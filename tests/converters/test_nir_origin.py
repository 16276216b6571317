"""Files that look as if they had been written for another time step."""

import nir
import numpy as np
import pytest

from neurotool.converters.nir.read import read
from neurotool.ir.adapters import SourceOptions


def written(path, r, tau=2e-3):
    """One leaky population behind a linear layer; r and tau as the fields of its neurons."""
    size = 3
    full = {"v_threshold": np.ones(size), "v_leak": np.zeros(size), "v_reset": np.zeros(size)}
    neuron = nir.LIF(tau=np.broadcast_to(np.asarray(tau), size), r=np.broadcast_to(np.asarray(r), size), **full)
    nodes = {
        "input": nir.Input({"input": np.array([2])}), "fc": nir.Linear(np.ones((size, 2))), "lif": neuron,
        "output": nir.Output({"output": np.array([size])}),
    }  # fmt: skip
    nir.write(path, nir.NIRGraph(nodes, [("input", "fc"), ("fc", "lif"), ("lif", "output")]))
    return str(path)


def doubts(path, **options):
    return [note for note in read(path, SourceOptions(**options)).graph.notes if "snnTorch" in note]


def test_a_file_with_the_gain_of_snntorch_is_doubted_at_another_step(tmp_path):
    path = written(tmp_path / "a.nir", r=20.0)  # tau/r = 0.1 ms
    (doubt,) = doubts(path, dt=1e-3)
    assert "tau/r is 100 µs in every neuron" in doubt and "1 ms was taken" in doubt
    assert "--convention snntorch-subtract" in doubt
    assert doubts(path, dt=1e-4) == []
    assert doubts(path, dt=1e-3, convention="snntorch-zero") == []


@pytest.mark.parametrize(("r", "tau"), [(1.0, 2e-3), ([2.0, 3.0, 4.0], 2e-3), (0.0, 2e-3)])
def test_other_gains_say_nothing(tmp_path, r, tau):
    assert doubts(written(tmp_path / "b.nir", r, tau), dt=1e-3) == []


def test_time_constants_that_go_with_their_gains_are_a_sign_too(tmp_path):
    tau = np.array([1e-3, 2e-3, 3e-3])
    assert doubts(written(tmp_path / "c.nir", tau / 1e-4, tau), dt=1e-3) != []


SHAPE = (2, 4, 4)
KINDS = {
    "LIF": lambda r, of: nir.LIF(of(5e-3), r, v_leak=of(0.0), v_threshold=of(1.0), v_reset=of(0.0)),
    "LI": lambda r, of: nir.LI(of(5e-3), r, v_leak=of(0.0)),
    "CubaLIF": lambda r, of: nir.CubaLIF(
        of(3e-3), of(5e-3), r, v_leak=of(0.0), v_threshold=of(1.0), v_reset=of(0.0), w_in=of(1.0)
    ),
    "CubaLI": lambda r, of: nir.CubaLI(of(3e-3), of(5e-3), r, v_leak=of(0.0), w_in=of(1.0)),
}


@pytest.mark.parametrize(("r", "signs"), [(1.0, 0), (5.0, 1), (np.linspace(1, 2, 32).reshape(SHAPE), 0)])
@pytest.mark.parametrize("kind", KINDS)
def test_neurons_of_an_image_have_gains_too(tmp_path, kind, r, signs):
    path = str(tmp_path / "image.nir")
    neuron = KINDS[kind](np.broadcast_to(r, SHAPE).copy(), lambda value: np.full(SHAPE, value))
    weight, bias = np.ones((2, 1, 3, 3), np.float32), np.zeros(2, np.float32)
    nodes = {
        "input": nir.Input({"input": np.array([1, 6, 6])}),
        "conv": nir.Conv2d((6, 6), weight, stride=1, padding=0, dilation=1, groups=1, bias=bias), "n": neuron,
        "output": nir.Output({"output": np.array(SHAPE)}),
    }  # fmt: skip
    nir.write(path, nir.NIRGraph(nodes, [("input", "conv"), ("conv", "n"), ("n", "output")]))
    found = doubts(path, dt=1e-4)
    assert len(found) == signs
    assert all("tau/r is 1 ms in every neuron" in doubt for doubt in found)

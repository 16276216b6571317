"""The Triton kernel gives the integers of the readable neuron: on a GPU, or else in the interpreter of Triton.

The interpreter is more lenient than the compiler, so the kernel is also compiled, which needs no GPU.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from types import ModuleType

import numpy as np
import pytest
import random_programs
import torch
from fast_runs import assert_equal, reference
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import Population
from neurotool.neurons import LIF
from neurotool.targets.loihi.torch import layers
from neurotool.targets.loihi.torch.neurons import Neurons, ReadableNeurons
from neurotool.targets.loihi.torch.senders import Senders
from neurotool.targets.loihi.torch.simulate import simulate_torch
from neurotool.targets.torch_device import choose_device

pytestmark = pytest.mark.skipif(
    find_spec("triton") is None, reason="triton is not installed; it comes with torch for CUDA"
)
DEVICE = choose_device()
OPTIONS = RunOptions(probes=("u", "v"))


@pytest.fixture(scope="module")
def kernel() -> Iterator[ModuleType]:
    name = "neurotool.targets.loihi.torch.lif_kernel"
    with pytest.MonkeyPatch.context() as patch:
        if DEVICE.type == "cpu":
            patch.setenv("TRITON_INTERPRET", "1")
        patch.delitem(sys.modules, name, raising=False)
        yield importlib.import_module(name)
    sys.modules.pop(name, None)


@pytest.mark.parametrize("records", [(), ("u",), ("v",), ("u", "v")])
@pytest.mark.parametrize(
    ("steps", "batch", "size"), [(1, 1, 1), (1, 3, 128), (7, 1, 129), (9, 5, 37), (3, 64, 10), (20, 2, 1)]
)
def test_the_kernel_equals_the_readable_steps(kernel, steps, batch, size, records):
    rng = np.random.default_rng(steps)
    lif = random_programs.neurons(rng, "lif", "lif", (size,), 1, calm=False)
    state = {name: rng.integers(1 - (1 << 23), 1 << 23, (batch, size)) for name in LIF.states}
    shape = (steps, batch, size)
    activation = rng.integers(-(1 << 31), 1 << 31, shape) >> rng.integers(0, 25, shape)
    found, expected = (
        _run(neurons, activation, records)
        for neurons in (kernel.LifKernel(lif, state, DEVICE), ReadableNeurons(lif, state, DEVICE, strict=False))
    )
    assert found.keys() == expected.keys() == {"sent", "u", "v", *(f"{name} recorded" for name in records)}
    for name, values in expected.items():
        assert values.dtype == found[name].dtype
        assert torch.equal(found[name], values), name


def _run(neurons: Neurons, activation: np.ndarray, records: tuple[str, ...]) -> dict[str, torch.Tensor]:
    """Run in two windows and return everything that is left."""
    sent = torch.ones(activation.shape, dtype=torch.bool, device=DEVICE)
    kept = {name: torch.full(activation.shape, -7, dtype=torch.int32, device=DEVICE) for name in records}
    arrived = torch.from_numpy(activation).to(DEVICE)
    half = (len(sent) + 1) // 2
    for rows in (slice(0, half), slice(half, None)):
        if len(sent[rows]):
            neurons.run({"a": arrived[rows]}, 0, sent[rows], {name: x[rows] for name, x in kept.items()})
    return {"sent": sent, **neurons.state, **{f"{name} recorded": x for name, x in kept.items()}}


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), chunk=st.one_of(st.none(), st.integers(1, 16)))
def test_programs_of_the_kernel_equal_the_reference(kernel, data, chunk):
    def neurons(population: Population, senders: Senders, *, strict: bool) -> Neurons:
        assert not strict
        return kernel.LifKernel(population, senders.recording.state.states[population.name], DEVICE)

    program = data.draw(random_programs.programs(models=("lif",)))
    inputs = data.draw(random_programs.inputs(program))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layers, "_neurons", neurons)
        found, facts = simulate_torch(program, inputs, OPTIONS, chunk)
    assert "Triton kernel" in facts["path"]
    assert_equal(found, reference(program, inputs, OPTIONS))


COMPILE = """
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from neurotool.targets.loihi.torch.lif_kernel import LANES, through_time

narrow = {"spikes": "*i8", "u_record": "*i32", "v_record": "*i32", "steps": "i32", "lanes": "i32", "size": "i32"}
for constants in ({}, {"steps": 1, "lanes": 1, "size": 1}):  # Triton takes a 1 for a constant
    fixed = {"record_u": True, "record_v": True, "block": LANES, **constants}
    signature = {name: narrow.get(name, "*i64") for name in through_time.arg_names} | dict.fromkeys(fixed, "constexpr")
    made = triton.compile(ASTSource(through_time, signature, constexprs=fixed), target=GPUTarget("cuda", 90, 32))
    assert ".target sm_90" in made.asm["ptx"] and made.asm["cubin"]
print("compiled")
"""


def test_the_kernel_compiles_for_a_gpu_without_one(tmp_path, monkeypatch):
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    done = subprocess.run([sys.executable, "-c", COMPILE], capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout == "compiled\n", done.stderr

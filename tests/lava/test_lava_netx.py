"""lava-dl's own loader on real files: those it would get from SLAYER, and those that neurotool writes."""

from __future__ import annotations

from pathlib import Path

import net_files as net
import numpy as np
import pytest

from neurotool.converters.netx.options import LoadOptions
from neurotool.converters.netx.read import read_net
from neurotool.converters.netx.write import write_net
from neurotool.ir.adapters import RunOptions
from neurotool.neurons import MODELS
from neurotool.plugins import TARGETS, load
from neurotool.targets.lava.install import installed

pytestmark = pytest.mark.lava

SCRIPT = Path(__file__).parents[1] / "support" / "lava_dl_runs.py"
STEPS = 24


@pytest.fixture(autouse=True)
def _installed() -> None:
    for name, version in installed().items():
        if version is None:
            pytest.skip(f"{name} is not installed")


def networks(rng):
    """Layers, options of the reading, and the input, by name."""

    def even(*shape):
        return rng.integers(-40, 41, shape) * 2

    def bias(n):
        return rng.integers(-20, 40, n)

    def spikes(*shape):
        return rng.random((STEPS, *shape)) < 0.3

    def image(*shape):
        return rng.integers(-20, 40, (STEPS, *shape))

    conv = net.conv((4, 3, 2), rng.integers(-30, 60, (4, 2, 2, 2)), bias=bias(4))
    pairs = {"stride": np.array([2, 1]), "padding": np.array([1, 0]), "dilation": np.array([1, 2])}
    wide = net.conv((2, 2, 2), rng.integers(-30, 90, (2, 2, 3, 1)), **pairs, groups=2, bias=bias(2))
    decays = net.cuba(iDecay=rng.integers(1, 4097, 5), vDecay=rng.integers(0, 4096, 5), vThMant=20)
    turns = {"sinDecay": np.array([1000, -2000, 300, 2103]), "cosDecay": np.array([-3000, 2000, 3900, 3273])}
    back = {"type": "dense_rec", "weight_rec": even(5, 5)}
    integrator = {k: v for k, v in net.dense(even(4, 5)).items() if not k.startswith("neuron")}
    source, graded = net.source(6), net.source(2, 4, 3)
    biased = [source, net.dense(even(5, 6), bias=bias(5)), net.dense(even(4, 5), bias=bias(4))]
    return {
        "resets": (biased, LoadOptions(reset_interval=7), spikes(6)),
        "together": (biased, LoadOptions(together=True), spikes(6)),
        "dense": (
            [
                source,
                net.dense(even(5, 6), decays) | back,
                net.dense(even(5, 5), decays, delay=rng.integers(0, 9, 5).astype(float)),
                net.dense(even(5, 5), decays, delay=rng.integers(0, 9, (5, 5))),
                integrator,
            ],
            LoadOptions(),
            spikes(6),
        ),
        "image": (
            [graded | net.cuba(vDecay=900), conv, wide, net.flatten(), net.dense(even(4, 8))],
            LoadOptions(reset_interval=1000),
            image(2, 4, 3),
        ),
        "sigma-delta": (
            [
                graded | net.sdnn(vThMant=2),
                conv | net.sdnn(),
                net.flatten(),
                net.dense(even(4, 24), net.sdnn(), bias=bias(4)),
                net.dense(even(3, 4), net.sdnn(sigma_output=True)),
            ],
            LoadOptions(),
            image(2, 4, 3),
        ),
        "resonators": (
            [
                source,
                net.complex_dense(even(5, 6), even(5, 6), net.resonator(vThMant=4)),
                net.complex_dense(even(4, 5), even(4, 5), net.resonator(type="RF_IZHIKEVICH", **turns)),
            ],
            LoadOptions(),
            spikes(6),
        ),
    }


def arguments(path, options):
    """What lava-dl's ``Network`` must be told to do what ``options`` say."""
    direct = any(".frame" in name for name in read_net(path, options).projections)
    return (
        {}
        if options.reset_interval is None
        else {"reset_interval": options.reset_interval, "reset_offset": int(not direct)}
    )


def compare(folder, name, options, x):
    """Compare every spike of every layer, and the states after the last step."""
    program = read_net(folder / f"{name}.net", options)
    states = {s for p in program.populations.values() for s in MODELS[p.model].states} - {"error"}
    target = load(TARGETS, "loihi-reference")
    trace = target.run_program(program, {"input": x[:, None]}, RunOptions(probes=sorted(states)))
    direct = any(".frame" in projection for projection in program.projections)
    count = 0
    with np.load(folder / f"{name}.out.npz") as theirs:
        for number, (layer, population) in enumerate(program.populations.items()):
            late = population.start - direct  # an input layer of neurons hears its frame without a step
            ours = trace.spikes[layer].reshape(STEPS, -1)[: STEPS - late]
            np.testing.assert_array_equal(ours, theirs[f"layer{number}"][late:], err_msg=f"{name}: {layer}")
            count += np.count_nonzero(ours)
            for state, raster in trace.states[layer].items():
                if state == "u" and ((direct and number == 0) or (name == "dense" and number == 3)):
                    continue  # shows what arrives, where Lava has nothing or the sum
                ours = raster.reshape(STEPS, -1)[STEPS - 1 - late]
                np.testing.assert_array_equal(
                    ours, theirs[f"layer{number}.{state}"], err_msg=f"{name}: {layer} {state}"
                )
    assert count > 10


@pytest.mark.slow
def test_lava_dl_runs_a_file_as_the_engine_does(python, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    cases = networks(np.random.default_rng(1))
    for folder in (first, second):
        folder.mkdir()
    for name, (layers, options, x) in cases.items():
        path = net.save(first / f"{name}.net", *layers)
        np.savez(first / f"{name}.npz", x=x.astype(int), **arguments(path, options))
        if options.together is None:  # written again, and run by lava-dl from what we wrote
            write_net(read_net(path, options), second / path.name)
            np.savez(second / f"{name}.npz", x=x.astype(int), **arguments(path, options))
    script = f"import runpy, sys\nsys.argv = [{str(SCRIPT)!r}, {str(first)!r}, {str(second)!r}]\n"
    python(f"{script}runpy.run_path(sys.argv[0], run_name='__main__')", timeout=120.0)
    for name, (_, options, x) in cases.items():
        compare(first, name, options, x)
        if options.together is None:
            compare(second, name, options, x)


def test_where_lava_dl_makes_other_weights_is_known(python):
    """The loader's own function and Lava's own truncation against ours, on 2000 matrices."""
    script = """
from neurotool.targets.lava import repairs
repairs.install()
import contextlib, io, warnings
import numpy as np
from lava.lib.dl.netx.utils import optimize_weight_bits
from lava.utils.weightutils import clip_weights, determine_sign_mode, truncate_weights
from neurotool.converters.netx.weights import clipped, lava_dl_defect, mantissas, shift_of
warnings.simplefilter("ignore")
rng = np.random.default_rng(5)
exact = known = 0
for number in range(2000):
    low, high = [(-256, 256), (-256, 1), (-9, 1), (0, 6), (-1, 1), (-3, 4), (-4, -3), (0, 256)][number % 8]
    weights = clipped(np.clip(rng.integers(low, high, (2, 2)) * rng.integers(1, 3), -256, 255))
    shift, defect = shift_of(weights), lava_dl_defect(weights)
    try:
        mantissas(weights, shift)
    except ValueError:
        continue  # odd numbers beyond seven bits, which we refuse
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            shifted, bits, exponent, _ = optimize_weight_bits(weights.copy())
    except OverflowError:
        assert "all zero" in defect
        continue
    mode = determine_sign_mode(shifted)
    held = truncate_weights(clip_weights(shifted.astype(np.int32), mode, num_bits=8), mode, bits)
    same = exponent == -shift and np.array_equal(held, weights << shift)
    assert same == (defect == ""), (weights, held, exponent, defect)
    exact, known = exact + same, known + (not same)
assert exact > 1000 and known > 200, (exact, known)
"""
    python(script)

"""The exported Lava script, run as a user would run it, gives the spikes and potentials of the readable steps."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from lava_programs import population, program

from neurotool.errors import UnsupportedError
from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import (
    ChipProgram,
    Convolution,
    InputPort,
    OutputKind,
    OutputPort,
    Population,
    Projection,
    Sparse,
)
from neurotool.plugins import TARGETS, load

STEPS, BATCH = 12, 2

REST = {"bias_mant": (0, 0)}


def chain() -> ChipProgram:
    """LIF layers with a bias, and a read-out."""
    rng = np.random.default_rng(3)
    hidden = population(rng, "lif", 9, 1, "hidden.0", vth=(60, 60), du=(900, 900), dv=(300, 300), bias_mant=(3, 3))
    out = population(rng, "lif", 4, 2, "out", vth=(131071, 131071), du=(900, 900), dv=(300, 300), bias_mant=(3, 3))
    return ChipProgram(
        1e-3,
        {"x": InputPort("x", (2, 3))},
        {p.name: p for p in (hidden, out)},
        {
            "fc1": Projection("fc1", "x", "hidden.0", 2 * rng.integers(-60, 90, (9, 6))),
            "fc2": Projection("fc2", "hidden.0", "out", 2 * rng.integers(-60, 60, (4, 9)), weight_exp=-1),
        },
        (OutputPort("hidden.0", OutputKind.SPIKES), OutputPort("out", OutputKind.MEMBRANE)),
    )


def everything() -> ChipProgram:
    """Every neuron model of Lava and every connectivity, with a loop, a skip and delays, at rest until input comes."""
    rng = np.random.default_rng(4)
    image, lif = (2, 3, 4), {"vth": (5, 200), "du": (500, 4095), "dv": (0, 2000), **REST}
    coder = {"vth": (6, 6), "spike_exp": (2, 2), "state_exp": (3, 3)}
    wave = {"decay_bits": (12, 12), "state_exp": (6, 6), "vth": (20, 20)}
    populations = [
        population(rng, "lif", image, 1, **lif),
        population(rng, "lif_reset", 6, 2, reset_interval=(5, 5), reset_offset=(3, 3), **lif),
        population(rng, "ternary_lif", 7, 1, **lif, vth_hi=(60, 60), vth_lo=(-90, -90)),
        population(rng, "atrlif", 8, 2, theta_0=(5, 90), theta_step=(7, 7), delta_r=(300, 4096), **REST),
        population(rng, "sigma", 5, 3),
        population(rng, "delta", 5, 1, cum_error=(1, 1), **coder),
        population(rng, "sigma_delta", 5, 2, cum_error=(0, 0), relu=(1, 1), bias=(0, 0), **coder),
        population(rng, "rf", 5, 2, sin_decay=(-3500, 4096), **wave),
        population(rng, "rf_iz", 5, 1, sin_decay=(500, 3900), **wave),
        population(rng, "graded_vec", 5, 2, vth=(9, 9)),
        population(rng, "graded_relu_vec", 5, 3, vth=(9, 9)),
        population(rng, "rf_zero", 5, 1, lct=(15000, 32768), lst=(4000, 20000), uth=(9, 9)),
        population(rng, "prod_neuron", 5, 2, vth=(9, 9), exp=(3, 3)),
        population(rng, "inv_sqrt", 1, 1),
    ]
    made = {p.name: p for p in populations}
    sizes = {"x": 24} | {p.name: p.size for p in populations}

    def dense(source: str, target: str, **options) -> Projection:
        weights = rng.integers(-128, 128, (sizes[target], sizes[source]))
        return Projection(f"{source}>{target}.{options.get('port', 'a')}", source, target, weights, **options)

    pairs = rng.permutation(6 * 24)[:60]
    sparse = Sparse(pairs // 24, pairs % 24)
    kernel = rng.integers(-90, 91, (2, 1, 3, 3))
    projections = [
        Projection("conv", "x", "lif", kernel, connectivity=Convolution(padding=(1, 1), groups=2)),
        Projection("sparse", "lif", "lif_reset", rng.integers(-128, 128, 60), connectivity=sparse),
        Projection("late", "x", "lif_reset", rng.integers(-128, 128, 60), connectivity=sparse, delays=pairs % 3 + 1),
        dense("lif_reset", "lif", weight_exp=-1),
        dense("x", "ternary_lif"),
        dense("ternary_lif", "atrlif", message_bits=2),
        dense("x", "delta"),
        dense("delta", "sigma_delta", message_bits=8),
        dense("sigma_delta", "sigma", message_bits=8),
        dense("ternary_lif", "rf", port="a_real", message_bits=2),
        dense("delta", "rf", port="a_imag", message_bits=8, delays=rng.integers(0, 4, (5, 5))),
        dense("x", "rf_iz", port="a_imag"),
        dense("rf_iz", "graded_vec"),
        dense("graded_vec", "graded_relu_vec", message_bits=8),
        dense("x", "rf_zero", port="u"),
        dense("x", "rf_zero", port="v"),
        dense("delta", "prod_neuron", port="a1", message_bits=8),
        dense("rf_zero", "prod_neuron", port="a2", message_bits=16),
        Projection("x>inv_sqrt", "x", "inv_sqrt", rng.integers(1, 128, (1, 24))),
    ]
    outputs = [OutputPort(name, OutputKind.SPIKES) for name in made]
    return ChipProgram(1e-3, {"x": InputPort("x", image)}, made, {p.name: p for p in projections}, tuple(outputs))


@pytest.mark.lava
@pytest.mark.parametrize("made", [chain(), everything()], ids=["biases and a read-out", "everything at rest"])
def test_the_script_gives_the_integers_of_the_engine(tmp_path, made):
    x = np.random.default_rng(1).random((STEPS, BATCH, *made.inputs["x"].shape)) < 0.4
    folder = tmp_path / "script"
    folder.mkdir()
    load(TARGETS, "lava").write_script(made, folder)
    np.savez(folder / "spikes.npz", x=x)
    command = [sys.executable, "run_on_lava.py", "--input", "spikes.npz", "--output", "result.npz"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    engine = load(TARGETS, "loihi-reference").run_program(made, {"x": x}, RunOptions(probes=("v",)))
    assert done.returncode == 0, done.stderr
    with np.load(folder / "result.npz") as result:
        assert set(result) == {port.population for port in made.outputs}
        for port in made.outputs:
            spikes = port.kind is OutputKind.SPIKES
            expected = engine.spikes[port.population] if spikes else engine.states[port.population]["v"]
            flat = expected.reshape(STEPS, BATCH, -1)
            np.testing.assert_array_equal(result[port.population], flat, err_msg=port.population)
            assert flat.any(), port.population


def test_the_script_says_that_it_is_untested_on_silicon(tmp_path):
    load(TARGETS, "lava").write_script(chain(), tmp_path)
    assert "UNTESTED ON SILICON" in (tmp_path / "run_on_lava.py").read_text()
    assert "untested on silicon" in json.loads((tmp_path / "network.json").read_text())["note"]
    assert {"lava", "lava_repairs"} < (
        imported := {
            line.split()[1].split(".")[0]
            for line in (tmp_path / "run_on_lava.py").read_text().splitlines()
            if line.strip().startswith(("import ", "from "))
        }
    )
    assert "neurotool" not in imported
    assert "lava" not in sys.modules


def awake(model: str, name: str, start: int) -> Population:
    return population(np.random.default_rng(0), model, 1, start, name, bias_mant=(5, 5))


def refused(*parts: Population | Projection) -> list[tuple[str, str, str]]:
    made = program(
        [InputPort("x", (1,))],
        [part for part in parts if isinstance(part, Population)],
        [part for part in parts if isinstance(part, Projection)],
    )
    with pytest.raises(UnsupportedError) as caught:
        load(TARGETS, "lava").write_script(made, Path("nowhere"))
    return [(d.rule, d.node, d.message) for d in caught.value.diagnostics]


ONE = np.array([[2]])
RULE = "NT-RUN-003"


def test_what_a_script_cannot_hold_is_refused_with_names():
    delayed = Projection("late", "a", "b", ONE, delays=np.array([[1]]))
    assert refused(awake("lif", "a", 1), awake("lif", "b", 2), delayed) == [
        (
            RULE,
            "late",
            "population 'a' may be active before it starts, and projection 'late' would bring that to 'b' after that "
            "has started",
        )
    ]
    assert refused(awake("lif", "a", 1), awake("ternary_lif", "b", 1)) == [
        (
            RULE,
            "b",
            "population 'b' (ternary_lif) may be active before it starts in step 1, and only lif can be reset then",
        )
    ]
    asleep = population(np.random.default_rng(0), "rf", 1, 2)
    heard = Projection("p", "a", "rf", ONE, port="a_real")
    assert [node for _, node, _ in refused(awake("lif", "a", 1), asleep, heard)] == ["rf"]
    ours = population(np.random.default_rng(0), "lif_subtract", 1, 0, **REST)
    assert refused(ours) == [
        (RULE, "lif_subtract", "population 'lif_subtract': Lava has no process for the neuron model lif_subtract")
    ]
    roots = population(np.random.default_rng(0), "inv_sqrt", 2, 1)
    assert refused(roots, Projection("w", "x", "inv_sqrt", np.array([[2], [2]]))) == [
        (RULE, "inv_sqrt", "population 'inv_sqrt': Lava's InvSqrt is a single neuron, and this one has 2")
    ]
    twice = np.zeros(2, np.int64)
    double = Projection("double", "x", "a", twice, connectivity=Sparse(twice, twice))
    assert refused(awake("lif", "a", 1), double) == [
        (RULE, "double", "projection 'double' joins a pair of neurons by 2 synapses")
    ]

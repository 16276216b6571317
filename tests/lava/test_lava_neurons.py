"""Every neuron model gives the same spikes and states on the real Lava and in the readable integer steps."""

from __future__ import annotations

import numpy as np
import pytest
from lava_programs import assert_equal, population, program

from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import ChipProgram, InputPort, Projection, SignMode
from neurotool.neurons import MODELS
from neurotool.plugins import load

STEPS, BATCH = 12, 3

LIF = {"vth": (5, 200), "bias_mant": (-40, 60), "bias_exp": (0, 4), "du": (500, 4095), "dv": (0, 2000)}
RANGES: dict[str, dict[str, tuple[int, int]]] = {
    "lif": LIF,
    "lif_reset": LIF | {"reset_interval": (5, 5), "reset_offset": (7, 7)},
    "lif_subtract": LIF | {"v_sub": (300, 15000)},
    "lif_refractory": LIF | {"refractory_period": (0, 5)},
    "lif_schedule": LIF | {f"vth_{row}": (5, 300) for row in range(16)},
    "ternary_lif": LIF | {"vth_hi": (60, 60), "vth_lo": (-90, -90)},
    "atrlif": LIF | {"theta_0": (5, 90), "theta_step": (7, 7), "delta_r": (300, 4096)},
    "sigma": {},
    "delta": {"vth": (90, 90), "cum_error": (0, 0), "spike_exp": (2, 2), "state_exp": (3, 3)},
    "sigma_delta": {
        "vth": (6, 6),
        "cum_error": (1, 1),
        "spike_exp": (2, 2),
        "state_exp": (3, 3),
        "bias": (-30, 40),
        "relu": (1, 1),
    },
    "rf": {"decay_bits": (12, 12), "state_exp": (6, 6), "vth": (20, 20), "sin_decay": (-3500, 4096)},
    "rf_iz": {"decay_bits": (12, 12), "state_exp": (6, 6), "vth": (90, 90), "sin_decay": (500, 3900)},
    "rf_zero": {"lct": (15000, 32768), "lst": (4000, 20000), "uth": (20, 20)},
    "graded_vec": {"vth": (90, 90)},
    "graded_relu_vec": {"vth": (40, 40)},
    "prod_neuron": {"vth": (90, 90), "exp": (5, 5)},
    "inv_sqrt": {},
}
FAMILIES = {
    "integrate and fire": ("lif", "lif_reset", "lif_subtract", "lif_refractory", "lif_schedule", "atrlif"),
    "sigma-delta": ("ternary_lif", "sigma", "delta", "sigma_delta"),
    "graded": ("graded_vec", "graded_relu_vec", "prod_neuron", "inv_sqrt"),
    "resonators": ("rf", "rf_iz", "rf_zero"),
}


def listeners(models: tuple[str, ...]) -> ChipProgram:
    """One population of each model that hears two inputs, and one that hears what they send."""
    rng = np.random.default_rng(2)
    heard = [population(rng, model, 40, **RANGES[model]) for model in models]
    projections = [
        Projection(f"{x}>{p.name}.{port}", x, p.name, rng.integers(-128, 128, (40, 20)), message_bits=bits, port=port)
        for p in heard
        for port in MODELS[p.model].inputs
        for x, bits in (("x", 0), ("graded", 6))
    ]
    after = population(rng, "lif", 30, start=2, name="after", vth=(9, 500))
    projections += [
        Projection(
            f"{p.name}>after.{bits}",
            p.name,
            "after",
            rng.integers(-128, 128, (30, 40)),
            weight_exp=-2,
            message_bits=bits,
            sign_mode=SignMode.EXCITATORY if bits else SignMode.MIXED,
        )
        for p in heard
        for bits in ((0, 16) if MODELS[p.model].graded else (0,))
    ]
    return program([InputPort("x", (20,)), InputPort("graded", (20,), message_bits=6)], [*heard, after], projections)


def spikes(rng: np.random.Generator) -> dict[str, np.ndarray]:
    shape = (STEPS, BATCH, 20)
    return {"x": rng.random(shape) < 0.15, "graded": rng.integers(-8, 9, shape) * (rng.random(shape) < 0.2)}


def test_every_model_is_tested_here():
    assert {model for models in FAMILIES.values() for model in models} == set(MODELS) == set(RANGES)


@pytest.mark.lava
@pytest.mark.parametrize("family", FAMILIES)
def test_models_equal_their_readable_steps(family):
    models = FAMILIES[family]
    made, x = listeners(models), spikes(np.random.default_rng(1))
    options = RunOptions(probes=tuple({state for model in models for state in MODELS[model].states}))
    lava = load("neurotool.targets", "lava").run_program(made, x, options)
    engine = load("neurotool.targets", "loihi-reference").run_program(made, x, options)
    assert_equal(lava, engine)
    for model in models:
        assert len(np.unique(engine.spikes[model])) > 1, "what never fires, or always, shows nothing"
    assert lava.spikes["after"].any()


@pytest.mark.lava
def test_delta_and_sigma_delta_the_other_way():
    """The accumulated error of Delta, and SigmaDelta without it and without rectification."""
    rng = np.random.default_rng(5)
    delta = population(rng, "delta", 20, **RANGES["delta"] | {"cum_error": (1, 1)})
    plain = population(rng, "sigma_delta", 20, **RANGES["sigma_delta"] | {"cum_error": (0, 0), "relu": (0, 0)})
    projections = [Projection(p.name, "x", p.name, rng.integers(-90, 90, (20, 20))) for p in (delta, plain)]
    made = program(
        [InputPort("x", (20,))], [delta, plain], [Projection(**vars(p) | {"name": f"x>{p.name}"}) for p in projections]
    )
    x = {"x": rng.random((STEPS, BATCH, 20)) < 0.3}
    options = RunOptions(probes=("sigma", "act", "residue", "error"))
    lava = load("neurotool.targets", "lava").run_program(made, x, options)
    engine = load("neurotool.targets", "loihi-reference").run_program(made, x, options)
    assert_equal(lava, engine)
    assert set(lava.states["delta"]) == {"act", "residue", "error"}, "a state that a model lacks is skipped"
    assert (engine.spikes["sigma_delta"] < 0).any()


INVERSE_ROOTS = """
from neurotool.targets.lava import repairs; repairs.install()
from lava.proc.graded.models import inv_sqrt
import numpy as np
with np.errstate(over="ignore"):
    print(*(int(np.array(inv_sqrt(np.array([number]), 5)).astype(np.int32)) for number in NUMBERS))
"""


@pytest.mark.lava
def test_inverse_roots_are_those_of_lavas_function(python):
    """Around every power of two, where the first guess changes, and beyond the 24 bits of Lava's table."""
    numbers = [(1 << k) + d for k in range(31) for d in (-1, 0, 1) if (1 << k) + d > 0]
    numbers += [int(x) for x in np.random.default_rng(0).integers(1, 1 << np.arange(1, 32).repeat(20))]
    printed = python(f"NUMBERS = {numbers}\n" + INVERSE_ROOTS)
    _, ours = MODELS["inv_sqrt"].step({}, {}, {"a": np.array([numbers])}, row=0)
    assert ours[0].tolist() == [int(word) for word in printed.splitlines()[-1].split()]


@pytest.mark.lava
@pytest.mark.parametrize("number", [0, 3, (1 << 24) + 5])
def test_lavas_own_inverse_root_of_one_neuron(python, number):
    """The stock process without our class: what it sends is what the readable step sends."""
    script = f"""
from neurotool.targets.lava import repairs; repairs.install()
import numpy as np
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2SimCfg
from lava.proc.graded.process import InvSqrt
from lava.proc.io.sink import RingBuffer as Sink
from lava.proc.io.source import RingBuffer as Source
source, root, sink = Source(data=np.array([[{number}]])), InvSqrt(shape=(1,)), Sink(shape=(1,), buffer=1)
source.s_out.connect(root.a_in)
root.s_out.connect(sink.a_in)
source.run(condition=RunSteps(num_steps=1), run_cfg=Loihi2SimCfg(select_tag="fixed_pt"))
print(int(sink.data.get()[0, 0]))
source.stop()
"""
    _, ours = MODELS["inv_sqrt"].step({}, {}, {"a": np.array([[number]])}, row=0)
    assert python(script).splitlines()[-1] == str(ours.item())


PAIRS = """
from neurotool.targets.lava.build import PROCESSES
from neurotool.neurons import MODELS
assert set(PROCESSES) == set(MODELS), set(PROCESSES) ^ set(MODELS)
for name, process in PROCESSES.items():
    module, _, cls = MODELS[name].process.rpartition(".")
    print(name, any(base.__module__ == module and base.__name__ == cls for base in process.__mro__))
"""


@pytest.mark.lava
def test_each_model_runs_the_process_that_it_names(python):
    printed = python("from neurotool.targets.lava import repairs; repairs.install()\n" + PAIRS)
    assert [line.split()[-1] for line in printed.splitlines()] == ["True"] * len(MODELS), printed

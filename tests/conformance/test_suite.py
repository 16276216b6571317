"""The suite itself: it passes what is right, it finds what is wrong, and it says where."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import wrong_targets as wrong
from wrong_targets import REFERENCE, Wrong

from neurotool.errors import UnsupportedError
from neurotool.neurons import MODELS
from neurotool.testing.conformance import ConformanceError, Extent, examine
from neurotool.testing.tally import Tally, report

NEURONS = "neurotool.neurons"
DELIVERY = "neurotool.synapses"


def two_complement(u):
    return (u + (1 << 23)) % (1 << 24) - (1 << 23)


def plus_becomes_minus(u):
    return u - (1 << 24) * (u >= 1 << 23) + (1 << 24) * (u <= -(1 << 23))


def one_lower(values):
    return np.clip(values, -(1 << 23), (1 << 23) - 1)


WRONG: dict[str, tuple[str, Wrong]] = {
    "the decay rounds down": ("lif", wrong.function(f"{NEURONS}.fixed.shift_to_zero", lambda x, bits: x >> bits)),
    "the current wraps in two's complement": ("lif", wrong.function(f"{NEURONS}.lif.wrap_current", two_complement)),
    "a current of +2^23 wraps": ("lif", wrong.function(f"{NEURONS}.lif.wrap_current", plus_becomes_minus)),
    "the membrane saturates one lower": ("lif", wrong.function(f"{NEURONS}.lif.saturate", one_lower)),
    "a threshold that is higher by one": ("lif", wrong.model("lif", wrong.more("vth"))),
    "a reset one row early": ("lif_reset", wrong.model("lif_reset", wrong.later(1))),
    "a threshold of the next row": ("lif_schedule", wrong.model("lif_schedule", wrong.later(1))),
    "a period that is longer by one": (
        "lif_refractory",
        wrong.model("lif_refractory", wrong.more("refractory_period")),
    ),
    "a lower threshold that is higher by one": ("ternary_lif", wrong.model("ternary_lif", wrong.more("vth_lo"))),
    "a threshold state that decays faster": ("atrlif", wrong.model("atrlif", wrong.more("delta_theta"))),
    "an encoder that waits for more": ("delta", wrong.model("delta", wrong.more("vth"))),
    "a magnitude of 2^31": ("delta", wrong.function(f"{NEURONS}.delta.magnitude", abs)),
    "a rotation that rounds down": ("rf", wrong.function(f"{NEURONS}.rf.shift_to_zero", lambda x, bits: x >> bits)),
    "a resonator that waits for more": ("rf_iz", wrong.model("rf_iz", wrong.more("vth"))),
    "a relay that passes less": ("graded_vec", wrong.model("graded_vec", wrong.more("vth"))),
    "a rotation of 64 bits": ("rf_zero", wrong.function(f"{NEURONS}.rf_zero.wrap32", lambda x: x)),
    "an amplitude that must reach more": ("rf_zero", wrong.model("rf_zero", wrong.more("uth"))),
    "a product of 64 bits": ("prod_neuron", wrong.function(f"{NEURONS}.prod_neuron.wrap32", lambda x: x)),
    "a product shifted by one more": ("prod_neuron", wrong.model("prod_neuron", wrong.more("exp"))),
    "an inverse root of fewer iterations": ("inv_sqrt", wrong.function(f"{NEURONS}.inv_sqrt.ITERATIONS", 4)),
    "sums that round towards zero": ("lif", wrong.function(f"{DELIVERY}.delivery.shifted", wrong.toward_zero)),
    "one shift for all delays": ("lif", wrong.function("neurotool.targets.loihi.engine.Delivery", wrong.OneShift)),
    "convolutions that wrap at 25 bits": ("sigma", wrong.function(f"{DELIVERY}.convolution.SUM_LIMIT", 1 << 24)),
    "listed synapses that never wrap": ("graded_vec", wrong.function(f"{DELIVERY}.sparse.wrap32", lambda x: x)),
}


@pytest.mark.parametrize(("model", "target"), WRONG.values(), ids=WRONG)
def test_a_wrong_target_is_found(model, target):
    with pytest.raises(ConformanceError):
        examine(model, target, REFERENCE, Extent(examples=200, slow=True), Tally(target.name))


def test_the_failure_names_the_neuron_that_is_wrong():
    """The lowest bit of v is wrong in neurons with bias_exp 7, and nowhere else."""
    target = wrong.model("lif", wrong.flipped("v", lambda parameters: parameters["bias_exp"] == 7))
    tally = Tally(target.name)
    with pytest.raises(ConformanceError) as caught:
        examine("lif", target, REFERENCE, Extent(), tally)
    text = str(caught.value)
    assert "wrong lif differs from loihi-reference" in text
    assert "(lif), v, row 0" in text
    found = re.search(r"row 0, sample 0, neuron \d+: (-?\d+) instead of (-?\d+)", text)
    assert found is not None
    assert int(found[1]) ^ int(found[2]) == 1
    assert "bias_exp 7" in text
    assert "projection w0: x0 -> p0.a" in text
    assert tally.rows["lif"].mismatches > 0


def test_a_failure_is_made_small():
    target = wrong.model("lif", wrong.flipped("v", lambda parameters: parameters["vth"] >= 0))
    with pytest.raises(ConformanceError) as caught:
        examine("lif", target, REFERENCE, Extent(), Tally(target.name))
    (note,) = (note for note in caught.value.__notes__ if "Case of" in note)
    assert "Case of 1 steps, batch 1" in note
    assert "population p0 (1,): lif" in note
    assert "p1" not in note


@pytest.mark.parametrize("model", MODELS)
def test_the_programs_reach_the_limits_of_every_model(model):
    tally = Tally("loihi-reference")
    examine(model, REFERENCE, REFERENCE, Extent(examples=20), tally)
    row = tally.rows[model]
    assert tally.programs == row.programs == 20
    assert tally.refused == row.mismatches == 0
    assert row.neuron_steps > row.spikes > 100
    assert row.wrapped > 0
    assert row.limited > 0
    assert {"all to all", "sparse", "convolution", "delays", "self-recurrence"} <= tally.features.keys()
    assert f"| `{model}` | `{MODELS[model].process}` | {MODELS[model].owner} | " in report([tally])


def test_the_same_seed_gives_the_same_programs():
    def counts(seed):
        tally = Tally("loihi-reference")
        examine("rf", REFERENCE, REFERENCE, Extent(examples=12, seed=seed), tally)
        return tally.as_json()

    assert counts(1) == counts(1) != counts(2)


def test_a_trace_without_a_state_is_no_answer():
    class Forgetful(Wrong):
        def run_program(self, program, inputs, options):
            return super().run_program(program, inputs, replace(options, probes=("u",)))

    with pytest.raises(AssertionError, match="states of 'p0'"):
        examine("lif", Forgetful("forgetful"), REFERENCE, Extent(), Tally("forgetful"))


def test_programs_that_are_refused_are_counted_apart():
    class Picky(Wrong):
        def run_program(self, program, inputs, options):
            if len(program.populations) > 1:
                raise UnsupportedError("one population is enough")
            return super().run_program(program, inputs, options)

    tally = Tally("picky")
    examine("lif", Picky("picky"), REFERENCE, Extent(examples=20), tally)
    assert tally.refused > 0
    assert tally.programs + tally.refused == 20
    assert tally.programs == tally.rows["lif"].programs

"""The stages of a conversion: the float forms equal the reference, and what is said of them follows from the runs."""

from __future__ import annotations

import nir
import numpy as np
import pytest

from neurotool import data, pipeline
from neurotool.ir.program import AllToAll, Convolution, Sparse
from neurotool.verify import (
    EXACT,
    QUANTISATION,
    ROUNDING,
    TUNING,
    Arithmetic,
    Connection,
    Fault,
    FloatNetwork,
    FloatPopulation,
    Meaning,
    NamedRun,
    Point,
    Register,
    Stage,
    bisect,
    certify,
    round_in_turn,
    simulate,
)
from neurotool.verify.membrane import at_threshold
from neurotool.verify.rounding import explain

ONE = np.ones(1)


def population(name, connections, **changes):
    values = {
        "shape": (1,), "current_decay": ONE, "membrane_decay": ONE, "bias": 0 * ONE, "threshold": 0.5 * ONE,
        "subtract": None, "inclusive": False, "refractory": 0, "zero": 0 * ONE,
    } | changes  # fmt: skip
    return FloatPopulation(name=name, connections=connections, **values)


def connection(source, weight=1.0, delay=0):
    return Connection(source, np.array([[weight]]), np.asarray(delay), AllToAll(), (1,), 1)


def spikes(*steps):
    raster = np.zeros((8, 1, 1), bool)
    raster[list(steps)] = True
    return raster


def fired(trace, name):
    return np.flatnonzero(trace.spikes[name]).tolist()


def test_spikes_pass_in_the_same_step_and_wait_where_told():
    network = FloatNetwork(
        1e-3,
        {"a": population("a", {"x": connection("x")}), "b": population("b", {"w": connection("a", delay=3)})},
    )
    trace = simulate(network, {"x": spikes(1, 2)})
    assert (fired(trace, "a"), fired(trace, "b")) == ([1, 2], [4, 5])


def test_a_loop_hears_itself_after_its_delay():
    network = FloatNetwork(1e-3, {"a": population("a", {"x": connection("x"), "back": connection("a", delay=2)})})
    assert fired(simulate(network, {"x": spikes(0)}), "a") == [0, 2, 4, 6]


def test_reset_refractoriness_equality_and_constants_by_hand():
    network = FloatNetwork(
        1e-3,
        {
            "sub": population(
                "sub", {"c": connection("one", 0.45)}, membrane_decay=0 * ONE, threshold=ONE, subtract=ONE
            ),
            "held": population("held", {"c": connection("one")}, membrane_decay=0 * ONE, refractory=2),
            "equal": population("equal", {"c": connection("one", 0.5)}, inclusive=True),
            "strict": population("strict", {"c": connection("one", 0.5)}),
            "out": population("out", {"c": connection("one", 0.5)}, threshold=None, zero=3 * ONE),
            "later": population("later", {"c": connection("one")}, schedule=np.array([[9.0], [9.0]])),
        },
        constants=frozenset({"one"}),
    )
    trace = simulate(network, {"x": spikes()})
    assert fired(trace, "sub") == [2, 4, 6]  # 0.45, 0.9, 1.35 - 1, 0.8, 1.25 - 1, 0.7, 1.15 - 1, 0.6
    assert fired(trace, "held") == [0, 3, 6]
    assert (len(fired(trace, "equal")), fired(trace, "strict")) == (8, [])
    assert (trace.outputs["out"] == 3.5).all()
    assert fired(trace, "later") == [2, 3, 4, 5, 6, 7]


def test_synapses_of_all_forms_are_the_same_matrix():
    kernel, pairs = np.array([[[[1.0, 2.0]]]]), Sparse(np.array([0, 0, 1, 1]), np.array([1, 0, 1, 2]))
    forms = [
        Connection("x", np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 2.0]]), np.asarray(0), AllToAll(), (1, 1, 3), 2),
        Connection("x", np.array([2.0, 1.0, 1.0, 2.0]), np.asarray(0), pairs, (3,), 2),
        Connection("x", kernel, np.asarray(0), Convolution(), (1, 1, 3), 2),
    ]
    first, listed, shared = (form.matrices[0] for form in forms)
    assert np.array_equal(first, listed.toarray())
    assert np.array_equal(first, shared.toarray())
    assert [form.place(1) for form in forms] == [(0, 1), (0, 0), (0, None)]


def test_rounding_explains_one_step_and_the_end_of_the_range_and_no_more():
    register = Register(0.1, -1.0, 1.0)
    wanted, held = np.array([0.5, 0.5, 0.5, 3.0, -3.0]), np.array([0.45, 0.6, 0.7, 1.0, 1.0])
    assert explain(wanted, held, register) == pytest.approx([0.45, 0.6, 0.6, 1.0, -0.9], abs=1e-5)


def test_each_kind_is_rounded_alone_and_faults_are_set_apart():
    mine = FloatNetwork(1e-3, {"a": population("a", {"x": connection("x", 1.0)}, bias=0.2 * ONE)})
    its = FloatNetwork(
        1e-3, {"a": population("a", {"x": connection("x", -1.0)}, bias=0.25 * ONE, current_decay=0.9 * ONE)}
    )
    fields = ("current_decay", "membrane_decay", "threshold", "bias")
    found = list(round_in_turn(mine, its, {"a": {"x": Register(0.1), **{f: Register(0.2) for f in fields}}}))
    assert [rounded.kind for rounded in found] == ["delays", "weights", "decays", "thresholds"]
    delays, weights, decays, thresholds = found
    assert not delays.faults + decays.faults + thresholds.faults
    assert weights.faults == (Fault("weights", "a", "x", 1, 1, 0, 0, 1.0, -1.0),)
    assert weights.explained.populations["a"].connections["x"].weights.item() == pytest.approx(0.9, abs=1e-5)
    assert weights.held.populations["a"].current_decay == 1.0
    assert decays.held.populations["a"].bias == 0.2
    assert thresholds.held.populations["a"].bias == 0.25


def run(name, fired, v, arithmetic=Arithmetic.FLOAT):
    values = np.asarray(v, float).reshape(-1, 1, 1)
    return NamedRun(name, arithmetic, 1, {"a": np.array(fired, bool).reshape(-1, 1, 1)}, {"a": {"v": values}})


MEANING = {"a": Meaning(100.0, np.array([0.5]), np.array([1.5]))}


def test_potentials_are_compared_before_the_first_difference_in_units_of_the_model():
    a = run("float", [0, 0, 1, 0], [0.6, 0.8, 0.5, 0.6])
    b = run("loihi", [0, 0, 0, 1], [10, 34, 95, 0], Arithmetic.INTEGER)
    pair = certify([a, b], meanings=MEANING).pairs[0]
    assert (pair.first.layer, pair.first.point) == ("a", Point(2, 0, (0,)))
    assert pair.first.potentials == pytest.approx({"float": 0.5, "loihi": 1.45})
    assert pair.first.threshold == 1.5
    assert (pair.membrane.steps, pair.membrane.height) == (2, 1.0)
    assert pair.membrane.largest == pytest.approx(0.04)
    assert pair.membrane.rms == pytest.approx(np.sqrt(0.0016 / 2))


def test_a_miss_of_the_threshold_by_float_rounding_is_told_from_a_larger_one():
    a = run("a", [0, 1], [0.6, 0.5])
    assert at_threshold(a, run("b", [0, 0], [0.6, 1.49999]), "a", Point(1, 0, (0,)), MEANING)
    assert not at_threshold(a, run("b", [0, 0], [0.6, 1.49]), "a", Point(1, 0, (0,)), MEANING)


def stages(*runs, tolerances, faults=()):
    made = [Stage(r.name, "", t, lambda r=r: r) for r, t in zip(runs, tolerances, strict=True)]
    return [*made[:-1], Stage(made[-1].name, "", tolerances[-1], made[-1].run, faults)]


def test_the_first_wrong_stage_is_the_culprit_else_the_one_that_changes_most():
    rng = np.random.default_rng(0)
    raster, v = rng.random(50) < 0.5, np.zeros(50)
    one, many = raster.copy(), raster.copy()
    one[7] ^= True
    many[3:20] ^= True
    limits = ROUNDING, QUANTISATION, QUANTISATION
    honest = bisect(stages(run("a", raster, v), run("b", one, v), run("c", many, v), tolerances=limits), MEANING)
    assert not honest.wrong
    assert (honest.culprit().stage, honest.culprit().wrong, honest.culprit().point.step) == ("c", False, 3)
    wrong = bisect(
        stages(run("a", raster, v), run("b", one, v), run("c", one, v), tolerances=(ROUNDING, ROUNDING, EXACT)), MEANING
    )
    assert (wrong.culprit().stage, wrong.culprit().wrong, wrong.culprit().point.step) == ("b", True, 7)
    assert certify([run("a", raster, v), run("b", raster, v)], bisection=wrong).passed is False
    same = bisect(stages(run("a", raster, v), run("b", raster, v), tolerances=(ROUNDING, EXACT)), MEANING)
    assert same.culprit() is None


def test_training_may_move_spikes_as_rounding_to_integers_may():
    raster, v = np.random.default_rng(0).random(50) < 0.5, np.zeros(50)
    other = np.roll(raster, 7)
    for cause, wrong in ((QUANTISATION, False), (TUNING, False), (ROUNDING, True), (EXACT, True)):
        pair = bisect(stages(run("a", raster, v), run("b", other, v), tolerances=(ROUNDING, cause)), MEANING)
        assert not pair.stages[1].pair.passed
        assert bool(pair.wrong) is wrong, cause.reason


def recurrent(folder, neuron):
    rng, size = np.random.default_rng(5), 12
    nodes = {
        "x": nir.Input(np.array([8])),
        "w": nir.Affine(rng.normal(0.3, 0.5, (size, 8)), rng.normal(0, 0.05, size)),
        "n": neuron(size),
        "back": nir.Linear(rng.normal(0, 0.2, (size, size))),
        "r": nir.Linear(rng.normal(0, 0.5, (4, size))),
        "li": nir.LI(tau=np.full(4, 0.01), r=np.ones(4), v_leak=np.zeros(4)),
        "y": nir.Output(np.array([4])),
    }
    edges = [("x", "w"), ("w", "n"), ("n", "back"), ("back", "n"), ("n", "r"), ("r", "li"), ("li", "y")]
    nir.write(folder / "net.nir", nir.NIRGraph(nodes, edges))
    data.save(folder / "x.npz", rng.random((30, 5, 8)) < 0.4, rng.integers(0, 4, 5))
    return folder / "net.nir", folder / "x.npz"


def full(**values):
    return lambda size: {name: np.full(size, value) for name, value in values.items()}


def lif(size):
    return nir.LIF(**full(tau=0.01, r=1.0, v_leak=0.0, v_threshold=0.3, v_reset=0.0)(size))


def cuba(size):
    values = full(tau_mem=0.01, tau_syn=0.005, r=1.0, v_leak=0.0, v_threshold=0.3, v_reset=0.0, w_in=1.0)
    return nir.CubaLIF(**values(size))


@pytest.mark.parametrize(
    ("neuron", "convention"),
    [(lif, "forward-euler"), (cuba, "forward-euler-subtract"), (cuba, "snntorch-zero"), (lif, "spikingjelly")],
)
def test_the_composed_network_gives_the_spikes_of_the_reference(tmp_path, neuron, convention):
    net, samples = recurrent(tmp_path, neuron)
    pipeline.convert(str(net), tmp_path / "b", pipeline.ConvertOptions(dt=1e-3, convention=convention, weight_bits=16))
    proof = pipeline.verify(tmp_path / "b", samples, against=["float"], plot=False).certificate
    found = {stage.name: stage for stage in proof.bisection.stages}
    assert not proof.bisection.wrong, proof.bisection.wrong[0].wrong
    assert found["compose"].pair.differing == 0
    assert found["compose"].pair.membrane.largest < 1e-5 * found["compose"].pair.membrane.height
    assert found["compose"].pair.layers["n"].spikes_a > 50


def test_convert_verifies_on_the_calibration_data(tmp_path, neurotool):
    net, samples = recurrent(tmp_path, lif)
    done = neurotool(
        "--json",
        "convert",
        net,
        "--dt",
        "1ms",
        "--weight-bits",
        16,
        "--calib",
        samples,
        "--verify",
        "-o",
        tmp_path / "b",
    )
    proof = done.json["data"]["verify"]
    assert (done.code, proof["passed"]) == (0, True), proof["stages"]["culprit"]
    assert [r["name"] for r in proof["runs"]] == ["float", "loihi"]
    assert proof["runs"][1]["latency"]["li"] == 2
    assert (tmp_path / "b" / "runs").is_dir()
    refused = neurotool("convert", net, "--dt", "1ms", "-o", tmp_path / "c", "--verify")
    assert (refused.code, "--verify has no data" in refused.err, (tmp_path / "c").exists()) == (2, True, False)


def test_reading_and_every_stage_tell_of_their_progress(tmp_path):
    net, samples = recurrent(tmp_path, lif)
    told = {}
    options = pipeline.ConvertOptions(dt=1e-3, calib=samples)
    pipeline.convert(
        str(net), tmp_path / "b", options, lambda stage, *counts: told.setdefault(stage, []).append(counts)
    )
    assert {"read", "partition", "calibrate", "place", "write spiking-0"} <= set(told)
    read = told["read"]
    assert read == sorted(read)
    assert read[-1] == (1, 1)  # megabytes


def test_one_form_alone_is_compared_with_the_engine(tmp_path, neurotool):
    net, samples = recurrent(tmp_path, lif)
    pipeline.convert(str(net), tmp_path / "b", pipeline.ConvertOptions(dt=1e-3))
    for form in ("float", "engine"):
        proof = pipeline.verify(tmp_path / "b", samples, against=[form], stages=False, plot=False).certificate
        assert [run.name for run in proof.runs] == ["float", "loihi"]
        assert proof.bisection is None
    bad = neurotool("verify", tmp_path / "b", "--input", samples, "--figures", samples / "such")
    assert (bad.code, "--figures" in bad.err) == (2, True)

"""Certificates: the right pairs, the right verdicts, and the place of the first difference."""

import json

import numpy as np
import pytest

from neurotool.ir.trace import Trace
from neurotool.verify import Arithmetic, NamedRun, Point, Tolerance, Tolerances, certify

STEPS, BATCH = 20, 50
RNG = np.random.default_rng(0)
HIDDEN, LAST = RNG.random((STEPS, BATCH, 4, 5)) < 0.2, RNG.random((STEPS, BATCH, 8)) < 0.2
V = RNG.integers(-999, 999, (STEPS, BATCH, 8))
LABELS = RNG.integers(0, 3, BATCH)
SCORES = np.eye(3)[LABELS]


def run(name, arithmetic, **changes):
    values = {
        "samples": BATCH,
        "spikes": {"hidden": HIDDEN, "last": LAST},
        "outputs": {"out": SCORES},
    } | changes
    return NamedRun(name, Arithmetic(arithmetic), **values)


def flipped(raster, *slots):
    raster = raster.copy()
    for slot in slots:
        raster[slot] ^= True
    return raster


def chain(**changes):
    """Source, float reference, engine and Lava, all equal but for ``changes`` per run."""
    kinds = {"source": "float", "float": "float", "loihi": "integer", "lava": "integer"}
    states = {"states": {"last": {"v": V}}}
    return [
        run(n, kind, **(states if kind == "integer" else {}) | changes.get(n, {})) for n, kind in kinds.items()
    ]  # fmt: skip


def pairs(certificate):
    return [(p.a, p.b, p.tolerance.reason) for p in certificate.pairs]


def test_a_chain_of_equals_passes():
    certificate = certify(chain(), LABELS, owners={"lif": "lava"})
    assert pairs(certificate) == [
        ("source", "float", "rounding"),
        ("float", "loihi", "quantisation"),
        ("loihi", "lava", "exact"),
        ("source", "loihi", "quantisation"),
    ]
    assert certificate.passed
    assert [r.accuracy for r in certificate.runs] == [1.0] * 4
    assert certificate.pair("loihi", "lava").differing == 0
    assert certificate.pair("loihi", "lava").slots == HIDDEN.size + LAST.size
    assert certificate.pair("loihi", "lava").states == {"last": {"v": 0}}
    assert certificate.pair("lava", "loihi") is None
    assert all(p.first is None for p in certificate.pairs)


def test_source_beside_engine_is_compared_once():
    assert pairs(certify([run("float", "float"), run("loihi", "integer")])) == [("float", "loihi", "quantisation")]


def test_one_spike_is_too_much_between_engines():
    spikes = {"hidden": flipped(HIDDEN, (7, 3, 2, 1)), "last": flipped(LAST, (2, 0, 0))}
    states = {"last": {"v": V}, "hidden": {"u": np.ones(HIDDEN.shape, int)}}
    certificate = certify(chain(lava={"spikes": spikes, "states": states}), LABELS)
    pair = certificate.pair("loihi", "lava")
    assert not certificate.passed
    assert pair.failures == (
        f"layer hidden: 1 of {HIDDEN.size} spike slots differ, none may",
        f"layer last: 1 of {LAST.size} spike slots differ, none may",
    )
    # "last" differs earlier in time, but "hidden" comes first in the network.
    assert (pair.first.layer, pair.first.point) == ("hidden", Point(7, 3, (2, 1)))
    before = bool(HIDDEN[7, 3, 2, 1])
    assert pair.first.values == {"loihi": {"spike": before}, "lava": {"spike": not before, "u": 1}}


def test_a_state_may_diverge_before_its_spikes():
    v = V.copy()
    v[4, 1, 6] += 1
    spikes = {"hidden": HIDDEN, "last": flipped(LAST, (5, 1, 6))}
    pair = certify(chain(lava={"spikes": spikes, "states": {"last": {"v": v}}})).pair("loihi", "lava")
    assert pair.first.point == Point(4, 1, (6,))
    assert pair.first.values["lava"]["v"] == pair.first.values["loihi"]["v"] + 1
    assert "layer last: state v differs in 1 slots, none may" in pair.failures


def test_lava_may_have_run_fewer_samples():
    few = {
        "samples": 6,
        "spikes": {"hidden": HIDDEN[:, :6], "last": LAST[:, :6]},
        "states": {"last": {"v": V[:, :6]}},
        "outputs": {"out": SCORES[:6]},
    }
    certificate = certify(chain(lava=few), LABELS)
    assert certificate.passed
    assert certificate.pair("loihi", "lava").samples == 6
    assert certificate.pair("loihi", "lava").correct == (6, 6)
    assert [r.samples for r in certificate.runs] == [BATCH, BATCH, BATCH, 6]


def test_engines_must_have_recorded_the_same_layers():
    certificate = certify(chain(lava={"spikes": {"hidden": HIDDEN}}))
    assert certificate.pair("loihi", "lava").failures == ("layer last was recorded by loihi only",)


def test_a_source_need_not_have_recorded_everything():
    assert certify(chain(source={"spikes": {"hidden": HIDDEN}})).passed
    assert certify(chain(source={"spikes": {}})).passed


def test_nothing_in_common_is_no_agreement():
    certificate = certify(chain(source={"spikes": {}, "outputs": {}}))
    assert certificate.pair("source", "float").failures == ("output out was recorded by float only",)


def test_rounding_may_move_a_spike_in_ten_thousand():
    hidden = RNG.random((STEPS, BATCH, 100)) < 0.2
    slots = [(t, 0, 0) for t in range(11)]
    for flips, passed in ((10, True), (11, False)):
        runs = chain(
            source={"spikes": {"hidden": hidden}}, float={"spikes": {"hidden": flipped(hidden, *slots[:flips])}}
        )
        assert certify(runs).pair("source", "float").passed is passed


def test_quantisation_is_judged_by_similarity():
    for moved, passed in ((0.05, True), (0.5, False)):
        spikes = {"hidden": np.where(RNG.random(HIDDEN.shape) < moved, False, HIDDEN), "last": LAST}
        pair = certify(chain(loihi={"spikes": spikes}, lava={"spikes": spikes})).pair("float", "loihi")
        assert pair.passed is passed, pair.layers["hidden"].cosine


@pytest.mark.parametrize(("lost", "passed"), [(1, True), (2, False)])
def test_one_sample_may_be_lost_but_not_more_than_a_point(lost, passed):
    scores = SCORES.copy()
    scores[:lost] = np.roll(scores[:lost], 1, axis=1)
    integers = {"outputs": {"out": scores}}
    certificate = certify(chain(loihi=integers, lava=integers), LABELS)
    assert certificate.passed is passed
    assert certificate.runs[2].accuracy == (BATCH - lost) / BATCH
    pair = certificate.pair("float", "loihi")
    assert pair.failures == (() if passed else ("accuracy: 2 of 50 samples lost, at most 1 may be",))


def test_a_gain_of_accuracy_is_no_failure():
    scores = SCORES.copy()
    scores[:8] = np.roll(scores[:8], 1, axis=1)
    wrong = {"outputs": {"out": scores}}
    certificate = certify(chain(source=wrong, float=wrong), LABELS)
    assert certificate.passed
    assert certificate.pair("float", "loihi").correct == (BATCH - 8, BATCH)


def test_timed_scores_are_summed_over_time():
    timed = np.zeros((STEPS, BATCH, 3))
    timed[-1] = SCORES
    runs = [run(n, "float", outputs={"out": timed}, timed=frozenset({"out"})) for n in ("a", "b")]
    assert [r.accuracy for r in certify(runs, LABELS).runs] == [1.0, 1.0]


def test_outputs_that_differ_or_are_no_numbers_fail():
    certificate = certify(chain(lava={"outputs": {"out": SCORES + 0.1}}))
    assert certificate.pair("loihi", "lava").failures[0].startswith("output out: relative difference 0.17")
    certificate = certify(chain(lava={"outputs": {"out": SCORES * np.nan}}))
    assert certificate.pair("loihi", "lava").failures == ("output out of lava holds NaN or infinity",)


@pytest.mark.parametrize(("one", "other"), [("loihi", "lava"), ("float", "loihi")])
def test_states_of_another_shape_fail(one, other):
    """Spikes that are all equal do not make up for a potential that stops a step early."""
    kinds = {"float": "float", "loihi": "integer", "lava": "integer"}
    whole, short = ({"last": {"u": V, "v": values}} for values in (V, V[:-1]))
    certificate = certify([run(one, kinds[one], states=whole), run(other, kinds[other], states=short)])
    message = f"layer last: state v has shape (20, 50, 8) in {one}, (19, 50, 8) in {other}"
    assert certificate.pairs[0].failures == (message,)
    assert not certificate.passed


def test_other_shapes_fail():
    certificate = certify(chain(float={"spikes": {"hidden": HIDDEN[:-1]}}))
    assert "layer hidden has shape (20, 50, 4, 5) in source, (19, 50, 4, 5) in float" in certificate.pairs[0].failures


def test_limits_can_be_given():
    spikes = {"hidden": flipped(HIDDEN, (0, 0, 0, 0)), "last": LAST}
    loose = Tolerances(exact=Tolerance("exact", 0.1, None, None, 0.0, False))
    assert certify(chain(lava={"spikes": spikes}), tolerances=loose).passed


@pytest.mark.parametrize("runs", [[], [run("a", "float")], [run("a", "float")] * 2])
def test_runs_must_be_several_and_named(runs):
    with pytest.raises(ValueError, match="at least two runs"):
        certify(runs)


def test_json_and_rows():
    spikes = {"hidden": flipped(HIDDEN, (7, 3, 2, 1)), "last": LAST}
    certificate = certify(chain(lava={"spikes": spikes}), LABELS, owners={"lif": "lava", "soft-reset": "neurotool"})
    data = json.loads(json.dumps(certificate.to_json(), allow_nan=False))
    assert data["schema"] == "neurotool.certificate/1"
    assert (data["passed"], data["owners"]["soft-reset"]) == (False, "neurotool")
    pair = data["pairs"][2]
    assert (pair["a"], pair["b"], pair["passed"], pair["differing"]) == ("loihi", "lava", False, 1)
    assert pair["first"]["point"] == {"step": 7, "sample": 3, "neuron": [2, 1]}
    assert pair["layers"]["last"]["rate_a"] == pytest.approx(LAST.mean())
    rows = list(certificate.rows())
    assert len(rows) == 2 * len(certificate.pairs)
    assert (rows[4].pair, rows[4].layer, rows[4].differing) == ("loihi → lava", "hidden", 1)


def test_traces_of_several_parts_are_put_together():
    first = Trace("loihi", 1e-3, STEPS, {"in": HIDDEN, "hidden": HIDDEN}, {"hidden": {"v": HIDDEN}}, {}, {}, 0.1)
    second = Trace("loihi", 1e-3, STEPS, {"last": LAST}, {"last": {"v": V}}, {}, {}, 0.1)
    joined = NamedRun.of_traces("loihi", Arithmetic.INTEGER, (first, second), {"out": SCORES})
    assert list(joined.spikes) == ["in", "hidden", "last"]
    assert list(joined.states) == ["hidden", "last"]
    assert joined.samples == BATCH


def test_float_states_are_shown_but_not_compared():
    floats = {"spikes": {"last": flipped(LAST, (3, 2, 1))}, "states": {"last": {"v": V / 7.0}}}
    pair = certify([run("float", "float", **floats), run("loihi", "integer", states={"last": {"v": V}})]).pairs[0]
    assert pair.states == {}
    assert pair.first.values["float"]["v"] == V[3, 2, 1] / 7.0
    assert pair.first.values["loihi"]["v"] == V[3, 2, 1]


def test_a_model_without_spikes_can_be_certified():
    runs = [NamedRun.of_traces(name, Arithmetic.FLOAT, (), {"out": SCORES}) for name in ("source", "float")]
    assert [r.samples for r in certify(runs, LABELS).runs] == [BATCH, BATCH]
    assert certify(runs, LABELS).passed


def test_a_potential_that_is_off_fails_even_without_spikes_and_labels():
    wrong = {"outputs": {"out": 1.5 * SCORES}}
    certificate = certify(chain(loihi=wrong, lava=wrong))
    (failure,) = certificate.pair("float", "loihi").failures
    assert failure.startswith("output out: relative difference 0.5")


@pytest.mark.parametrize(("moved", "passed"), [(0.05, True), (1.0, False)])
def test_spikes_as_output_are_judged_as_a_layer_even_where_no_layer_of_the_chip_makes_them(moved, passed):
    raster = RNG.random((STEPS, BATCH, 3)) < 0.5
    other = {"outputs": {"out": raster ^ (RNG.random(raster.shape) < moved)}, "timed": frozenset({"out"})}
    first = {"outputs": {"out": raster}, "timed": frozenset({"out"})}
    pair = certify(chain(source=first, float=first, loihi=other, lava=other)).pair("float", "loihi")
    assert pair.outputs["out"].relative > pair.tolerance.outputs  # a share of the values means little for spikes
    assert (pair.outputs["out"].within, pair.outputs["out"].tolerance) == (passed, None)
    failures = () if passed else ("output out: spike rasters have cosine 0.000, expected at least 0.8",)
    assert pair.failures == failures


def test_an_output_that_is_a_layer_fails_once():
    other = {"spikes": {"hidden": HIDDEN, "last": ~LAST}, "outputs": {"out": ~LAST}, "timed": frozenset({"out"})}
    first = {"outputs": {"out": LAST}, "timed": frozenset({"out"})}
    pair = certify(chain(source=first, float=first, loihi=other, lava=other)).pair("float", "loihi")
    assert pair.failures == ("layer last: spike rasters have cosine 0.000, expected at least 0.8",)
    assert not pair.outputs["out"].within

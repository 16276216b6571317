"""The integer engine: timing, alignment, batches, outputs, and answers to bad programs and inputs."""

import itertools

import numpy as np
import pytest

from neurotool.errors import NegativeAnswerError, UnsupportedError, UsageError
from neurotool.ir.adapters import RunOptions
from neurotool.ir.program import ChipProgram, InputPort, OutputKind, OutputPort, Population, Projection, SignMode
from neurotool.plugins import TARGETS, load

RELAY = {"du": 4095, "dv": 0, "vth": 1, "bias_mant": 0, "bias_exp": 0}


def population(name, n, start, **values) -> Population:
    parameters = {k: np.full(n, v, np.int64) for k, v in (RELAY | values).items()}
    return Population(name, "lif", (n,), parameters, start, scale=64.0)


def synapses(name, source, target, weights, **kwargs) -> Projection:
    return Projection(name, source, target, np.array(weights, np.int64), **kwargs)


PORT = InputPort("x", (1,))


def program(populations, projections, outputs=(), inputs=(PORT,)) -> ChipProgram:
    return ChipProgram(
        1e-3, {p.name: p for p in inputs}, {p.name: p for p in populations}, {p.name: p for p in projections},
        tuple(outputs),
    )  # fmt: skip


def run(made, x, **options):
    return load(TARGETS, "loihi").run_program(made, {"x": np.asarray(x)}, RunOptions(**options))


def relays(depth):
    names = ["x", *(f"p{i}" for i in range(depth))]
    return program(
        [population(n, 1, i + 1) for i, n in enumerate(names[1:])],
        [synapses(f"w{i}", a, b, [[2]]) for i, (a, b) in enumerate(itertools.pairwise(names))],
    )


def test_rows_are_aligned_with_the_input_and_the_latency_is_kept_apart():
    spikes = np.array([1, 0, 0, 1, 1], bool).reshape(5, 1, 1)
    trace = run(relays(3), spikes)
    for name in ("p0", "p1", "p2"):
        assert trace.spikes[name].reshape(-1).tolist() == spikes.reshape(-1).tolist()
    assert trace.latency == {"p0": 1, "p1": 2, "p2": 3}


def test_a_bias_begins_with_the_population_and_not_before():
    made = program(
        [population("a", 1, 1, vth=100), population("b", 1, 2, bias_mant=1, bias_exp=6, vth=2)],
        [synapses("w", "x", "a", [[2]]), synapses("w2", "a", "b", [[2]])],
    )
    trace = run(made, np.zeros((6, 1, 1), bool), probes=("v",))
    # 64 per step against 128: fires in every third step, counted from the population's own start.
    assert trace.states["b"]["v"].reshape(-1).tolist() == [64, 128, 0, 64, 128, 0]
    assert trace.spikes["b"].reshape(-1).tolist() == [False, False, True] * 2


def test_samples_of_a_batch_do_not_touch_each_other():
    rng = np.random.default_rng(1)
    made = program(
        [population("a", 5, 1, du=300, dv=100, vth=60)], [synapses("w", "x", "a", rng.integers(-256, 255, (5, 1)))]
    )
    x = rng.random((20, 7, 1)) < 0.4
    together = run(made, x, probes=("u", "v"))
    for sample in range(7):
        alone = run(made, x[:, sample : sample + 1], probes=("u", "v"))
        assert (alone.spikes["a"][:, 0] == together.spikes["a"][:, sample]).all()
        assert (alone.states["a"]["u"][:, 0] == together.states["a"]["u"][:, sample]).all()


def test_two_projections_shift_separately_before_they_add():
    made = program(
        [population("a", 1, 1, vth=131071)],
        [synapses("w", "x", "a", [[-10]], weight_exp=-2), synapses("w2", "x", "a", [[-10]], weight_exp=-2)],
    )
    assert run(made, np.ones((1, 1, 1), bool), probes=("u",)).states["a"]["u"].item() == -6 * 64


def test_spikes_and_membrane_potentials_leave_at_the_outputs_in_the_shape_of_the_population():
    shaped = Population("a", "lif", (2, 2), population("a", 4, 1, vth=131071).parameters, 1, scale=32.0, offset=0.5)
    made = program([shaped], [synapses("w", "x", "a", [[2], [4], [6], [8]])], [OutputPort("a", OutputKind.MEMBRANE)])
    trace = run(made, np.ones((1, 1, 1), bool))
    assert trace.outputs["a"][0, 0].tolist() == [[4.5, 8.5], [12.5, 16.5]]
    assert trace.spikes["a"].shape == (1, 1, 2, 2)
    assert trace.states == {}, "a read-out is recorded for its output, not as a probe"


def test_strict_mode_names_population_neuron_sample_and_step():
    made = program([population("a", 2, 1, vth=131071)], [synapses("w", "x", "a", [[2], [254]], weight_exp=7)])
    x = np.zeros((9, 3, 1), bool)
    x[4:, 2] = True
    with pytest.raises(NegativeAnswerError, match="population 'a', neuron 1, sample 2, step 8: v = "):
        run(made, x, strict=True)
    assert run(made, x).spikes["a"].any(), "without strict the potential saturates as in Lava, and fires there"


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((3, 1, 2), bool), r"has shape \(3, 1, 2\), expected \[time, batch, 1\]"),
        (np.zeros((0, 1, 1), bool), "is empty"),
        (np.zeros((3, 1, 1)), "holds float64 values"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(x, message):
    with pytest.raises(UsageError, match=message):
        run(relays(1), x)


def test_missing_inputs_and_unknown_probes_are_refused():
    target = load(TARGETS, "loihi")
    with pytest.raises(UsageError, match=r"takes the inputs \['x'\], but was given \['y'\]"):
        target.run_program(relays(1), {"y": np.zeros((1, 1, 1), bool)}, RunOptions())
    with pytest.raises(UsageError, match="unknown probe w"):
        run(relays(1), np.zeros((1, 1, 1), bool), probes=("w",))


def test_every_parameter_out_of_range_is_listed_before_the_run():
    bad = population("a", 2, 1, du=4096, vth=1 << 17)
    unknown = Population("b", "hh", (1,), {}, 1, 1.0)
    with pytest.raises(UnsupportedError) as caught:
        run(program([bad, unknown], [synapses("w", "x", "a", [[1], [1]])]), np.zeros((1, 1, 1), bool))
    assert [(d.rule, d.node) for d in caught.value.diagnostics] == [
        ("NT-PROG-003", "a"), ("NT-PROG-003", "a"), ("NT-PROG-001", "b"),
    ]  # fmt: skip


def test_graded_payloads_beyond_the_port_are_refused_in_strict_mode_only():
    port = InputPort("x", (1,), message_bits=4)
    made = program([population("a", 1, 1)], [synapses("w", "x", "a", [[2]], message_bits=4)], inputs=(port,))
    wide = np.full((1, 1, 1), 16, np.int32)
    run(made, wide)
    with pytest.raises(UsageError, match=r"its spikes are -8\.\.8"):
        run(made, wide, strict=True)


def test_progress_counts_every_row():
    seen = []
    run(relays(2), np.zeros((3, 1, 1), bool), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_an_inhibitory_projection_lowers_the_potential():
    made = program([population("a", 1, 1)], [synapses("w", "x", "a", [[-3]], sign_mode=SignMode.INHIBITORY)])
    assert run(made, np.ones((2, 1, 1), bool), probes=("v",)).states["a"]["v"].reshape(-1).tolist() == [-192, -384]


@pytest.mark.parametrize("name", ["loihi", "loihi-reference"])
def test_a_run_goes_on_where_another_stopped(name):
    made = relays(1)
    made = program([*made.populations.values()], [
        synapses("w", "x", "p0", [[2]], delays=np.array([[3]])),
    ])  # fmt: skip
    target, x = load(TARGETS, name), np.zeros((8, 1, 1), bool)
    x[2] = True
    begun = target.run_program(made, {"x": x[:4]}, RunOptions(keep_state=True))
    assert not begun.spikes["p0"].any(), "the spike of row 2 is on its way until row 5"
    ended = target.run_program(made, {"x": x[4:]}, RunOptions(resume=begun.state))
    assert np.flatnonzero(ended.spikes["p0"]).tolist() == [1]
    assert ended.state is None

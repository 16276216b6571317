"""The same task on a GPU, and where the two meet."""

from dataclasses import replace

import numpy as np
import pytest

from neurotool.chips import load_chip, load_device
from neurotool.energy import DenseWork, Evidence, SpikingWork, Term, count_work, estimate, expected
from neurotool.energy.accuracy import Accuracy, Kind
from neurotool.energy.bands import Band
from neurotool.energy.breakeven import Basis, Verdict, break_even, mean_rate
from neurotool.energy.compare import LARGEST_BATCH, Alternative, ScalingWork, best_batch, bits_of, on_gpu
from neurotool.energy.comparison import Task, compare
from neurotool.ir.costs import DenseCounts
from neurotool.ir.program import ChipProgram, InputPort, OutputKind, OutputPort, Population, Projection
from neurotool.ir.trace import Trace
from neurotool.passes.place import place

CHIP, CPU, GPU = load_chip("loihi1"), load_device("cpu-generic"), load_device("h100-sxm")
SPIKING = ScalingWork(flops=1e6, weight_bytes=4e5, value_bytes=1e5, kernels=100)
ANN = ScalingWork(flops=1e5, weight_bytes=4e4, value_bytes=1e4, kernels=4)


def test_work_is_separated_into_what_grows_with_the_batch_and_what_does_not():
    one, two = DenseCounts(10, 100, 3, 1), DenseCounts(20, 130, 3, 2)
    work = ScalingWork.of(one, two)
    assert work == ScalingWork(10, 70, 30, 3)
    assert work.at(1) == one
    assert work.at(2) == two
    assert work.at(5) == DenseCounts(50, 70 + 150, 3, 5)
    assert work.at(5, "int8").bytes_moved == (70 + 150) / 4
    assert work.once_in(10) == ScalingWork(1, 70, 3, 3)


@pytest.mark.parametrize(("steps", "bits"), [(1, 1), (2, 2), (3, 2), (4, 3), (7, 3), (8, 4), (255, 8), (256, 9)])
def test_bits_hold_every_count_of_spikes(steps, bits):
    # ceil(log2(T + 1)): the counts 0 to T are T + 1 values.
    assert bits_of(steps) == bits
    assert 2 ** (bits - 1) < steps + 1 <= 2**bits


def test_every_way_is_shown_at_batch_one_and_at_its_best():
    ways = on_gpu(SPIKING, ANN, 20, GPU)
    names = ["spiking network, step by step", "float ANN", "ANN of 5 bits, computed as int8"]
    assert [w.name for w in ways] == [name for name in names for _ in range(2)]
    for single, best in zip(ways[::2], ways[1::2], strict=True):
        assert single.batch == 1 < best.batch <= LARGEST_BATCH
        assert best.energy.nominal < single.energy.nominal
        assert best.latency.nominal >= single.latency.nominal
        assert single.edp.nominal == pytest.approx(single.energy.nominal * single.latency.nominal)
        assert single.edp.low <= single.edp.nominal <= single.edp.high
        assert single.accuracy is None


def test_a_network_of_many_steps_needs_a_wider_format():
    assert on_gpu(SPIKING, ANN, 256, GPU)[-1].name == "ANN of 9 bits, computed as bfloat16"
    assert on_gpu(SPIKING, ANN, 256, CPU)[-1].name == "ANN of 9 bits, computed as float32"


def test_the_best_batch_is_the_smallest_that_comes_near_the_least():
    heavy = ScalingWork(flops=1e12, weight_bytes=0, value_bytes=0, kernels=1)
    assert best_batch(heavy, "float32", GPU) == 1
    assert best_batch(ANN, "float32", GPU) == LARGEST_BATCH


def counted(work):
    return [count_work(work, CHIP)]


def energy_at(work, factor, term=None):
    scaled = [replace(each, work=each.work.at_rate(factor)) for each in counted(work)]
    report = estimate(scaled, [], CHIP, CPU)
    return (report.total if term is None else report.terms[term]).nominal


def alternative(total, dynamic):
    bands = (Band(each, each, each) for each in (total, dynamic, 1.0))
    return Alternative("other", "gpu", 1, *bands)


def test_break_even_is_where_the_energies_are_equal(work):
    # One spike of two neurons in three steps.
    rate = mean_rate(counted(work))
    assert rate == pytest.approx(1 / 6)
    total, dynamic = energy_at(work, 2.5), energy_at(work, 0.5, Term.DYNAMIC)
    of_total, of_dynamic = break_even(counted(work), [], CHIP, CPU, [alternative(total, dynamic)])
    assert (of_total.basis, of_dynamic.basis) == (Basis.TOTAL, Basis.DYNAMIC)
    assert of_total.rate == pytest.approx(2.5 * rate, rel=1e-4)
    assert of_dynamic.rate == pytest.approx(0.5 * rate)
    assert of_total.measured == rate


def test_where_the_energies_never_meet_it_says_which_is_less(work):
    cheap, dear = break_even(counted(work), [], CHIP, CPU, [alternative(1e-15, 1e3)])
    assert (cheap.verdict, cheap.rate) == (Verdict.NEVER, None)
    assert (dear.verdict, dear.rate) == (Verdict.ALWAYS, None)


def test_silence_has_no_break_even(work_with):
    silent = work_with({"in": np.zeros((2, 1, 3), np.bool_), "p": np.zeros((2, 1, 2), np.bool_)})
    assert break_even(counted(silent), [], CHIP, CPU, [alternative(1.0, 1.0)]) == ()


def test_a_comparison_puts_the_split_model_first(work: SpikingWork):
    dense = [DenseWork("d", DenseCounts(1e4, 1e4, 2, 1))]
    report = estimate(counted(work), dense, CHIP, CPU)
    task = Task(SPIKING, ANN, 20, {Kind.SPLIT: Accuracy(accuracy=0.9, source="a run")})
    found = compare(report, counted(work), dense, (CHIP, CPU), task, GPU)
    first = found.alternatives[0]
    assert (first.name, first.where, first.accuracy) == ("hybrid: chip and device", "loihi1 and cpu-generic", 0.9)
    assert first.energy == report.total
    assert len(found.break_even) == 2 * 6
    assert any("dense parts" in note for note in found.notes)
    alone = compare(estimate(counted(work), [], CHIP, CPU), counted(work), [], (CHIP, CPU), task, GPU)
    assert alone.alternatives[0].name == "spiking on chip"
    assert alone.to_json()["alternatives"][1]["edp_Js"]["nominal"] > 0


def biased(spikes):
    """One input, two neurons, and a bias axon that both hear in every step."""
    steps = len(spikes["in"])
    axon = Population("p.bias", "lif", (1,), {}, 0, 1.0)
    program = ChipProgram(
        1e-3,
        {"in": InputPort("in", (1,))},
        {"p.bias": axon, "p": Population("p", "lif", (2,), {"bias_mant": np.zeros(2, np.int64)}, 1, 1.0)},
        {
            "w": Projection("w", "in", "p", np.array([[2], [4]])),
            "b": Projection("b", "p.bias", "p", np.array([[6], [8]])),
        },
        (OutputPort("p", OutputKind.SPIKES),),
    )
    rasters = spikes | {"p.bias": np.ones((steps, 1, 1), np.bool_)}
    trace = Trace("loihi", 1e-3, steps, rasters, {}, {}, {"p": 1, "p.bias": 0}, 0.0)
    return SpikingWork("spiking-0", program, place(program, CHIP), trace)


def test_a_bias_axon_is_no_firing_neuron():
    silent = biased({"in": np.zeros((4, 1, 1), np.bool_), "p": np.zeros((4, 1, 2), np.bool_)})
    assert mean_rate(counted(silent)) == 0.0
    assert break_even(counted(silent), [], CHIP, CPU, [alternative(1.0, 1.0)]) == ()


def test_a_bias_axon_fires_in_every_step_however_often_the_others_do():
    spikes = {"in": np.array([1, 0, 1, 0]).reshape(4, 1, 1) > 0, "p": np.array([[0, 0], [1, 0]] * 2)[:, None] > 0}
    (one,) = counted(biased(spikes))
    assert mean_rate([one]) == pytest.approx(2 / 10)  # two spikes of two neurons in five steps
    twice, never = one.work.at_rate(2.0), one.work.at_rate(0.0)
    synops = {name: sum(x.synops for x in work.layers) for name, work in (("2", twice), ("1", one.work), ("0", never))}
    assert synops == {"2": 8 + 2 * 4, "1": 8 + 4, "0": 8}  # the axon reaches both neurons in each of four steps
    firing = {x.name: x.firing for x in twice.layers}
    assert firing == {"in": 0, "p.bias": 4, "p": 4}
    assert never.busiest_synops.max() == 2.0


def test_rates_of_neurons_give_a_bias_axon_what_the_run_gives_it():
    spikes = {"in": np.ones((4, 1, 1), np.bool_), "p": np.ones((4, 1, 2), np.bool_)}
    work = biased(spikes)
    found = expected("a", work.program, work.placement, CHIP, 4, {"in": 1.0, "p": 1.0})
    assert found.evidence is Evidence.RECORDED
    ran = counted(work)[0].work
    assert [x.synops for x in found.work.layers] == [x.synops for x in ran.layers]
    assert [x.synops for x in found.work.steady] == [x.synops for x in ran.steady]

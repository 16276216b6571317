"""Joules and seconds: by hand, in bands, and growing with spikes."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neurotool.chips import Constant, load_chip, load_device
from neurotool.energy import Busy, DenseWork, Kind, SpikingWork, Term, estimate, waits
from neurotool.errors import UsageError
from neurotool.ir.costs import DenseCounts
from neurotool.ir.program import ChipProgram, Convolution, InputPort, Population, Projection
from neurotool.ir.trace import Trace
from neurotool.passes.place import place

CHIP = load_chip("loihi1")
DEVICE = load_device("jetson-orin-nano")
DENSE = DenseCounts(flops=2e6, bytes_moved=1e6, kernels=3, batch=1)


def test_joules_by_hand(work):
    report = estimate([work], [], CHIP, DEVICE)
    (part,) = report.parts
    # Three steps of one barrier each, and the fixed input/output time.
    seconds = 3 * 1.2e-6 + 3.4e-3
    assert part.latency["steps"].nominal == pytest.approx(3.6e-6)
    assert report.latency.nominal == pytest.approx(seconds)
    # 3 synops in lists without indices, 4 active and 2 inactive updates, 1 firing, 2 messages.
    dynamic = (3 * 35.5 + 4 * 73 + 2 * 51.5 + 69.3 + 2 * 111) * 1e-12
    assert report.terms[Term.DYNAMIC].nominal == pytest.approx(dynamic)
    assert report.terms[Term.STATIC].nominal == pytest.approx((29e-3 + 0.65e-3) * seconds)
    assert report.terms[Term.HOST].nominal == pytest.approx(22.7e-3 * seconds)
    # 3 spikes in, 1 out, 4 bytes each; 2 potentials of 4 bytes at 2 steps.
    assert report.terms[Term.BOUNDARY].nominal == pytest.approx((4 * 4 + 2 * 2 * 4) * 4e-9)
    assert report.total.nominal == pytest.approx(sum(report.terms[t].nominal for t in Term))
    assert part.power == pytest.approx(report.total.nominal / seconds)
    layer = {row.name: row for row in part.rows}
    assert layer["in"].terms[Term.DYNAMIC].nominal == pytest.approx(222e-12)
    assert layer["p"].terms[Term.STATIC].nominal == 0


def test_synaptic_operations_of_a_convolution_have_a_price_of_their_own():
    work = convolution_work()
    (part,) = estimate([work], [], CHIP, DEVICE).parts
    layer = {row.name: row for row in part.rows}["p"]
    (product,) = [p for p in layer.arithmetic if p.constant.startswith("loihi1.synop")]
    # One spike in the middle of three columns meets all three weights of the kernel.
    assert (product.constant, product.count) == ("loihi1.synop_shared", 3)
    assert product.energy.nominal == pytest.approx(3 * 24e-12)


def convolution_work():
    projection = Projection("w", "in", "p", np.array([[[[2, 4, 6]]]]), connectivity=Convolution(padding=(0, 1)))
    layer = Population("p", "lif", (1, 3), {}, 1, 1.0)
    program = ChipProgram(1e-3, {"in": InputPort("in", (1, 3))}, {"p": layer}, {"w": projection}, ())
    spikes = {"in": np.array([[[[0, 1, 0]]]], np.bool_), "p": np.zeros((1, 1, 1, 3), np.bool_)}
    return SpikingWork("a", program, place(program, CHIP), Trace("loihi", 1e-3, 1, spikes, {}, {}, {"p": 1}, 0.0))


def test_input_and_output_of_loihi2_take_time_per_value(work_with):
    report = estimate([work_with(chip="loihi2")], [], load_chip("loihi2"), DEVICE)
    # 3 inputs, 2 outputs read twice (spikes and potentials), 2 steps.
    assert report.parts[0].latency["input and output"].nominal == pytest.approx(14 * 1.5e-6)
    assert report.parts[0].latency["steps"].nominal == pytest.approx(3 * 1.75e-6)


def test_a_step_lasts_as_long_as_the_busiest_core(work):
    def at(name, unit):
        return Constant(
            value=1, low=1, high=1, unit=unit, basis="assumed", citation="worked out by hand", date="2026", note=name
        )

    costs = CHIP.costs.model_copy(
        update={"synop_time": at("synop", "ms"), "update_time": at("update", "us"), "barrier": at("barrier", "ns")}
    )
    report = estimate([work], [], CHIP.model_copy(update={"costs": costs}), DEVICE)
    # Steps of two, one and no synaptic operations; the last takes its two neuron updates.
    assert report.parts[0].latency["steps"].nominal == pytest.approx(2e-3 + 1e-3 + 2e-6)


def test_dense_part_by_hand():
    report = estimate([], [DenseWork("dense-0", DENSE)], CHIP, DEVICE)
    work, memory, launches = 2e6 / (1.28e12 * 0.5), 1e6 / (68e9 * 0.7), 3 * 10e-6
    seconds = max(work, memory, launches)
    assert seconds == launches
    assert report.latency.nominal == pytest.approx(seconds)
    assert report.terms[Term.STATIC].nominal == pytest.approx(2.28 * seconds)
    assert report.terms[Term.DYNAMIC].nominal == pytest.approx(1.0 * seconds + 2e6 * 4e-12 + 1e6 * 40e-12)
    assert report.total.low <= report.total.nominal / 3
    assert report.total.high >= report.total.nominal * 3 * (1 - 1e-12)
    assert report.kind is Kind.ASSUMED


def test_a_batch_shares_energy_but_not_latency():
    batch = replace(DENSE, batch=10)
    single, shared = (estimate([], [DenseWork("d", counts)], CHIP, DEVICE) for counts in (DENSE, batch))
    assert shared.total.nominal == pytest.approx(single.total.nominal / 10)
    assert shared.latency.nominal == pytest.approx(single.latency.nominal)
    assert shared.parts[0].power == pytest.approx(single.parts[0].power)


def test_a_hybrid_is_the_sum_of_its_parts(work):
    report = estimate([work], [DenseWork("dense-0", DENSE)], CHIP, DEVICE, whole=replace(DENSE, kernels=100))
    assert [part.part for part in report.parts] == ["spiking-0", "dense-0"]
    assert report.waiting is not None
    assert report.total.nominal == pytest.approx(
        sum(part.total.nominal for part in report.parts) + report.waiting.total.nominal
    )
    assert report.latency.nominal == pytest.approx(sum(part.seconds.nominal for part in report.parts))
    assert report.whole is not None
    assert report.whole.latency["total"].nominal == pytest.approx(1e-3)
    assert report.samples == 1
    assert report.activity == "measured trace (loihi)"


def test_what_waits_by_hand(work):
    report = estimate([work], [DenseWork("dense-0", DENSE), DenseWork("dense-1", DENSE)], CHIP, DEVICE)
    chip, device = (report.parts[i].seconds.nominal for i in (0, 1))
    assert report.waiting is not None and report.waiting.where == "loihi1 and jetson-orin-nano"
    # One chip with one core waits for both dense parts, the device for the chip alone.
    at_chip, at_device = (row.total.nominal for row in report.waiting.rows)
    assert at_chip == pytest.approx((29e-3 + 0.65e-3) * 2 * device)
    assert at_device == pytest.approx(2.28 * chip)
    assert report.terms[Term.WAITING].nominal == pytest.approx(at_chip + at_device)
    assert "the device waits: 0.0034036 s x 2.28 W" in "\n".join(report.explain("jetson-orin-nano"))
    assert all(part.terms[Term.WAITING].nominal == 0 for part in report.parts)


def test_nothing_waits_where_nothing_follows(work):
    for report in (estimate([work], [], CHIP, DEVICE), estimate([], [DenseWork("d", DENSE)] * 2, CHIP, DEVICE)):
        assert report.waiting is None and report.terms[Term.WAITING].nominal == 0


def test_parts_share_a_chip_while_they_wait():
    # Parts of 100 and 60 cores fill two chips of 128 between them; each is charged for its own chip while it runs.
    spiking = [Busy(1, 100, np.array([2.0])), Busy(1, 60, np.array([3.0]))]
    found = waits(spiking, [np.array([5.0])], CHIP)
    assert found.chips[0] == 2 * 10 - 2 - 3
    assert found.cores[0] == 100 * 8 + 60 * 7
    assert found.device[0] == 5
    assert waits(spiking, [], CHIP).device[0] == 0


def bands_of(report):
    yield from (report.total, report.latency, *report.terms.values())
    for part in (*report.parts, *([report.whole] if report.whole else [])):
        yield from (part.total, *part.latency.values(), *part.terms.values())
        for row in part.rows:
            yield from (row.total, *row.terms.values(), *(product.energy for product in row.arithmetic))


@pytest.mark.parametrize("chip", ["loihi1", "loihi2"])
@pytest.mark.parametrize("device", ["cpu-generic", "h100-sxm", "h200-sxm", "jetson-orin-nano"])
def test_bands_hold_the_nominal_and_are_never_too_narrow(work_with, chip, device):
    chip, device = load_chip(chip), load_device(device)
    report = estimate([work_with(chip=chip.name)], [DenseWork("d", DENSE)], chip, device, whole=DENSE)
    assert all(0 <= band.low <= band.nominal <= band.high for band in bands_of(report))
    on_chip = report.parts[0].terms[Term.DYNAMIC]
    assert on_chip.low <= on_chip.nominal * (1 - chip.dynamic_floor.value) * (1 + 1e-12)
    assert on_chip.high >= on_chip.nominal * (1 + chip.dynamic_floor.value) * (1 - 1e-12)


def test_bands_repeat_with_the_seed(work):
    first, again, other = (estimate([work], [], CHIP, DEVICE, seed=seed) for seed in (3, 3, 4))
    assert first.to_json() == again.to_json()
    assert first.total != other.total
    assert first.total.nominal == other.total.nominal


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), steps=st.integers(1, 6))
def test_energy_grows_with_spikes_and_is_never_negative(work_with, seed, steps):
    rng = np.random.default_rng(seed)
    fewer = {"in": rng.random((steps, 2, 3)) < 0.4, "p": rng.random((steps, 2, 2)) < 0.4}
    more = {name: raster | (rng.random(raster.shape) < 0.4) for name, raster in fewer.items()}
    low, high = (estimate([work_with(spikes)], [], CHIP, DEVICE) for spikes in (fewer, more))
    for term in Term:
        assert 0 <= low.terms[term].nominal <= high.terms[term].nominal * (1 + 1e-12)
    assert low.latency.nominal <= high.latency.nominal * (1 + 1e-12)


def test_arithmetic_adds_up_and_names_its_source(work):
    report = estimate([work], [DenseWork("dense-0", DENSE)], CHIP, DEVICE)
    for row in report.rows():
        assert sum(product.energy.nominal for product in row.arithmetic) == pytest.approx(row.total.nominal)
        assert all(product.citation and product.basis and product.date for product in row.arithmetic)
    text = "\n".join(report.explain("p"))
    assert "synaptic operations, lists without indices: 3 synops x 35.5 pJ [23.6..40, fit] = 1.065e-10 J" in text
    assert report.explain("nothing") == ()


def test_json_is_plain_and_labelled(work):
    report = estimate([work], [DenseWork("dense-0", DENSE)], CHIP, DEVICE, whole=DENSE)
    data = json.loads(json.dumps(report.to_json()))
    assert data["schema"] == "neurotool.energy/1"
    assert data["energy_J"]["total"]["nominal"] == report.total.nominal
    for part in (*data["parts"], data["whole_model_dense"]):
        assert part["kind"] in set(Kind)
        assert all(row["kind"] in set(Kind) for row in part["rows"])
    assert data["parts"][0]["rows"][1]["arithmetic"][0]["constant"] == "loihi1.synop_dense"


def test_a_slip_of_a_unit_is_warned_of(work):
    assert estimate([work], [DenseWork("d", DENSE)], CHIP, DEVICE).warnings == ()
    slipped = CHIP.costs.static_chip.model_copy(update={"unit": "mW"})
    weaker = CHIP.model_copy(update={"costs": CHIP.costs.model_copy(update={"static_chip": slipped})})
    (warning,) = estimate([work], [], weaker, DEVICE).warnings
    assert warning.rule == "NT-ENERGY-001"
    assert "mW" in warning.found


def test_what_does_not_belong_together_is_refused(work):
    with pytest.raises(UsageError, match="placed on 'loihi1'"):
        estimate([work], [], load_chip("loihi2"), DEVICE)
    with pytest.raises(UsageError, match="no figures for float16"):
        estimate([], [DenseWork("d", replace(DENSE, precision="float16"))], CHIP, DEVICE)
    with pytest.raises(UsageError, match="batch of 0"):
        estimate([], [DenseWork("d", replace(DENSE, batch=0))], CHIP, DEVICE)


def test_what_crosses_once_counts_once(work):
    from dataclasses import replace

    from neurotool.energy.boundary import Traffic, crossings

    every_step = crossings(work.program, work.trace)
    summed = crossings(work.program, work.trace, {"p"})
    assert summed == every_step | {"p": Traffic(2.0, 8.0)}
    less = estimate([replace(work, once=frozenset({"in", "p"}))], [], CHIP, DEVICE)
    assert less.terms[Term.BOUNDARY].nominal == pytest.approx((3 + 2) * 4 * 4e-9)

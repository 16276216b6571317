"""Work at given rates: by hand, beside a run with those rates, and from sizes alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurotool.chips import load_chip, load_device
from neurotool.chips.memory import Storage
from neurotool.energy import Evidence, estimate
from neurotool.energy.counts import count
from neurotool.energy.events import events_of
from neurotool.energy.expected import expected, expected_work
from neurotool.energy.rates import Cost, RatedLayer, chip_cost, device_cost, rated_work
from neurotool.errors import UsageError
from neurotool.ir.costs import DenseCounts
from neurotool.ir.trace import Trace

CHIP, CPU = load_chip("loihi1"), load_device("cpu-generic")


def test_a_layer_by_hand():
    layer = RatedLayer("p", neurons=10, synapses=200, sources=20, source_rate=0.5, rate=0.1)
    work = rated_work([layer], CHIP, 4, depth=1, spikes_in=40, values_in=80)
    events, link = work.layers
    # 10 sources fire in each of 4 steps and reach the one core; 10 neurons are updated in 5 steps.
    assert (events.synops_dense, events.messages, events.firing) == (400, 40, 4)
    assert (events.updates_active, events.updates_inactive) == (50, 0)
    assert (link.link_bytes, work.cores, work.chips, work.steps, work.values) == (160, 1, 1, 5, 80)
    seconds = 5 * 1.2e-6 + 3.4e-3  # 100 synops of 3.8 ns and 10 updates take less than the barrier
    dynamic = (400 * 35.5 + 40 * 111 + 4 * 69.3 + 50 * 73) * 1e-12
    standing = (29e-3 + 0.65e-3 + 22.7e-3) * seconds
    assert chip_cost(work, CHIP) == Cost(pytest.approx(dynamic + standing + 160 * 4e-9), pytest.approx(seconds))


def test_a_slow_layer_is_spread_over_the_cores_of_its_chip():
    # 1,000,000 synops of 3.8 ns are 3.8 ms on one core; 100 weights would fit there, and the chip has 127 more.
    shared = RatedLayer("p", 1000, 1e7, 1000, stored=100, form=Storage.SHARED)
    work = rated_work([shared], CHIP, 1)
    assert 116 <= work.cores <= 128
    assert work.busiest_synops[0, 0] == pytest.approx(1e6 / work.cores)
    assert work.layers[0].messages == 1000 * 0.1 * 2


def test_memory_and_neurons_say_how_many_cores_and_chips_are_filled():
    assert RatedLayer("p", 2049, 10, 10).fewest_cores(CHIP) == 3
    assert RatedLayer("p", 10, 131072 * 2, 10).fewest_cores(CHIP) == 2  # 131,072 weights of 8 bits fill 128 KB
    work = rated_work([RatedLayer("p", 129 * 1024, 0, 10)], CHIP, 1)
    assert work.chips == 2
    assert 129 <= work.cores <= 256


def test_device_cost_by_hand():
    # 100 kernels of 5 us outlast 1e6 FLOP and 1e6 bytes.
    counts, seconds = DenseCounts(1e6, 1e6, 100, 1), 500e-6
    joules = (17 + 11.5) * seconds + 1e6 * 0.3e-9 + 1e6 * 0.12e-9
    assert device_cost(counts, CPU) == Cost(pytest.approx(joules), pytest.approx(seconds))
    assert (device_cost(counts, CPU) + Cost(1.0, 2.0)).edp == pytest.approx((joules + 1.0) * (seconds + 2.0))


def test_where_every_neuron_fires_in_every_step_rates_and_a_run_count_alike(work):
    spikes = {"in": np.ones((3, 2, 3), np.bool_), "p": np.ones((3, 2, 2), np.bool_)}
    trace = Trace("loihi", 1e-3, 3, spikes, {}, {}, {"p": 1}, 0.0)
    ran = events_of(work.program, count(work.program, work.placement, trace, CHIP), {})
    rated = expected_work(work.program, work.placement, CHIP, 3, {"in": 1.0, "p": 1.0})
    for name in ("synops", "messages", "firing", "hops_east_west", "hops_north_south"):
        assert [getattr(a, name) for a in rated.layers] == pytest.approx([getattr(b, name) for b in ran.layers])
    assert (rated.steps, rated.cores) == (ran.steps, ran.cores)


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1))
def test_cost_grows_with_the_rate(a, b):
    low, high = sorted((a, b))

    def cost(rate):
        return chip_cost(rated_work([RatedLayer("p", 5000, 5e6, 1000, rate, rate)], CHIP, 10), CHIP)

    # The population is spread anew at every rate, for the least energy times time: energy alone may fall a little.
    assert 0 < cost(low).edp <= cost(high).edp * 1.01
    assert cost(low).joules <= cost(high).joules * 1.05


def test_evidence_is_recorded_where_all_rates_are_given_and_assumed_elsewhere(work):
    known = expected("a", work.program, work.placement, CHIP, 3, {"in": 0.2, "p": 0.1})
    guess = expected("a", work.program, work.placement, CHIP, 3, {"in": 0.2})
    assert (known.evidence, guess.evidence) == (Evidence.RECORDED, Evidence.ASSUMED)
    assert "10% of the steps for p" in guess.source
    wide, narrow = (estimate([each], [], CHIP, CPU).terms for each in (guess, known))
    for term in wide:
        assert wide[term].high >= narrow[term].high * 0.99


@pytest.mark.parametrize("rates", [{"p": -0.1}, {"p": float("nan")}, {"in": float("inf")}])
def test_impossible_rates_are_refused(work, rates):
    with pytest.raises(UsageError, match="no number from zero on"):
        expected_work(work.program, work.placement, CHIP, 3, rates)


def test_nothing_costs_nothing_that_can_be_estimated():
    with pytest.raises(UsageError, match="0 populations"):
        rated_work([], CHIP, 3)
    with pytest.raises(UsageError, match="negative size or rate of p"):
        rated_work([RatedLayer("p", 1, 1, 1, rate=-1)], CHIP, 3)

"""Estimates from published counts: by hand, and refusals that name the field."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurotool.chips import load_chip, load_device
from neurotool.energy import Evidence, Term, estimate
from neurotool.energy.published import counted_work
from neurotool.errors import UsageError
from neurotool.ir.activity_counts import parse_activity_counts, read_activity_counts

CHIP, DEVICE = load_chip("loihi1"), load_device("cpu-generic")
LAYER = {
    "name": "all",
    "neurons": 10,
    "synops": {"dense": 1, "sparse": 2, "shared": 4},
    "updates": {"active": 30, "inactive": 10},
    "spikes": 5,
    "messages": 7,
    "hops": {"east_west": 3, "north_south": 2},
}
COUNTS = {
    "schema": "neurotool.activity/1",
    "name": "net",
    "source": "a log",
    "date": "2026",
    "evidence": "recorded rates",
    "steps": 4,
    "cores": 2,
    "layers": [LAYER],
}


def report(**changes):
    return estimate([counted_work(parse_activity_counts({**COUNTS, **changes}, "f"), CHIP)], [], CHIP, DEVICE)


def test_joules_and_seconds_by_hand():
    found = report(link={"values": 8, "bytes": 100})
    events = 35.5 + 2 * 33.6 + 4 * 24 + 30 * 73 + 10 * 51.5 + 5 * 69.3 + 7 * 111 + 3 * 3 + 2 * 4
    assert found.terms[Term.DYNAMIC].nominal == pytest.approx(events * 1e-12)
    seconds = 4 * 1.2e-6 + 3.4e-3
    assert found.latency.nominal == pytest.approx(seconds)
    assert found.terms[Term.STATIC].nominal == pytest.approx((29e-3 + 2 * 0.65e-3) * seconds)
    assert found.terms[Term.BOUNDARY].nominal == pytest.approx(100 * 4e-9)
    assert (found.evidence, found.activity) == (Evidence.RECORDED, "recorded rates (a log, 2026)")


def test_a_known_time_is_not_modelled_and_has_no_band():
    step = report(time_per_step="6.4 us")
    assert step.parts[0].latency["steps"].nominal == pytest.approx(4 * 6.4e-6)
    assert step.latency.nominal == pytest.approx(4 * 6.4e-6 + 3.4e-3)
    whole = report(latency="5ms")
    assert whole.latency.low == whole.latency.nominal == whole.latency.high == pytest.approx(5e-3)
    assert any("the latency is given" in note for note in whole.notes)


def test_the_busiest_core_decides_the_time_of_a_step():
    found = report(busiest_core={"synops_per_step": 1e6, "neurons": 1})
    assert found.parts[0].latency["steps"].nominal == pytest.approx(4 * 1e6 * 3.8e-9)
    crowded = report(busiest_core={"synops_per_step": 0, "neurons": 1000})
    assert crowded.parts[0].latency["steps"].nominal == pytest.approx(4 * 1000 * 8.4e-9)


def test_several_chips_wait_for_each_other_and_for_their_links():
    assert report(chips=2).parts[0].latency["steps"].nominal == pytest.approx(4 * 5.8e-6)
    crossing = report(chips=3, layers=[LAYER | {"crossings": 8e4}])
    # 20,000 messages in a step, over two links.
    assert crossing.parts[0].latency["steps"].nominal == pytest.approx(4 * 1e4 * 8.7e-9)
    more = crossing.terms[Term.DYNAMIC].nominal - report(chips=3).terms[Term.DYNAMIC].nominal
    assert more == pytest.approx(8e4 * 160e-12)


def test_a_spike_is_one_message_where_nothing_else_is_said():
    found = report(layers=[{**LAYER, "messages": None}])
    rows = {product.what: product.count for product in found.rows()[0].arithmetic}
    assert rows["messages"] == 5
    assert any("one for each spike is assumed" in note for note in found.notes)


def test_an_assumed_rate_widens_the_band_by_its_range():
    sure = report()
    guessed = report(evidence="assumed rate", rates_within={"low": 0.1, "high": 10})
    assert guessed.evidence is Evidence.ASSUMED
    assert guessed.total.nominal == pytest.approx(sure.total.nominal)
    assert guessed.terms[Term.DYNAMIC].high > sure.terms[Term.DYNAMIC].high
    assert "activity.rates" in {swing.constant for swing in guessed.tornado}
    with pytest.raises(UsageError, match="needs rates_within"):
        report(evidence="assumed rate")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"time_per_step": 6.4}, r"time_per_step: 6.4 has no unit; write a number and a unit, such as '6.4 us'"),
        ({"time_per_step": "6.4"}, "time_per_step: '6.4' has no unit"),
        ({"latency": "3 mJ"}, "latency: unknown unit 'mJ'"),
        ({"synops": 3}, "synops: a field of another level"),
        ({"core": 3}, "core: there is no such field; did you mean 'cores'"),
        ({"layers": [LAYER | {"spikes": "5k"}]}, "layers.0.spikes: Input should be a valid number, found '5k'"),
        ({"layers": [LAYER | {"spikes": True}]}, "layers.0.spikes"),
        ({"layers": [LAYER | {"spikes": -1}]}, "layers.0.spikes: Input should be greater than or equal to 0"),
        ({"layers": [LAYER | {"spikes": 41}]}, "41 spikes of 10 neurons in 4 steps; at most 40 are possible"),
        ({"layers": [LAYER | {"updates": {"active": 10}}]}, "10 updates, .* 10 neurons in 4 steps make 40"),
        ({"layers": [LAYER, LAYER]}, "two layers have the same name"),
        ({"source": " "}, "source: must not be empty"),
        ({"evidence": "measured"}, "evidence"),
        ({"steps": 0}, "steps"),
        ({"schema": "neurotool.activity/2"}, "schema"),
    ],
)
def test_wrong_fields_and_units_are_refused_by_name(changes, said):
    with pytest.raises(UsageError, match=said):
        parse_activity_counts({**COUNTS, **changes}, "f.json")


def test_a_missing_field_and_a_file_of_another_kind_are_refused(tmp_path):
    with pytest.raises(UsageError, match="cores: is missing"):
        parse_activity_counts({name: value for name, value in COUNTS.items() if name != "cores"}, "f")
    path = Path(tmp_path, "counts.json")
    with pytest.raises(UsageError, match="cannot be read"):
        read_activity_counts(path)
    path.write_text("not json", encoding="utf-8")
    with pytest.raises(UsageError, match="not a JSON file"):
        read_activity_counts(path)
    path.write_text(json.dumps(COUNTS), encoding="utf-8")
    assert read_activity_counts(path).layers[0].synops.shared == 4


def test_more_cores_than_the_chip_has_are_refused():
    with pytest.raises(UsageError, match=r"129 cores on 1 loihi1 chip\(s\), which have 128"):
        report(cores=129)
    assert report(cores=129, chips=2).parts


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"time_per_step": "6.4 s"}, "6.4 s"),
        ({"latency": "1 ns"}, "250 ps"),
        ({"layers": [LAYER | {"synops": {"sparse": 5e6}}]}, "1e+06"),
        ({"layers": [LAYER | {"messages": 500}]}, "500"),
        ({"time_per_step": "1 ms", "latency": "1 ms"}, "4 ms"),
    ],
)
def test_figures_far_from_what_is_plausible_are_warned_of(changes, found):
    warnings = [w for w in report(**changes).warnings if w.rule == "NT-ENERGY-004"]
    assert found in [w.found for w in warnings]
    assert [w for w in report().warnings if w.rule == "NT-ENERGY-004"] == []


@settings(max_examples=40, deadline=None)
@given(
    amounts=st.lists(st.floats(0, 1e9), min_size=8, max_size=8),
    more=st.floats(1, 10),
    chips=st.integers(1, 4),
)
def test_energy_grows_with_every_count_and_is_never_negative(amounts, more, chips):
    names = ("dense", "sparse", "shared")
    layer = {
        "name": "l",
        "synops": dict(zip(names, amounts, strict=False)),
        "updates": {"active": amounts[3], "inactive": amounts[4]},
        "spikes": amounts[5],
        "messages": amounts[6],
        "crossings": amounts[7],
    }
    work = counted_work(parse_activity_counts({**COUNTS, "layers": [layer], "chips": chips}, "f"), CHIP)
    few, many = (
        estimate([replace(work, work=each)], [], CHIP, DEVICE) for each in (work.work, work.work.at_rate(more))
    )
    for term in Term:
        assert 0 <= few.terms[term].low <= few.terms[term].nominal <= few.terms[term].high
        assert few.terms[term].nominal <= many.terms[term].nominal * (1 + 1e-12)
    assert few.latency.nominal <= many.latency.nominal * (1 + 1e-12)

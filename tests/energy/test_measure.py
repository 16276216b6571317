"""Constants from measured runs: the arithmetic by hand, counters that wrap, and real work on this machine."""

from __future__ import annotations

import threading
import time
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neurotool.chips import load_device
from neurotool.chips.write import write_device
from neurotool.energy import device_cost
from neurotool.energy.measure import protocol
from neurotool.energy.measure.entry import Source, device_of
from neurotool.energy.measure.fit import Range, Sample, Work, fit, fit_powers
from neurotool.energy.measure.meters import CounterMeter, SampledMeter, trapezoid
from neurotool.energy.measure.protocol import Plan, Workload, measure
from neurotool.energy.measure.rapl import open_cpu
from neurotool.energy.measure.workloads import LAUNCHES, synchroniser, workloads
from neurotool.errors import BackendFailedError, BackendMissingError
from neurotool.ir.costs import DenseCounts


def runs(idle=10.0, floor=20.0, byte=1e-10, operation=2e-12, other=1e-12):
    """Runs whose energy the model makes, with these constants."""

    def sample(work, size, precision, seconds, kernels=0, flops=0.0, moved=0.0):
        each = {"float32": operation, "int8": other}.get(precision, 0.0)
        awake = 0.0 if work is Work.IDLE else floor
        joules = (idle + awake) * seconds + each * flops + byte * moved
        return Sample(work, size, precision, seconds, joules, kernels, flops, moved)

    return [
        sample(Work.IDLE, 0, "", 2.0),
        sample(Work.LAUNCH, 1, "", 2.0, kernels=400_000),
        sample(Work.COPY, 10, "", 2.0, 100, moved=1e12),
        sample(Work.COPY, 5, "", 4.0, 100, moved=1e12),
        sample(Work.MULTIPLY, 8, "float32", 2.0, 10, 1e13, 1e11),
        sample(Work.MULTIPLY, 4, "float32", 4.0, 10, 1e13, 4e11),
        sample(Work.MULTIPLY, 8, "int8", 2.0, 10, 4e13, 1e10),
        sample(Work.IDLE, 0, "", 3.0),
    ]


def test_constants_by_hand():
    # Launches draw 30 W: 20 above idle. A copy adds 100 J in 2 s: 1e-10 J for each of 1e12 bytes.
    found = fit_powers(runs())
    assert (found.idle, found.floor) == (pytest.approx(10), pytest.approx(20))
    assert found.byte == pytest.approx(1e-10)
    assert found.operation == {"float32": pytest.approx(2e-12), "int8": pytest.approx(1e-12)}


def test_rates_are_the_largest_and_efficiencies_shares_of_them():
    found = fit([runs(), runs(idle=12.0)])
    assert found.peak["float32"] == Range(5e12, 5e12, 5e12)
    assert found.compute_efficiency == Range(0.5, 1.0, 1.0)
    assert found.bandwidth == Range(5e11, 5e11, 5e11)
    assert found.bandwidth_efficiency == Range(0.5, 0.75, 1.0)
    assert found.launch.value == pytest.approx(5e-6)
    assert (found.idle.low, found.idle.value, found.idle.high) == (10, 11, 12)
    assert found.drift == pytest.approx(2 / 11)


@settings(max_examples=50, deadline=None)
@given(*[st.floats(0.01, 100)] * 5)
def test_any_constants_are_found_again(idle, floor, byte, operation, other):
    found = fit_powers(runs(idle, floor, byte * 1e-11, operation * 1e-12, other * 1e-12))
    assert (found.idle, found.floor, found.byte) == pytest.approx((idle, floor, byte * 1e-11), rel=1e-6)
    assert [found.operation[name] for name in ("float32", "int8")] == pytest.approx(
        [operation * 1e-12, other * 1e-12], rel=1e-6
    )


def test_noise_makes_no_constant_negative():
    below_idle = [Sample(Work.IDLE, 0, "", 1.0, 10.0), Sample(Work.LAUNCH, 1, "", 1.0, 9.0, kernels=100)]
    assert fit_powers(below_idle).floor == 0.0


def test_a_counter_that_stands_still_is_no_measurement():
    stuck = [Sample(Work.IDLE, 0, "", 1.0, 1.0), Sample(Work.COPY, 64, "", 1.0, 0.0, 1, 0.0, 1e9)]
    with pytest.raises(BackendFailedError, match="no energy was seen in copy 64"):
        fit_powers(stuck)
    with pytest.raises(BackendFailedError, match="missing"):
        fit_powers([stuck[0]])


def test_idle_runs_without_energy_are_no_measurement():
    still = [Sample(Work.IDLE, 0, "", 1.0, 0.0), *runs()[1:-1], Sample(Work.IDLE, 0, "", 1.0, 0.0)]
    with pytest.raises(BackendFailedError, match="cannot be used: no energy was seen in idle, idle") as caught:
        fit([still, still])
    assert "--seconds" in caught.value.hint


def test_a_counter_may_begin_anew_but_not_go_back():
    readings = iter([90.0, 5.0, 7.0, 6.0])
    wraps = CounterMeter(lambda: next(readings), "a counter", wraps_at=100.0)
    wraps.start()
    assert wraps.stop() == 15.0
    goes_back = CounterMeter(lambda: next(readings), "a counter")
    goes_back.start()
    with pytest.raises(BackendFailedError, match="backwards"):
        goes_back.stop()


def test_sampled_power_is_integrated():
    # 10 W rising to 20 W in 2 s is 30 J; 20 W for another second 20 J.
    assert trapezoid([0, 2, 3], [10, 20, 20]) == 50
    with pytest.raises(BackendFailedError, match="less than twice"):
        trapezoid([0], [10])


def test_power_that_is_sampled_follows_what_is_read():
    meter = SampledMeter(lambda: 10.0, "samples", period=0.001)
    began = time.perf_counter()
    meter.start()
    time.sleep(0.02)
    joules = meter.stop()
    assert 0.2 <= joules <= 10 * (time.perf_counter() - began)


def test_a_sensor_that_fails_between_two_samples_is_no_measurement():
    failed = threading.Event()

    def read():
        if threading.current_thread() is not threading.main_thread():
            failed.set()
            raise OSError("the sensor is gone")
        return 10.0  # it answers at both ends, so that a straight line could be drawn

    meter = SampledMeter(read, "samples", period=0.001)
    meter.start()
    assert failed.wait(10)
    with pytest.raises(BackendFailedError, match=r"cannot be read \(samples\): the sensor is gone") as caught:
        meter.stop()
    assert isinstance(caught.value.__cause__, OSError)


@pytest.mark.parametrize("make", [SampledMeter, CounterMeter])
@pytest.mark.parametrize("reads", [0, 1])
def test_a_sensor_that_fails_at_either_end_is_no_measurement(make, reads):
    left = iter([10.0] * reads)  # and StopIteration from then on
    work = Workload(Work.COPY, 1, "", 1, 0.0, 1.0, lambda: None)
    with pytest.raises(BackendFailedError, match=r"cannot be read \(a sensor\): StopIteration"):
        measure([work], make(lambda: next(left), "a sensor"), lambda: None, Plan(0.001, 0.0, 0.0, 1))


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_no_thread_samples_on_after_work_that_fails(error):
    before = set(threading.enumerate())
    meter = SampledMeter(lambda: 10.0, "samples", period=0.001)

    def fail():
        if set(threading.enumerate()) - before:  # not before the meter has started
            raise error("out of memory")

    work = Workload(Work.COPY, 1, "", 1, 0.0, 1.0, fail)
    with pytest.raises(error, match="out of memory"):
        measure([work], meter, lambda: None, Plan(seconds=0.02, warm_up=0.0, settle=0.0, repeats=1))
    assert set(threading.enumerate()) <= before


def test_no_thread_samples_on_after_a_rest_that_is_interrupted(monkeypatch):
    before = set(threading.enumerate())

    def sleep(_):
        if set(threading.enumerate()) - before:
            raise KeyboardInterrupt

    monkeypatch.setattr(protocol, "time", SimpleNamespace(sleep=sleep, perf_counter=time.perf_counter))
    work = Workload(Work.COPY, 1, "", 1, 0.0, 1.0, lambda: None)
    with pytest.raises(KeyboardInterrupt):
        measure([work], SampledMeter(lambda: 10.0, "samples"), lambda: None, Plan(0.02, 0.0, 0.0, 1))
    assert set(threading.enumerate()) <= before


def test_work_of_this_machine_is_counted_and_timed():
    device = torch.device("cpu")
    work = list(workloads(device, sides=(8, 16), copies=(1000,)))
    assert [(w.work, w.kernels, w.flops, w.bytes) for w in work] == [
        (Work.LAUNCH, LAUNCHES, 0, 0),
        (Work.COPY, 1, 0, 2000),
        (Work.MULTIPLY, 1, 2 * 8**3, 3 * 64 * 4),
        (Work.MULTIPLY, 1, 2 * 16**3, 3 * 256 * 4),
    ]
    # A meter of time alone: this machine's energy is not known, its work and its clock are real.
    elapsed = CounterMeter(lambda: 0.0, "nothing")
    plan = Plan(seconds=0.02, warm_up=0.0, settle=0.0, repeats=2)
    done = []
    repeats = measure(work, elapsed, synchroniser(device), plan, lambda now, total: done.append((now, total)))
    assert [s.work for s in repeats[0]] == [Work.IDLE, *(w.work for w in work), Work.IDLE]
    assert len(repeats) == 2
    assert done[-1] == (12, 12)
    for sample, workload in zip(repeats[1][1:-1], work, strict=True):
        assert sample.seconds >= 0.02
        assert sample.kernels % workload.kernels == 0
        assert sample.flops == sample.kernels / workload.kernels * workload.flops


def test_a_device_file_holds_source_and_range_and_can_be_used(tmp_path):
    source = Source("Board X 9", "2026-11-21", "570.1", "torch 2.13", "NVML's counter of energy", 3.0, 2)
    made = device_of(fit([runs(), runs(idle=12.0)]), source, "gpu", None, (700.0, "default power limit by NVML"))
    written = write_device(made, tmp_path / "x.yaml")
    assert written == made == load_device(tmp_path / "x.yaml")
    assert written.name == "board-x-9"
    assert date.fromisoformat(written.idle.date)
    for word in ("measured on Board X 9", "2026-11-21", "driver 570.1", "NVML's counter", "2 repeats of 3 s"):
        assert word in written.byte_energy.citation
    assert (written.idle.low, written.idle.value, written.idle.high) == (10, 11, 12)
    # 1e12 FLOP at the full 5 TFLOP/s: 0.2 s at 11 + 20 W, and 2 pJ each.
    cost = device_cost(DenseCounts(1e12, 0, 1, 1), written)
    assert (cost.seconds, cost.joules) == (pytest.approx(0.2), pytest.approx(0.2 * 31 + 2.0))


def powercap(root: Path, microjoules: list[int]) -> None:
    for i, value in enumerate(microjoules):
        zone = root / f"intel-rapl:{i}"
        zone.mkdir(exist_ok=True)
        for name, text in {"name": f"package-{i}", "energy_uj": value, "max_energy_range_uj": 1000_000,
                           "constraint_0_max_power_uw": 50_000_000}.items():  # fmt: skip
            (zone / name).write_text(f"{text}\n")


def test_counters_of_packages_are_added_and_followed_beyond_their_range(tmp_path):
    powercap(tmp_path, [100_000, 900_000])
    board = open_cpu("a processor", tmp_path)
    assert board.rating == 100.0
    board.meter.start()
    powercap(tmp_path, [300_000, 100_000])  # 0.2 J, and 0.2 J past the end of the range
    assert board.meter.stop() == pytest.approx(0.4)


def test_a_machine_without_counters_is_told(tmp_path):
    with pytest.raises(BackendMissingError, match="no counter of its processor's energy"):
        open_cpu("a processor", tmp_path)

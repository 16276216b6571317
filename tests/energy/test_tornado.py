"""What moves the total, what "dynamic" means, and constants of one's own."""

from itertools import pairwise
from pathlib import Path

import pytest

from neurotool.chips import load_chip, load_device
from neurotool.chips.override import override, read_overrides
from neurotool.energy import DYNAMIC, DenseWork, Term, estimate
from neurotool.energy.dynamic import CHIPS_POWERED, CORES_POWERED
from neurotool.errors import UsageError
from neurotool.ir.costs import DenseCounts

CHIP = load_chip("loihi1")
DEVICE = load_device("jetson-orin-nano")
DENSE = DenseCounts(flops=2e6, bytes_moved=1e6, kernels=3, batch=1)


def test_a_swing_is_the_estimate_with_that_constant_at_its_ends(work):
    report = estimate([work], [DenseWork("d", DENSE)], CHIP, DEVICE)
    swings = {swing.constant: swing for swing in report.tornado}
    for name in ("message", "static_chip", "host_processors", "synop_dense"):
        constant = getattr(CHIP.costs, name)
        for end, energy in (
            ("low", swings[f"loihi1.{name}"].energy_low),
            ("high", swings[f"loihi1.{name}"].energy_high),
        ):
            moved = constant.model_copy(update={"value": getattr(constant, end)})
            chip = CHIP.model_copy(update={"costs": CHIP.costs.model_copy(update={name: moved})})
            assert energy == pytest.approx(estimate([work], [DenseWork("d", DENSE)], chip, DEVICE).total.nominal)


def test_the_widest_swing_comes_first_and_idle_constants_are_left_out(work):
    report = estimate([work], [], CHIP, DEVICE)
    assert all(a.width >= b.width > 0 for a, b in pairwise(report.tornado))
    names = {swing.constant for swing in report.tornado}
    # Input and output take as long as they take; nothing crosses between chips; nothing runs on the device.
    assert report.tornado[0].constant == "loihi1.static_chip"
    assert not names & {"loihi1.crossing", "loihi1.time_per_value", "loihi1.hop_east_west"}
    assert not any(name.startswith("jetson") for name in names)
    assert report.to_json()["tornado"][0]["energy_J"]["at_high"] == report.tornado[0].energy_high


def test_each_meaning_of_dynamic_holds_the_one_before(work):
    report = estimate([work], [DenseWork("d", DENSE)], CHIP, DEVICE)
    terms, figures = report.terms, [report.dynamic(name).nominal for name in DYNAMIC]
    assert all(a < b for a, b in pairwise(figures))
    assert figures[0] == pytest.approx(terms[Term.DYNAMIC].nominal)
    assert figures[1] == pytest.approx(figures[0] + terms[Term.BOUNDARY].nominal)
    assert figures[2] == pytest.approx(figures[1] + terms[Term.HOST].nominal)
    assert figures[3] == pytest.approx(figures[2] + report.standing(CORES_POWERED).nominal)
    floor, cores = report.parts[0].standing[CHIPS_POWERED], report.parts[0].standing[CORES_POWERED]
    assert floor.nominal + cores.nominal == pytest.approx(report.parts[0].terms[Term.STATIC].nominal)


def test_the_command_line_offers_every_meaning_by_name():
    from neurotool.cli.estimate_energy import DYNAMIC_NAMES

    assert tuple(DYNAMIC) == DYNAMIC_NAMES


OWN = "message: {value: 20, low: 2, high: 40, unit: pJ, basis: silicon, citation: own board, date: 2026}"


def written(folder, *texts):
    paths = [Path(folder, f"own-{i}.yaml") for i in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    return read_overrides(paths)


def test_own_constants_lie_over_the_built_in_ones(work, tmp_path):
    chip = override(CHIP, written(tmp_path, f"loihi1:\n  costs:\n    {OWN}\nloihi2: {{}}\n"))
    assert chip.costs.message.si == pytest.approx(20e-12)
    assert chip.costs.firing == CHIP.costs.firing
    saved = estimate([work], [], CHIP, DEVICE).total.nominal - estimate([work], [], chip, DEVICE).total.nominal
    assert saved == pytest.approx(2 * (111 - 20) * 1e-12)
    later = f"loihi1:\n  costs:\n    {OWN.replace('value: 20', 'value: 30')}\n"
    both = written(tmp_path, f"loihi1:\n  costs:\n    {OWN}\n", later)
    assert override(CHIP, both).costs.message.value == 30
    assert override(DEVICE, both) == DEVICE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f"loihi1:\n  costs:\n    {OWN.replace(', citation: own board', '')}",
            "costs.message.citation: Field required",
        ),
        (
            f"loihi1:\n  costs:\n    {OWN.replace('own board', '  ' + chr(34) * 2)}",
            "an entry without a source is refused",
        ),
        (f"loihi1:\n  costs:\n    {OWN.replace('unit: pJ', 'unit: ns')}", "'ns' is a unit of time, not of energy"),
        ("loihi1:\n  costs:\n    message: {value: 3}", "costs.message.low: Field required"),
        ("loihi1:\n  costs:\n    message: 3", "costs.message"),
        (f"loihi1:\n  costs:\n    {OWN.replace('message', 'mesage')}", "has no constant named costs.mesage"),
        ("loihi1:\n  limits:\n    cores: {value: 3}", "has no constant named limits.cores"),
        ("loihi1:\n  kind: device", "has no constant named kind"),
        ("loihi1: 3", "expected names of chips or devices"),
        ("- 3", "expected names of chips or devices"),
        ("a: [", "not a YAML file"),
    ],
)
def test_what_is_no_sourced_constant_is_refused(tmp_path, text, said):
    with pytest.raises(UsageError, match=said):
        override(CHIP, written(tmp_path, text))

"""Results as text: the figures that a user looks for are in it."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from rich.console import Console, RenderableType

from neurotool.chips import load_chip, load_device
from neurotool.cli.summary import certificate, chip, energy, findings
from neurotool.cli.summary.tables import facts
from neurotool.diagnostics import Diagnostic, Severity
from neurotool.energy import DenseWork, EnergyReport, SpikingWork, estimate
from neurotool.ir.adapters import RunOptions
from neurotool.ir.costs import DenseCounts
from neurotool.ir.program import ChipProgram, InputPort, OutputKind, OutputPort, Population, Projection
from neurotool.passes.place import place
from neurotool.plugins import TARGETS, load
from neurotool.rules import RULES
from neurotool.verify import Arithmetic, Certificate, NamedRun, certify


def shown(*renderables: RenderableType) -> str:
    text = io.StringIO()
    console = Console(width=160, file=text, color_system=None)
    for renderable in renderables:
        console.print(renderable)
    return text.getvalue()


@pytest.fixture(scope="module")
def program() -> ChipProgram:
    def full(value: int) -> np.ndarray:
        return np.full(3, value, np.int64)

    lif = {"du": full(4095), "dv": full(0), "vth": full(10), "bias_mant": full(0), "bias_exp": full(0)}
    weights = np.array([[64, 0], [0, 64], [64, 64]], np.int64)
    return ChipProgram(
        1e-3,
        {"x": InputPort("x", (2,))},
        {"hidden": Population("hidden", "lif", (3,), lif, 1, 64.0)},
        {"w": Projection("w", "x", "hidden", weights)},
        (OutputPort("hidden", OutputKind.SPIKES),),
    )


@pytest.fixture(scope="module")
def report(program: ChipProgram) -> EnergyReport:
    spikes = np.random.default_rng(0).random((10, 4, 2)) < 0.3
    trace = load(TARGETS, "loihi").run_program(program, {"x": spikes}, RunOptions())
    loihi = load_chip("loihi2")
    work = SpikingWork("spiking-0", program, place(program, loihi), trace)
    counts = DenseCounts(flops=1e4, bytes_moved=1e4, kernels=3, batch=1)
    return estimate([work], [DenseWork("dense-0", counts)], loihi, load_device("cpu-generic"), whole=counts)


def certificate_of(second: np.ndarray) -> Certificate:
    first = np.zeros((4, 2, 3), bool)
    first[1, 0, 2] = True
    runs = [NamedRun(n, Arithmetic.INTEGER, 2, {"hidden": s}) for n, s in (("loihi", first), ("lava", second | first))]
    return certify(runs, owners={"lif": "lava"})


def test_populations_show_their_size_and_real_synapses(program: ChipProgram) -> None:
    row = shown(chip.populations({"spiking-0": program})).splitlines()[-1].split()
    assert row == ["hidden", "spiking-0", "lif", "3", "4", "1"]  # 4 of the 6 weights are not zero


def test_resources_show_used_of_limit(program: ChipProgram) -> None:
    placement = place(program, load_chip("loihi2"))
    text = shown(chip.resources({"spiking-0": placement}))
    for resource in placement.resources:
        assert f"{resource.used:,.0f}" in text
        assert f"{resource.limit:,.0f}" in text


def test_agreement_is_said_in_words() -> None:
    text = shown(*certificate.summary(certificate_of(np.zeros((4, 2, 3), bool))))
    assert "0 of 1 spikes differ" in text
    assert "All agree within their tolerances." in text


def test_the_first_difference_is_named() -> None:
    other = np.zeros((4, 2, 3), bool)
    other[3, 1, 0] = True
    text = shown(*certificate.summary(certificate_of(other)))
    assert "1 of 1 comparisons are over their tolerance." in text
    assert re.search(r"loihi → lava +hidden +3 +1 +0 +loihi: spike 0", text)


def test_every_energy_has_its_range_and_kind(report: EnergyReport) -> None:
    text = shown(energy.layers(report), energy.totals(report))
    for part in (*report.parts, report.whole):
        assert part is not None
        assert energy.joules(part.total) in text
        assert energy.spread(part.total, "J") in text
        assert part.kind.value in text
    assert energy.joules(report.total) in text
    assert "all in torch, unfused" in text


def test_the_arithmetic_cites_its_sources(report: EnergyReport) -> None:
    text = " ".join(shown(energy.sources(report.rows())).split())
    for row in report.rows():
        for product in row.arithmetic:
            assert product.citation.split()[0] in text


def test_findings_list_found_limit_and_fix() -> None:
    rule = next(iter(RULES))
    found = Diagnostic(rule, Severity.ERROR, "conv[1]", "too wide", found="9 bits", limit="8 bits", fix="use 8 bits")
    text = shown(findings([found]))
    assert all(part in text for part in (rule, "conv[1]", "too wide (found 9 bits, limit 8 bits)", "use 8 bits"))
    assert f"neurotool explain {rule}" in text


def test_facts_leave_out_what_is_not_known() -> None:
    text = shown(facts("", {"a": 1, "b": None, "c": (), "d": ("x", "y")}))
    assert [line.split() for line in text.splitlines() if line.strip()] == [["a", "1"], ["d", "x"], ["y"]]

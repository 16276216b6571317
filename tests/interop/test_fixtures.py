"""Files that Norse, snnTorch, spikingjelly and sinabs wrote are read to the spikes that these frameworks computed."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import compare
import matrix
import numpy as np
import pytest

from neurotool.errors import UnsupportedError
from neurotool.ir.adapters import RunOptions
from neurotool.plugins import TARGETS, load

ALL = [(framework, name) for framework in compare.FRAMEWORKS for name in compare.names(framework)]
KEPT = [case for case in ALL if not compare.fixture(*case).facts["lost"]]
LOST = [case for case in ALL if case not in KEPT]
OTHER_CONVENTIONS = {
    "norse": "exponential-euler",
    "forward-euler": "forward-euler-subtract",
    "forward-euler-subtract": "forward-euler",
    "snntorch-subtract": "snntorch-zero",
    "snntorch-zero": "snntorch-subtract",
    "spikingjelly": "forward-euler-subtract",
    "sinabs": "sinabs-reset",
    "sinabs-reset": "sinabs",
    "sinabs-whole": "sinabs",
    "sinabs-whole-reset": "sinabs-reset",
}


def label(case):
    return "-".join(case)


def test_there_are_networks_of_every_kind():
    facts = {case: compare.fixture(*case).facts for case in KEPT}
    assert len(KEPT) >= 24
    for framework in compare.FRAMEWORKS:
        found = [f for (fw, _), f in facts.items() if fw == framework]
        assert {f["wiring"] for f in found} >= {"feed-forward", "convolutional"}
        assert {f["bias"] for f in found} == {True, False}
        assert len({f["reset"] for f in found}) == (1 if framework == "spikingjelly" else 2)
    assert Counter(f["wiring"] for f in facts.values())["recurrent"] >= 8


@pytest.mark.parametrize("case", KEPT, ids=label)
def test_floats_reproduce_the_framework(case):
    result = matrix.row(*case).floats
    assert result.distance < compare.ROUNDING, "a spike differs where the potential is far from its threshold"
    assert result.samples == 0 or result.differing < result.slots / 10
    assert result.membrane < compare.ROUNDING or result.samples == 2


@pytest.mark.parametrize("case", KEPT, ids=label)
def test_the_networks_are_neither_silent_nor_saturated(case):
    """Layers that never or always fire would agree under any meaning."""
    for spikes in compare.fixture(*case).spikes.values():
        assert 0.01 < spikes.mean() < 0.99


@pytest.mark.parametrize("case", [c for c in KEPT if c[0] != "norse" or "iaf" not in c[1]], ids=label)
def test_another_convention_gives_other_spikes(case):
    """The fixtures tell conventions apart. An integrator without leak is the same under both of Norse's kind."""
    fixture = compare.fixture(*case)
    other = OTHER_CONVENTIONS[fixture.facts["convention"]]
    changed = replace(fixture, facts={**fixture.facts, "convention": other})
    result = compare.compare_floats(changed, compare.graph_of(changed))
    assert result.distance > 100 * compare.ROUNDING


@pytest.mark.parametrize("case", LOST, ids=label)
def test_a_file_that_lost_something_is_another_network(case):
    """What the matrix says that exporters drop is dropped, and putting it back gives the framework's spikes."""
    row = matrix.row(*case)
    assert not row.floats.explained
    if row.case.facts["repair"]:
        assert row.repaired.explained
        assert row.repaired.differing == 0


@pytest.mark.parametrize("case", KEPT, ids=label)
def test_integers_follow(case):
    """Little more is lost than by rounding the weights of the float network to 8 bits."""
    result = matrix.row(*case).integers
    if isinstance(result, UnsupportedError):
        assert case[1].startswith("lif-leak"), result.diagnostics
        assert {d.rule for d in result.diagnostics} == {"NT-QUANT-003"}
        return
    first = True
    for name, cosine in result.cosines.items():
        looped = "." in name
        assert cosine > (0.95 if first and not looped else 0.65)
        assert cosine > result.rounded[name] - 0.15
        first = False


LAVA = [
    ("norse", "lif-value-bias"),
    ("snntorch", "rleaky-subtract-no-bias"),
    ("snntorch", "rsynaptic-zero-bias"),
    ("spikingjelly", "conv1d-lif"),
    ("sinabs", "conv-lif-reset"),
]


@pytest.mark.lava
@pytest.mark.slow
@pytest.mark.parametrize("case", LAVA, ids=label)
def test_lava_gives_the_same_integers(case):
    found = matrix.row(*case).integers
    lava = load(TARGETS, "lava").run_program(found.program, found.inputs, RunOptions(probes=("v",)))
    for name, spikes in found.trace.spikes.items():
        np.testing.assert_array_equal(lava.spikes[name], spikes)
    for name, states in found.trace.states.items():
        np.testing.assert_array_equal(lava.states[name]["v"], states["v"])


def test_the_page_is_current():
    page = (Path(__file__).parents[2] / "docs" / "interop.md").read_text()
    assert _without_roundings(page) == _without_roundings(matrix.page()), "run: make interop"


def _without_roundings(page: str) -> str:
    """Leave out what another processor's float32 rounding may change: cosines, and how many lost spikes differ."""
    page = re.sub(r"\b[01]\.\d\d\b", "#", page).replace(" (#)", "")
    return re.sub(r"\b\d+ of (\d+)", r"# of \1", page)

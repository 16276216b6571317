"""``docs/json.md`` names every field that ``--json`` prints."""

from __future__ import annotations

import json
import re
from pathlib import Path

import net_files
import nir
import numpy as np
import pytest

from neurotool import data

PAGE = Path(__file__, "../../../docs/json.md").resolve()
SPEC = "neurotool.examples.quickstart:model"


def row_of(first: str, second: str) -> set[str]:
    """Fields in the row of the page that begins with two cells."""
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[:2] == [first, second]:
            return set(re.findall(r"`(\w+)`", cells[2]))
    raise AssertionError(f"{PAGE.name} has no row for {first} of {second}")


def fields_of(schema: str, printed_by: str) -> set[str]:
    """Fields in the row for a schema and a command."""
    return row_of(f"`{schema}`", f"`{printed_by}`") | {"schema"}


@pytest.fixture
def hybrid(tmp_path):
    """A network of two layers, the second of which can be left to torch, and spikes for it without labels."""
    rng = np.random.default_rng(3)
    values = {"tau": 0.02, "r": 1.0, "v_leak": 0.0, "v_threshold": 0.2, "v_reset": 0.0}
    nodes = {
        "x": nir.Input(np.array([6])),
        "w1": nir.Linear(rng.normal(0.4, 0.8, (8, 6))),
        "n1": nir.LIF(**{name: np.full(8, value) for name, value in values.items()}),
        "w2": nir.Linear(rng.normal(0.5, 1.2, (4, 8))),
        "n2": nir.LIF(**{name: np.full(4, value) for name, value in values.items()}),
        "y": nir.Output(np.array([4])),
    }
    nir.write(tmp_path / "net.nir", nir.NIRGraph(nodes, list(zip(nodes, list(nodes)[1:], strict=False))))
    data.save(tmp_path / "x.npz", rng.random((10, 4, 6)) < 0.5)
    return tmp_path / "net.nir", tmp_path / "x.npz"


@pytest.fixture
def net(tmp_path):
    """A program that stands alone."""
    weights = 2 * np.random.default_rng(8).integers(-60, 61, (6, 8))
    return net_files.save(tmp_path / "small.net", net_files.source(8), net_files.dense(weights))


@pytest.mark.parametrize(
    ("printed_by", "arguments"),
    [
        ("partition", ["partition", SPEC]),
        ("partition --explain", ["partition", SPEC, "--explain", "mean"]),
        ("inspect BUNDLE", ["inspect", "BUNDLE"]),
        ("run BUNDLE", ["run", "BUNDLE", "--input", "DATA", "--limit", "3"]),
        ("verify", ["verify", "BUNDLE", "--input", "DATA", "--against", "float", "--limit", "stages=2"]),
        ("estimate-energy", ["estimate-energy", "BUNDLE", "--no-plot"]),
        ("explain RULE", ["explain", "NT-PART-001"]),
        ("explain", ["explain"]),
        ("doctor", ["doctor"]),
    ],
)
def test_the_page_names_the_fields(neurotool, told, printed_by, arguments):
    given = [{"BUNDLE": str(told.bundle), "DATA": str(told.test)}.get(each, each) for each in arguments]
    done = neurotool(*given, "--json")
    assert done.code == 0, done.err
    envelope = done.json
    assert set(envelope) == {"schema", "tool", "status", "data", "diagnostics"}
    assert set(envelope["data"]) == fields_of(envelope["data"]["schema"], printed_by)


def test_a_program_that_stands_alone_has_layouts_of_its_own(neurotool, net, tmp_path):
    np.savez(tmp_path / "spikes.npz", x=np.random.default_rng(8).random((9, 2, 8)) < 0.4)
    commands = {
        "inspect NETWORK.net": ["inspect", net],
        "run NETWORK.net": ["run", net, "--input", tmp_path / "spikes.npz"],
    }
    schemas = {}
    for printed_by, command in commands.items():
        found = neurotool(*command, "--json").json["data"]
        schemas[printed_by] = found["schema"]
        assert set(found) == fields_of(found["schema"], printed_by)
    assert schemas == {
        "inspect NETWORK.net": "neurotool.program-inspection/1",
        "run NETWORK.net": "neurotool.program-run/1",
    }


def test_the_page_says_what_a_bundle_keeps(neurotool, told, copy):
    bundle = copy()
    some = ("--input", told.test, "--limit", 3)
    printed = {
        "run.json": neurotool("run", bundle, *some, "--json"),
        "certificate.json": neurotool("verify", bundle, *some, "--against", "float", "--no-stages", "--json"),
        "energy.json": neurotool("estimate-energy", bundle, *some, "--no-plot", "--json"),
    }
    for name, done in printed.items():
        file = max(bundle.glob(f"runs/*/{name}"))  # the copy holds runs of other tests
        kept, shown = json.loads(file.read_text()), done.json["data"]
        fields = row_of(f"`{name}`", f"`{kept['schema']}`")
        if kept["schema"] == shown["schema"]:
            assert set(kept) == set(shown) - fields, name
        else:
            assert set(kept) == fields | {"schema"}, name
    layouts = {done.json["data"]["schema"] for done in printed.values()}
    assert "neurotool.run-record/1" not in layouts


def test_the_page_names_the_terms_of_an_energy(neurotool, told):
    done = neurotool("estimate-energy", told.bundle, "--no-plot", "--json")
    assert set(done.json["data"]["energy_J"]) == row_of("`energy_J`", "`neurotool.energy/1`")


def test_a_conversion_that_verifies_answers_all_that_verify_does(neurotool, hybrid, tmp_path):
    net, samples = hybrid
    options = ("--dt", "1ms", "--dense", "w2", "--dense", "n2", "--calib", samples, "--verify")
    done = neurotool("convert", net, *options, "-o", tmp_path / "bundle", "--json")
    assert done.code == 0, done.err
    assert set(done.json["data"]) == fields_of("neurotool.convert/1", "convert")
    proof = done.json["data"]["verify"]
    assert set(proof) == fields_of("neurotool.certificate/1", "verify")
    (pair,), (onto, off) = proof["pairs"], proof["boundaries"]
    assert set(pair) == row_of("each of `pairs`", "`neurotool.certificate/1`")
    assert set(pair["outputs"]["y"]) == row_of("each of `outputs`", "a pair")
    assert set(onto) == set(off) == row_of("each of `boundaries`", "`neurotool.certificate/1`")
    assert (onto["value"], onto["off_the_float_value"], off["value"]) == ("x", 0.0, "n1")

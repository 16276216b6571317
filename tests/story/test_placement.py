"""A bundle keeps its layout: it is shown and costed as it was made."""

from __future__ import annotations

import json

from neurotool.chips import load_chip
from neurotool.ir.bundle import Bundle
from neurotool.ir.program_file import load_program
from neurotool.pipeline.inspection.layouts import placement_for


def stored(folder):
    return json.loads(Bundle.open(folder).file("spiking-0.placement").read_text())


def test_the_layout_of_a_bundle_is_shown(neurotool, told, tmp_path):
    picture = tmp_path / "cores.png"
    done = neurotool("--json", "inspect", told.bundle, "--placement", "--map", picture)
    assert done.code == 0, done.err
    assert done.json["data"]["placements"] == {"spiking-0": stored(told.bundle)}
    assert picture.stat().st_size > 0
    other = neurotool("--json", "inspect", told.bundle, "--placement", "--chip", "loihi1")
    assert other.json["data"]["placements"]["spiking-0"]["chip"] == "loihi1"


def test_a_searched_layout_is_kept_and_costed(neurotool, told, tmp_path):
    out, coding = tmp_path / "searched", ("--encode", "latency", "--steps", "20")
    options = ("--calib", told.train, *coding, "--placement-seconds", 0.2, "--seed", 5)
    assert neurotool("convert", "examples.quickstart:model", *options, "-o", out).code == 0
    assert "search for 0.2 s, seed 5" in stored(out)["method"]
    bundle = Bundle.open(out)
    program = load_program(bundle.file("spiking-0.program"))
    assert placement_for(bundle, "spiking-0", program, load_chip("loihi2")).to_json() == _tuples(stored(out))
    assert placement_for(bundle, "spiking-0", program, load_chip("loihi1")).chip == "loihi1"


def _tuples(value):
    """JSON values with tuples for lists, as a placement holds them."""
    if isinstance(value, list):
        return tuple(map(_tuples, value))
    return {key: _tuples(each) for key, each in value.items()} if isinstance(value, dict) else value

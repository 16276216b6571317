"""Costs of the trained digits network: comparison, NeuroBench, one layer, figures."""

from __future__ import annotations

import json
from pathlib import Path


def test_the_network_is_compared_and_exported(neurotool, told, tmp_path):
    bench, figures = tmp_path / "bench.json", tmp_path / "figures"
    done = neurotool("--json", "estimate-energy", told.bundle, "--input", told.test, "--limit", 50, "--compare",
                     "--neurobench", bench, "--figures", figures)  # fmt: skip
    assert done.code == 0, done.err
    data = done.json["data"]
    rows = data["comparison"]["alternatives"]
    assert rows[0]["name"] == "hybrid: chip and device"
    assert rows[0]["accuracy"] >= 0.9
    assert [row["name"] for row in rows[1::2]] == [
        "spiking network, step by step", "float ANN", "ANN of 5 bits, computed as int8",
    ]  # fmt: skip
    assert len(data["comparison"]["break_even"]) == 12
    assert data["activity"]["class"] == "measured trace"
    metrics = json.loads(bench.read_text(encoding="utf-8"))
    # 64 x 128 and 128 x 64 weights and the biases, over 20 steps.
    assert metrics["SynapticOperations"]["Dense"] == 20 * (64 * 128 + 128 + 128 * 64 + 64)
    assert 0 < metrics["SynapticOperations"]["Effective_ACs"] < metrics["SynapticOperations"]["Dense"]
    kept = Path(data["run"]) / "energy-tornado.png"  # the bundle has them too, as it has those of a certificate
    assert kept.read_bytes() == (figures / "energy-tornado.png").read_bytes() != b""


def test_a_layer_is_explained(neurotool, told):
    done = neurotool("estimate-energy", told.bundle, "--input", told.test, "--limit", 20, "--explain", "spiking.1",
                     "--no-plot")  # fmt: skip
    assert done.code == 0, done.err
    assert "loihi2.synop_dense" in done.out
    assert "dense-0" not in done.out

"""Hybrid models of different shape go all the way: traced, cut, converted, run, verified; on Lava too."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hybrids import SAMPLES, samples_of

from neurotool import pipeline
from neurotool.ir.bundle import Bundle

SHAPES = {
    "encoder": {("x", "spiking-0"): "spikes", ("encoder.3", "dense-0"): "counts"},
    "branches": {("audio.1", "dense-0"): "counts", ("video.1", "dense-0"): "counts"},
    "residual": {("stem.2", "spiking-0"): "graded", ("middle.1", "dense-1"): "raster", ("stem.2", "dense-1"): "tensor"},
    "recurrent": {("x", "spiking-0"): "spikes", ("read.1", "dense-0"): "weighted"},
    "held": {("hold", "spiking-0"): "constant", ("middle.2", "dense-1"): "counts"},
    "skeleton": {
        ("hold", "spiking-0"): "constant",
        ("hold_1", "spiking-1"): "constant",
        ("audio_branch.blocks.4", "dense-2"): "raster",
        ("video_branch.blocks.4", "dense-2"): "raster",
    },
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_hybrid_model_gives_what_its_module_gives(made, name):
    bundle, samples = made(name)
    crossing = {(b.value, b.target): b for b in Bundle.open(bundle).manifest.boundaries}
    assert {key: crossing[key].coding for key in SHAPES[name]} == SHAPES[name]
    for boundary in crossing.values():
        if boundary.coding in ("constant", "graded"):
            assert 0 < boundary.error < {"constant": 0.001, "graded": 0.02}[boundary.coding]
            assert boundary.quantum > 0
    result = pipeline.verify(bundle, samples, against=("source", "float", "loihi"), stages=False, plot=False)
    proof = result.certificate
    assert proof.passed
    assert {(c.crossing.boundary.value, c.crossing.boundary.target) for c in result.boundaries} <= set(crossing)
    assert {check.form for check in result.boundaries} == {"loihi"}
    onto = [check for check in result.boundaries if check.crossing.boundary.target.startswith("spiking")]
    assert all(check.difference == 0.0 for check in onto)  # what enters the chip does not depend on it in these models
    exact, engine = proof.pair("source", "float"), proof.pair("float", "loihi")
    assert exact is not None
    assert engine is not None
    assert sum(agreement.differing for agreement in exact.layers.values()) == 0
    assert all(output.max_abs < 1e-4 for output in exact.outputs.values())
    assert min(agreement.cosine for agreement in engine.layers.values()) > 0.8


@pytest.mark.parametrize("name", ["residual", "skeleton"])
def test_both_halves_equal_torch_and_the_engine(made, name):
    """The dense half, given the engine's spikes, equals the module's own layers; outputs stay near the module's."""
    import hybrids

    bundle, samples = made(name)
    engine, floating = (pipeline.run(bundle, samples, target=target) for target in ("loihi", "gpu"))
    torch.manual_seed(0)
    module = getattr(hybrids, name)().eval()
    values = {key: torch.as_tensor(value).float() for key, value in samples_of(name).items()}
    with torch.no_grad():
        wanted = module(**values)
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    assert len(floating.outputs) == len(wanted)
    for made_of, value in zip(floating.outputs.values(), wanted, strict=True):
        torch.testing.assert_close(torch.as_tensor(made_of), value, rtol=1e-4, atol=1e-5)
    if name == "residual":
        (trace,) = engine.traces.values()
        fired = torch.as_tensor(trace.spikes["middle.1"]).float()
        with torch.no_grad():
            own = module.out(module.stem(values["x"]) + fired)
        torch.testing.assert_close(torch.as_tensor(engine.outputs["output"]), own, rtol=1e-4, atol=1e-5)


@pytest.mark.lava
@pytest.mark.parametrize("name", SHAPES)
def test_lava_and_the_engine_give_the_same_spikes_and_outputs(made, name):
    bundle, samples = made(name)
    engine, lava = (pipeline.run(bundle, samples, target=target, limit=1) for target in ("loihi", "lava"))
    for part, trace in engine.traces.items():
        assert any(raster.any() for raster in trace.spikes.values())
        for layer, raster in trace.spikes.items():
            np.testing.assert_array_equal(raster, lava.traces[part].spikes[layer])
    for output, value in engine.outputs.items():
        np.testing.assert_array_equal(value, lava.outputs[output])


@pytest.mark.parametrize("name", ["branches", "skeleton"])
def test_batches_give_what_all_at_once_gives(made, name):
    bundle, samples = made(name)
    told = []
    whole = pipeline.run(bundle, samples)
    parts = pipeline.run(bundle, samples, batch=3, progress=lambda *seen: told.append(seen))
    assert told == [("loihi", done, SAMPLES) for done in (3, 6, 8)]
    assert parts.accuracy == whole.accuracy
    for output, value in whole.outputs.items():
        np.testing.assert_allclose(parts.outputs[output], value, rtol=1e-5, atol=1e-6)
    for part, trace in whole.traces.items():
        for layer, raster in trace.spikes.items():
            np.testing.assert_array_equal(parts.traces[part].spikes[layer], raster)
    for one, other in zip(parts.crossings, whole.crossings, strict=True):
        assert (one.boundary, one.samples) == (other.boundary, SAMPLES)
        assert one.traffic == pytest.approx(other.traffic)
        assert one.error == pytest.approx(other.error, rel=0.2)


@pytest.mark.parametrize("coding", ["graded", "rate", "latency"])
def test_a_static_value_crosses_as_wished(made, coding):
    bundle, samples = made("held", coding={"hold": coding})
    result = pipeline.run(bundle, samples)
    (entered,) = [one for one in result.crossings if one.boundary.value == "hold"]
    assert entered.boundary.coding == coding
    limits = {"graded": (0.0, 0.01), "rate": (0.1, 0.9), "latency": (0.01, 0.3)}
    assert limits[coding][0] < entered.error < limits[coding][1]
    again = pipeline.run(bundle, samples, batch=3)
    (trace,), (other,) = result.traces.values(), again.traces.values()
    np.testing.assert_array_equal(trace.spikes["hold"], other.spikes["hold"])

"""Traces written batch by batch equal one written at once."""

from dataclasses import replace

import numpy as np

from neurotool.ir.trace import Trace
from neurotool.ir.trace_append import TraceAppender, stored_trace
from neurotool.ir.trace_file import load_trace, save_trace


def make(batch, seed):
    draw = np.random.default_rng(seed)
    return Trace(
        "loihi", 1e-3, 4,
        spikes={"x": draw.random((4, batch, 2)) < 0.5, "a/b": draw.random((4, batch, 3)) < 0.5},
        states={"a/b": {"v": draw.integers(-9, 9, (4, batch, 3), np.int32)}},
        outputs={"a/b": draw.random((4, batch, 3)) < 0.5},
        latency={"x": 0, "a/b": 1}, seconds=0.5, facts={"mode": "lava"},
    )  # fmt: skip


def joined(parts):
    def glue(pick):
        return {name: np.concatenate([pick(p)[name] for p in parts], axis=1) for name in pick(parts[0])}

    states = {"a/b": glue(lambda p: p.states["a/b"])}
    seconds = sum(p.seconds for p in parts)
    return replace(
        parts[0], spikes=glue(lambda p: p.spikes), states=states, outputs=glue(lambda p: p.outputs), seconds=seconds
    )


def test_batches_on_disk_are_the_whole(tmp_path):
    parts = [make(3, 0), make(3, 1), make(1, 2)]
    appender = TraceAppender(tmp_path / "parts.h5")
    for part in parts:
        appender.add(part)
    whole = joined(parts)
    save_trace(whole, tmp_path / "whole.h5")
    a, b = load_trace(tmp_path / "parts.h5"), load_trace(tmp_path / "whole.h5")
    lazy = stored_trace(tmp_path / "parts.h5", appender.summary)
    for one in (a, lazy):
        assert (one.batch, one.steps, one.latency, one.facts, one.seconds) == (7, 4, b.latency, b.facts, 1.5)
        for mine, wanted in ((one.spikes, b.spikes), (one.states["a/b"], b.states["a/b"]), (one.outputs, b.outputs)):
            assert list(mine) == list(wanted)
            for name, raster in wanted.items():
                np.testing.assert_array_equal(mine[name], raster)
                assert mine[name].dtype == raster.dtype
    assert {name: counts.tolist() for name, counts in lazy.counts().items()} == {
        name: counts.tolist() for name, counts in whole.counts().items()
    }

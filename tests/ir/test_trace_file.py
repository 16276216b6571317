"""Traces on disk come back as they were."""

from dataclasses import fields

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neurotool.errors import UsageError
from neurotool.ir.trace import Trace
from neurotool.ir.trace_file import load_trace, save_trace

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=6) | st.just(".")
SHAPES = hnp.array_shapes(min_dims=2, max_dims=4, max_side=3)
DTYPES = st.sampled_from([np.bool_, np.int8, np.int32, np.int64, np.float32, np.float64])
RASTERS = st.dictionaries(NAMES, DTYPES.flatmap(lambda d: hnp.arrays(d, SHAPES)), max_size=3)
TIMES = st.floats(0, 1e9)


def same(a, b):
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    return a == b


@settings(max_examples=60, deadline=None)
@given(
    st.builds(
        Trace,
        target=NAMES,
        dt=TIMES,
        steps=st.integers(1, 99),
        spikes=RASTERS,
        states=st.dictionaries(NAMES, RASTERS, max_size=2),
        outputs=RASTERS,
        latency=st.dictionaries(NAMES, st.integers(0, 99), max_size=3),
        seconds=TIMES,
        facts=st.dictionaries(NAMES, NAMES, max_size=3),
    )
)
def test_round_trip(tmp_path_factory, trace):
    path = tmp_path_factory.mktemp("trace") / "t.h5"
    save_trace(trace, path)
    again = load_trace(path)
    for field in fields(Trace):
        assert same(getattr(again, field.name), getattr(trace, field.name)), field.name
    assert list(again.spikes) == list(trace.spikes)


@pytest.fixture
def stored(tmp_path):
    spikes = {"in": np.ones((4, 2, 3), bool), "spiking.0": np.zeros((4, 2, 5), bool)}
    states = {"spiking.0": {"u": np.ones((4, 2, 5), np.int64), "v": np.ones((4, 2, 5), np.int64)}}
    trace = Trace("loihi", 1e-3, 4, spikes, states, {"out": np.zeros((2, 10))}, {"spiking.0": 1}, 0.5)
    save_trace(trace, tmp_path / "t.h5")
    return tmp_path / "t.h5"


def test_layout_for_readers_without_neurotool(stored):
    with h5py.File(stored) as file:
        assert file.attrs["dt"] == 1e-3
        assert list(file.attrs["probes"]) == ["u", "v"]
        assert file["latency"].attrs["spiking.0"] == 1
        assert file["spikes/spiking.0"].shape == (4, 2, 5)
        assert file["spikes/in"].compression == "gzip"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda p: p.unlink(), "no such file"),
        (lambda p: p.write_bytes(p.read_bytes()[:-64]), "is damaged or not an HDF5 file"),
        (lambda p: h5py.File(p, "w").close(), "is not a neurotool trace: its schema is not declared"),
    ],
)
def test_damaged_files_are_named(stored, damage, message):
    damage(stored)
    with pytest.raises(UsageError) as caught:
        load_trace(stored)
    assert message in caught.value.message
    assert caught.value.message.startswith(str(stored))


def test_a_missing_field_is_named(stored):
    with h5py.File(stored, "a") as file:
        del file["spikes/spiking.0"].attrs["name"]
    with pytest.raises(UsageError, match=r"attribute /spikes/spiking\.0/name is missing"):
        load_trace(stored)

"""Files that are damaged or hold something else: an error that names the file, never a traceback."""

from __future__ import annotations

import h5py
import nir
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nir_files import affine, chain_of, ends, lif, save

from neurotool.converters.nir import CONVERTER
from neurotool.errors import NeurotoolError, UsageError
from neurotool.ir.adapters import SourceOptions


def load(path):
    return CONVERTER.load(str(path), SourceOptions(dt=1e-3, convention="norse"))


def fails(path, kind=UsageError):
    with pytest.raises(kind) as caught:
        load(path)
    assert path.name in caught.value.message
    return caught.value


def good(tmp_path):
    return save(tmp_path / "m.nir", ends() | {"w": affine(), "n": lif()}, chain_of("x", "w", "n", "y"))


def test_missing_file_and_directory(tmp_path):
    assert "No such file" in fails(tmp_path / "none.nir").message
    (tmp_path / "folder.nir").mkdir()
    assert "directory" in fails(tmp_path / "folder.nir").message


def test_text_file(tmp_path):
    path = tmp_path / "m.nir"
    path.write_text("weights: none")
    assert "not an HDF5 file" in fails(path).message


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_truncated_file(tmp_path, share):
    path = good(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert "damaged" in fails(path).message


def test_hdf5_that_is_no_nir_graph(tmp_path):
    path = tmp_path / "m.nir"
    with h5py.File(path, "w") as file:
        file["x"] = np.ones(3)
    assert "no NIR graph" in fails(path).message
    with h5py.File(path, "w") as file:
        file["node"] = np.ones(3)
    assert "no NIR graph" in fails(path).message
    with h5py.File(path, "w") as file:
        file.create_group("node")
    assert "no node type" in fails(path).message


def test_a_single_node_is_no_graph(tmp_path):
    path = tmp_path / "m.nir"
    nir.write(path, nir.Linear(weight=np.ones((2, 2))))
    assert "a single Linear" in fails(path).message


@pytest.mark.parametrize("field", ["nodes", "edges"])
@pytest.mark.parametrize("value", [None, 3, np.ones((2, 2)), "text"])
def test_nodes_or_edges_damaged(tmp_path, field, value):
    path = good(tmp_path)
    with h5py.File(path, "a") as file:
        del file["node"][field]
        if value is not None:
            file["node"][field] = value
    assert field in fails(path).message


def test_a_size_that_the_file_does_not_hold(tmp_path):
    path = good(tmp_path)
    with h5py.File(path, "a") as file:
        del file["node/nodes/n/tau"]
        file.create_dataset("node/nodes/n/tau", shape=(2**40,), dtype="f8")
    assert "damaged" in fails(path).message


def test_cyclic_links_inside_the_file(tmp_path):
    path = good(tmp_path)
    with h5py.File(path, "a") as file:
        file["node/nodes/n/loop"] = file["node"]
    assert "damaged" in fails(path).message


@given(position=st.floats(0, 1, exclude_max=True), junk=st.binary(min_size=1, max_size=8))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_flipped_bytes_never_give_a_traceback(tmp_path, position, junk):
    path = good(tmp_path)
    data = bytearray(path.read_bytes())
    start = int(position * len(data))
    data[start : start + len(junk)] = junk
    path.write_bytes(data)
    try:
        load(path)
    except NeurotoolError as error:
        assert error.exit_code in (2, 3)

"""Files that are damaged, wrong, or beyond what can be converted: an error that names everything, never a traceback."""

from __future__ import annotations

import h5py
import nir
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nir_files import affine, chain_of, ends, fields, lif, save

from neurotool.converters.nir import CONVERTER
from neurotool.errors import NeurotoolError, UnsupportedError, UsageError
from neurotool.ir.adapters import SourceOptions


def load(path):
    return CONVERTER.load(str(path), SourceOptions(dt=1e-3, convention="norse"))


def fails(path, kind=UsageError):
    with pytest.raises(kind) as caught:
        load(path)
    assert path.name in caught.value.message
    return caught.value


def found(tmp_path, nodes, edges, kind=UsageError):
    error = fails(save(tmp_path / "m.nir", nodes, edges), kind)
    return [(d.rule, d.node) for d in error.diagnostics], [d.message for d in error.diagnostics]


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


def test_all_unsupported_nodes_are_listed_with_a_rewrite(tmp_path):
    nodes = ends() | {
        "conv": fields("Conv2d", weight=np.ones((1, 1, 2, 2))),
        "inner": fields("NIRGraph", nodes={}, edges=[]),
        "pool": fields("SumPool2d", kernel_size=np.array([2, 2])),
        "delay": fields("Delay", delay=np.ones(2)),
        "threshold": fields("Threshold", threshold=np.ones(2)),
        "i": fields("I", r=np.ones(2)),
        "new": fields("Resonator", r=np.ones(2)),
        "deep": fields("Linear", weight=np.ones((3, 2, 2))),
    }
    names = [n for n in nodes if n not in "xy"]
    path = save(tmp_path / "m.nir", nodes, chain_of("x", *names, "y"))
    error = fails(path, UnsupportedError)
    assert {d.node for d in error.diagnostics} == set(names)
    assert all(d.rule == "NT-NIR-001" and d.fix and "m.nir" in d.origin for d in error.diagnostics)


def test_loops_and_sums_outside_neurons(tmp_path):
    nodes = ends() | {"w": affine(), "n": lif(), "back": affine(), "m": lif()}
    edges = [*chain_of("x", "w", "n", "m", "y"), ("n", "back"), ("back", "n"), ("m", "m"), ("x", "y"), ("m", "w")]
    rules, messages = found(tmp_path, nodes, edges, UnsupportedError)
    assert rules[0][0] == "NT-NIR-002" and set(rules[1:]) == {("NT-NIR-003", "y"), ("NT-NIR-003", "w")}
    assert "w" in messages[0] and "back" in messages[0]
    rules, _ = found(tmp_path, ends() | {"n": lif()}, [*chain_of("x", "n", "y"), ("n", "n")], UnsupportedError)
    assert rules == [("NT-NIR-002", "n")]


@pytest.mark.parametrize(
    ("node", "mention"),
    [
        (lif(tau=None), "tau"),
        (lif(tau=np.full(3, 0.1)), "tau [3]"),
        (lif(tau="fast"), "tau is no numbers"),
        (lif(tau=h5py.Empty("f8")), "tau"),
        (lif(tau=np.zeros(0)), "tau"),
        (lif(refractory=np.ones(2)), "refractory"),
        (lif(tau=np.ones(2, complex)), "tau"),
        (affine(bias=np.zeros(3)), "bias has shape [3]"),
        (affine(weight=np.ones(2)), "weight has shape [2]"),
        (affine(bias=np.zeros((2, 1))), "bias has shape [2, 1]"),
        (fields("Flatten", start_dim=0.5, end_dim=-1), "start_dim is 0.5"),
        (fields("Flatten", start_dim=1, end_dim=-1), "flattens axes 1 to -1"),
        (fields("Flatten", start_dim=0, end_dim=-1, input_type=np.array([-1])), "input_type is [-1]"),
        ({"tau": np.ones(2)}, "has no type"),
        ({"type": 3}, "has no type"),
        ({"type": {"deeper": 1}}, "has no type"),
        (lif(tau={"deeper": 1}), "tau is no numbers"),
    ],
)
def test_missing_or_misshapen_fields(tmp_path, node, mention):
    rules, messages = found(tmp_path, ends() | {"n": node}, chain_of("x", "n", "y"))
    assert set(rules) == {("NT-NIR-004", "n")}
    assert any(mention in m for m in messages), messages


@pytest.mark.parametrize("shape", [np.array([0]), np.array([2.0]), np.array([[2]]), 2, np.zeros(0, int), "two"])
def test_bad_shapes_of_ends(tmp_path, shape):
    nodes = ends() | {"n": lif()}
    nodes["x"]["shape"] = nodes["y"]["shape"] = shape
    rules, _ = found(tmp_path, nodes, chain_of("x", "n", "y"))
    assert rules == [("NT-NIR-004", "x"), ("NT-NIR-004", "y")]


def test_ends_without_shape(tmp_path):
    nodes = {"x": fields("Input"), "n": lif(), "y": fields("Output")}
    rules, _ = found(tmp_path, nodes, chain_of("x", "n", "y"))
    assert rules == [("NT-NIR-004", "x"), ("NT-NIR-004", "y")]


def test_bad_values_are_listed_together(tmp_path):
    nodes = ends() | {
        "w": affine(weight=np.array([[1.0, np.nan], [np.inf, 0.0]])),
        "n": lif(tau=np.array([0.0, 0.1]), r=np.array([np.nan, 1.0])),
        "m": fields("CubaLI", **dict.fromkeys(("tau_syn", "tau_mem", "r", "v_leak", "w_in"), np.full(2, -1.0))),
    }
    rules, messages = found(tmp_path, nodes, chain_of("x", "w", "n", "m", "y"))
    assert sorted(rules) == [("NT-NIR-007", n) for n in "mmnnw"]
    assert any("2 of 4 values of weight" in m for m in messages)


def test_bad_edges_are_listed_together(tmp_path):
    nodes = ends() | {"n": lif(), "alone": lif(), "unheard": lif(), "unfed": lif()}
    edges = [*chain_of("x", "n", "y"), ("n", "gone"), ("lost", "gone"), ("x", "n"), ("n", "unheard"), ("unfed", "n")]
    rules, messages = found(tmp_path, nodes, edges)
    assert {r for r, _ in rules} == {"NT-NIR-005"}
    text = "\n".join(messages)
    for part in ("names gone", "names lost and gone", "x -> n is there 2 times", "alone: is not", "unfed: is not"):
        assert part in text
    assert "unheard: is not connected: no path leads from it to an Output" in text


def test_graph_without_ends(tmp_path):
    rules, messages = found(tmp_path, {"n": lif(), "m": lif()}, [("n", "m")])
    assert rules == [("NT-NIR-005", "")] * 2
    assert "no Input" in messages[0] and "no Output" in messages[1]
    assert found(tmp_path, {}, [])[0] == rules
    assert {n for _, n in found(tmp_path, ends() | {"n": lif()}, [])[0]} == {"x", "n", "y"}


def test_edges_the_wrong_way(tmp_path):
    nodes = ends() | {"n": lif(), "m": lif(), "x2": fields("Input", shape=np.array([2]))}
    nodes["y2"] = nodes["y"]
    edges = [*chain_of("x", "n", "y"), ("n", "x2"), ("x2", "m"), ("y", "m"), ("m", "y2")]
    assert found(tmp_path, nodes, edges)[0] == [("NT-NIR-005", "x2"), ("NT-NIR-005", "y")]


def test_shapes_that_do_not_fit_are_listed_together(tmp_path):
    nodes = ends() | {"w": affine(3, 2), "n": lif(2), "v": affine(4, 5)}
    rules, messages = found(tmp_path, nodes, chain_of("x", "w", "n", "v", "y"))
    assert rules == [("NT-NIR-006", n) for n in "nvy"]
    assert "takes shape [2], w gives [3]" in messages[0]


def test_mistakes_of_all_sorts_come_together(tmp_path):
    nodes = ends() | {"w": affine(3, 2), "n": lif(2), "m": lif(tau=None), "k": lif(tau=np.full(2, -1.0)), "odd": lif()}
    rules, _ = found(tmp_path, nodes, chain_of("x", "w", "n", "m", "k", "y"))
    assert {r for r, _ in rules} == {f"NT-NIR-00{i}" for i in (4, 5, 6, 7)}


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

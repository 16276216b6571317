"""Doctored ``.pt2`` files: torch would run their code, the checks refuse them without running it."""

from __future__ import annotations

import io
import json
import os
import pickle
import sys
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from neurotool.errors import UsageError
from neurotool.targets.gpu import TARGET
from neurotool.targets.gpu.pt2_values import Equation, Expression, Identifier, Operator, TreeSpecification

MODEL, SAMPLE_INPUTS = "models/model.json", "data/sample_inputs/model.pt"
WEIGHTS, CONSTANTS = "data/weights/model_weights_config.json", "data/constants/model_constants_config.json"
X = np.ones((5, 2, 6), np.float32)
Members = dict[str, bytes]


class Touch:
    """Unpickling it creates a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


def read(path: Path) -> Members:
    with zipfile.ZipFile(path) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def write(path: Path, members: Members, compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(f"archive/{name}", data)
    return path


def edit(members: Members, name: str, change: Callable[[dict], None]) -> None:
    value = json.loads(members[name])
    change(value)
    members[name] = json.dumps(value).encode()


def checked(kind: Any, text: str) -> str:
    """Check a value as the fields of a program that have this kind do; pydantic's refusals are ValueErrors."""
    found: str = TypeAdapter(kind).validate_python(text)
    return found


def saved(value: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def statement(marker: Path) -> str:
    return f"__import__('pathlib').Path({str(marker)!r}).touch()"


def pickled_sample_inputs(members: Members, marker: Path) -> None:
    members[SAMPLE_INPUTS] = saved(Touch(marker))


def pickled_weight(members: Members, marker: Path) -> None:
    edit(members, WEIGHTS, lambda config: next(iter(config["config"].values())).update(use_pickle=True))
    members["data/weights/weight_0"] = saved(Touch(marker))


def pickled_constant(members: Members, marker: Path) -> None:
    entry = {"path_name": "opaque_obj_0", "is_param": False, "use_pickle": True, "tensor_meta": None}
    edit(members, CONSTANTS, lambda config: config["config"].update(c=entry))
    members["data/constants/opaque_obj_0"] = pickle.dumps(Touch(marker))


def legacy_weights(members: Members, marker: Path) -> None:
    members["data/weights/model.pt"] = saved(Touch(marker))


def size_expression(members: Members, marker: Path) -> None:
    def change(model: dict) -> None:
        for meta in model["graph_module"]["graph"]["tensor_values"].values():
            for size in meta["sizes"]:
                if "as_expr" in size:
                    size["as_expr"]["expr_str"] = statement(marker)

    edit(members, MODEL, change)


def guard(members: Members, marker: Path) -> None:
    edit(members, MODEL, lambda model: model.update(guards_code=[statement(marker)]))


def enumeration_in_tree(members: Members, marker: Path) -> None:
    """Torch imports the module that a tree specification names."""
    (marker.parent / "doctored_module.py").write_text(f"{statement(marker)}\n")
    context = json.dumps({"__enum__": True, "fqn": "doctored_module:Any", "name": "ANY"})
    tree = json.dumps([1, {"type": "builtins.dict", "context": context, "children_spec": []}])
    edit(members, MODEL, lambda m: m["graph_module"]["module_call_graph"][0]["signature"].update(in_spec=tree))


ATTACKS = [
    (pickled_sample_inputs, r"'data/sample_inputs/model.pt' must be empty"),
    (pickled_weight, r"model_weights_config.json'.*use_pickle"),
    (pickled_constant, r"'data/constants/opaque_obj_0' does not belong"),
    (legacy_weights, r"'data/weights/model.pt' does not belong"),
    (size_expression, r"expr_str.*is not arithmetic on sizes"),
    (guard, r"guards_code.*at most 0 items"),
    (enumeration_in_tree, r"in_spec.*holds more than tuples and lists"),
]


@pytest.mark.parametrize(("attack", "message"), ATTACKS, ids=[attack.__name__ for attack, _ in ATTACKS])
def test_doctored_file_is_refused_and_its_code_does_not_run(attack, message, part, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    marker = tmp_path / "marker"
    members = read(part)
    attack(members, marker)
    path = write(tmp_path / "doctored.pt2", members)
    for use in (TARGET.run_dense, TARGET.count_dense):
        with pytest.raises(UsageError, match=message) as refusal:
            use(path, [X])
        assert str(path) in refusal.value.message
    assert not marker.exists()
    members[SAMPLE_INPUTS] = members[SAMPLE_INPUTS] or saved(((torch.from_numpy(X),), {}))  # as torch writes them
    with suppress(Exception):  # what torch makes of it afterwards does not matter
        torch.export.load(write(path, members)).module()(torch.from_numpy(X))
    if attack is pickled_constant and not marker.exists():
        pytest.skip("this torch reads no such constants")  # 2.10 does not, 2.13 does
    assert marker.exists(), "torch alone would not have run it: the attack proves nothing"


@pytest.mark.parametrize(
    "name",
    ["data/aotinductor/model/model.so", "data/constants/custom_obj_0", "extra/notes.txt", "models/other.json", "x.py"],
)
def test_foreign_members_are_refused(name, part, tmp_path):
    path = write(tmp_path / "p.pt2", read(part) | {name: b"?"})
    with pytest.raises(UsageError, match=f"'{name}' does not belong"):
        TARGET.run_dense(path, [X])


def test_what_is_checked_is_what_is_loaded(part, tmp_path):
    """Two members of one name: one zip reader takes the first, another the last."""
    path = tmp_path / "p.pt2"
    path.write_bytes(part.read_bytes())
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("archive/data/sample_inputs/model.pt", b"")
    with pytest.raises(UsageError, match="is there twice"):
        TARGET.run_dense(path, [X])


def test_missing_truncated_and_foreign_files(part, tmp_path):
    path = tmp_path / "p.pt2"
    with pytest.raises(UsageError, match=r"p.pt2: No such file"):
        TARGET.run_dense(path, [X])
    data = part.read_bytes()
    for kept in (0, 10, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:kept])
        with pytest.raises(UsageError, match=r"p.pt2: not a .pt2 file, or damaged"):
            TARGET.run_dense(path, [X])
    path.write_text("neurons")
    with pytest.raises(UsageError, match=r"not a .pt2 file"):
        TARGET.run_dense(path, [X])
    write(path, {"a.txt": b"a"})
    with pytest.raises(UsageError, match=r"'a.txt' does not belong"):
        TARGET.run_dense(path, [X])


def test_compressed_and_missing_members(part, tmp_path):
    members = read(part)
    with pytest.raises(UsageError, match="is compressed"):
        TARGET.run_dense(write(tmp_path / "p.pt2", members, zipfile.ZIP_DEFLATED), [X])
    del members[WEIGHTS]
    with pytest.raises(UsageError, match=r"model_weights_config.json' is missing"):
        TARGET.run_dense(write(tmp_path / "p.pt2", members), [X])


def test_weights_that_are_not_all_there(part, tmp_path):
    members = read(part)
    short = members | {"data/weights/weight_0": members["data/weights/weight_0"][:-4]}
    with pytest.raises(UsageError, match="too short"):
        TARGET.run_dense(write(tmp_path / "p.pt2", short), [X])
    del members["data/weights/weight_0"]
    with pytest.raises(UsageError, match="which is not there"):
        TARGET.run_dense(write(tmp_path / "p.pt2", members), [X])


def test_json_that_is_not_json_or_too_deep(part, tmp_path):
    for text in (b"{", b"[" * 100_000, b"\xff\xff"):
        with pytest.raises(UsageError, match=r"'models/model.json' is not JSON"):
            TARGET.run_dense(write(tmp_path / "p.pt2", read(part) | {MODEL: text}), [X])


def test_well_formed_but_inconsistent_program(part, tmp_path):
    members = read(part)
    edit(members, MODEL, lambda model: model["graph_module"]["graph"]["nodes"].pop(0))
    with pytest.raises(UsageError, match="cannot read it"):
        TARGET.run_dense(write(tmp_path / "p.pt2", members), [X])


@pytest.fixture(scope="module")
def answer(part):
    """What the undamaged file computes."""
    return TARGET.run_dense(part, [X])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_flipped_bit_gets_past_as_anything_but_the_answer(data, part, answer, tmp_path):
    """Damage anywhere is found (by the checksums of the archive) or harmless; it is never another kind of error."""
    content = bytearray(part.read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path / "p.pt2"
    path.write_bytes(content)
    try:
        found = TARGET.run_dense(path, [X])
    except UsageError:
        return
    for got, expected in zip(found, answer, strict=True):
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize(
    "target",
    [
        *("torch.ops.aten.relu_.default", "torch.ops.aten.__class__.__init__", "torch.ops.aten.relu.overloads"),
        *("torch.ops.aten.relu.default.__call__", "torch.ops.higher_order.cond", "torch.ops.aten.set_.source_Tensor"),
        *(
            "_operator.attrgetter",
            "math.trunc",
            "#extension:op",
            "torch.load",
            "torch.os.mkdir",
            "torch.ops.prims.add.default",
            "",
        ),
        *("torch.ops.aten.save.default", "torch.ops.aten._print.default", "torch.ops.aten.manual_seed.default"),
    ],
)
def test_operators_that_are_refused(target):
    with pytest.raises(ValueError, match=r"ATen operator|more than compute"):
        checked(Operator, target)


def test_names_may_not_be_source(part, tmp_path):
    """Torch writes the names of inputs into Python source as they are."""
    members = read(part)
    members[MODEL] = members[MODEL].replace(b'"inputs_0"', b'"inputs_0: exit()"')
    with pytest.raises(UsageError, match="'inputs_0: exit\\(\\)' is not a plain name"):
        TARGET.run_dense(write(tmp_path / "p.pt2", members), [X])


def test_a_file_name_is_no_argument(part, tmp_path):
    """``aten.from_file`` maps a file into memory; it is functional, but its file name is refused."""

    def change(model: dict) -> None:
        node = model["graph_module"]["graph"]["nodes"][0]
        node["target"] = "torch.ops.aten.from_file.default"
        node["inputs"] = [{"name": "filename", "arg": {"as_string": os.devnull}, "kind": 1}]

    members = read(part)
    edit(members, MODEL, change)
    with pytest.raises(UsageError, match="as_string"):
        TARGET.run_dense(write(tmp_path / "p.pt2", members), [X])


@pytest.mark.parametrize("text", ["bi,ijk->bjk", "b i , i j -> b j", "ij->"])
def test_equations_that_are_read(text):
    assert checked(Equation, text) == text


@pytest.mark.parametrize(
    "text", ["/etc/passwd", "a.so", "ij,jk", "->", "i->j->k", "a/b->c", "ij->i\n", "", "a" * 99 + "->a"]
)
def test_equations_that_are_refused(text):
    with pytest.raises(ValueError, match="neither a mode nor an equation"):
        checked(Equation, text)


def test_an_equation_is_for_einsum_alone(part, tmp_path):
    def change(model: dict) -> None:
        node = model["graph_module"]["graph"]["nodes"][0]
        node["target"] = "torch.ops.aten.from_file.default"
        node["inputs"] = [{"name": "filename", "arg": {"as_string": "ab->c"}, "kind": 1}]

    members = read(part)
    edit(members, MODEL, change)
    with pytest.raises(UsageError, match="takes no equation"):
        TARGET.run_dense(write(tmp_path / "p.pt2", members), [X])


@pytest.mark.parametrize("text", ["Symbol('s27', positive=True, integer=True)", "Mul(Integer(3), Symbol('s0'))", "-4"])
def test_sizes_that_are_read(text):
    assert checked(Expression, text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("Symbol('os')", "Symbol", "s27", "Pow(9, 9)", "9**9", "(1).real", "Mul(*[1])", "Mul(x=1)", "lambda: 0"),
        *("[].append(1)", "Symbol('s1').name", "Mul(Integer(3), exit())", "1 if 1 else 2", "", "(" * 300, "1" * 3000),
    ],
)
def test_sizes_that_are_refused(text):
    with pytest.raises(ValueError, match="size"):
        checked(Expression, text)


@pytest.mark.parametrize("name", ["", "a b", "a)", "x=1", "class", "ﬁ", "a.b", "1a", "a\n"])
def test_names_that_are_refused(name):
    with pytest.raises(ValueError, match="not a plain name"):
        checked(Identifier, name)


@pytest.mark.parametrize(
    "text",
    [
        *("", "1", "[2, null]", '[1, {"type": null}]', "[1, []]", "[" * 100_000),
        '[1, {"type": "collections.defaultdict", "context": "{}", "children_spec": []}]',
        '[1, {"type": "builtins.tuple", "context": "{}", "children_spec": []}]',
        '[1, {"type": ["builtins.tuple"], "context": "null", "children_spec": []}]',
        '[1, {"type": "builtins.tuple", "context": ["null"], "children_spec": 3}]',
    ],
)
def test_trees_that_are_refused(text):
    with pytest.raises(ValueError, match="tree specification"):
        checked(TreeSpecification, text)

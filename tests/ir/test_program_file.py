"""Programs on disk: lossless, deterministic, and strict about what they accept."""

from dataclasses import fields, is_dataclass, replace

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neurotool.errors import UsageError
from neurotool.ir.program import (
    ChipProgram,
    InputPort,
    OutputKind,
    OutputPort,
    Population,
    Projection,
    SignMode,
)
from neurotool.ir.program_check import problems
from neurotool.ir.program_file import load_program, save_program

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SCALES = st.floats(min_value=1e-300, max_value=1e300)
INT64 = st.integers(-(2**63), 2**63 - 1)
SHAPES = st.lists(st.integers(1, 3), max_size=3).map(tuple)


def same(a, b):
    """Whether two objects of the program are equal, arrays and order included."""
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    return type(a) is type(b) and a == b


@st.composite
def chains(draw):
    """An input port and up to three populations in a row, each with a connection to itself."""
    names = iter(draw(st.lists(NAMES, min_size=10, max_size=10, unique=True)))
    port = InputPort(next(names), draw(SHAPES), draw(st.sampled_from([0, 8, 24])), draw(SCALES))
    populations, projections = {}, {}
    source, size = port.name, int(np.prod(port.shape))
    for start in range(1, draw(st.integers(1, 3)) + 1):
        shape = draw(SHAPES)
        width = int(np.prod(shape))
        parameters = draw(st.dictionaries(NAMES, hnp.arrays(np.int64, (width,), elements=INT64), max_size=2))
        population = Population(
            next(names), draw(NAMES), shape, parameters, start, draw(FLOATS), draw(FLOATS), draw(st.just("") | NAMES)
        )
        populations[population.name] = population
        for origin, inputs in ((source, size), (population.name, width)):
            weights = hnp.arrays(np.int64, (width, inputs), elements=st.integers(-256, 255))
            projection = Projection(
                next(names),
                origin,
                population.name,
                draw(weights),
                draw(st.integers(-8, 7)),
                draw(st.integers(1, 8)),
                draw(st.sampled_from(SignMode)),
                port.message_bits if origin == port.name else 0,
            )
            projections[projection.name] = projection
        source, size = population.name, width
    outputs = tuple(OutputPort(name, draw(st.sampled_from(OutputKind))) for name in populations)
    return ChipProgram(draw(SCALES), {port.name: port}, populations, projections, outputs, tuple(draw(st.lists(NAMES))))


@settings(max_examples=60, deadline=None)
@given(chains())
def test_round_trip_is_lossless_and_deterministic(tmp_path_factory, program):
    folder = tmp_path_factory.mktemp("program")
    save_program(program, folder / "a.h5")
    again = load_program(folder / "a.h5")
    assert same(again, program)
    save_program(again, folder / "b.h5")
    assert (folder / "a.h5").read_bytes() == (folder / "b.h5").read_bytes()


def small():
    """Two inputs into two neurons that feed one read-out."""
    lif = {name: np.array([3, 4]) for name in ("du", "dv", "vth")}
    return ChipProgram(
        dt=1e-3,
        inputs={"in": InputPort("in", (2,))},
        populations={
            "a": Population("a", "cuba-lif", (2,), lif, 1, 100.0),
            "b/c": Population("b/c", "li", (1,), {"dv": np.array([7])}, 2, 100.0),
        },
        projections={
            "in-a": Projection("in-a", "in", "a", np.array([[1, -256], [255, 0]])),
            "a-a": Projection("a-a", "a", "a", np.array([[0, 2], [4, 0]])),
            "a-b": Projection("a-b", "a", "b/c", np.array([[2, 2]])),
        },
        outputs=(OutputPort("b/c", OutputKind.MEMBRANE),),
    )


def with_projection(**changes):
    program = small()
    return replace(program, projections=program.projections | {"in-a": replace(program.projections["in-a"], **changes)})


def with_population(**changes):
    program = small()
    return replace(program, populations=program.populations | {"a": replace(program.populations["a"], **changes)})


def test_a_sound_program_has_no_problems():
    assert problems(small()) == ()


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (with_projection(source="x"), "projection 'in-a' starts at 'x', which does not exist"),
        (with_projection(target="in"), "projection 'in-a' ends at 'in', which is no population"),
        (with_projection(name="a"), "projection 'in-a' calls itself 'a'"),
        (replace(small(), inputs={"a": InputPort("a", (2,))}), "name 'a' is used twice"),
        (replace(small(), inputs={"": InputPort("", (2,))}), "input '' needs a printable name"),
        (replace(small(), inputs={"in": InputPort("in", (0,))}), "input 'in' has shape (0,), which holds no value"),
        (replace(small(), outputs=(OutputPort("in", OutputKind.SPIKES),)), "output 'in' is no population"),
        (replace(small(), dt=0.0), "dt is 0.0 s, expected a positive time"),
        (with_projection(weights=np.zeros((2, 3), np.int64)), "(2, 3), expected int64 (2, 2), (target, source) size"),
        (with_projection(weights=np.zeros((2, 2))), "weights are float64"),
        (with_projection(weights=np.full((2, 2), 256)), "weights reach from 256 to 256, expected -256 to 255"),
        (with_projection(weight_bits=9), "weight_bits is 9, expected 1 to 8"),
        (with_projection(message_bits=8), "message_bits is 8, its input sends 0"),
        (with_population(parameters={"du": np.array([1])}), "parameter du is int64 (1,), expected int64 (2,)"),
        (with_population(start=-1), "starts at step -1"),
        (with_population(start=2), "projection 'in-a' first delivers at step 1, but 'a' starts at step 2"),
        (with_population(start=0), "projection 'a-b' first delivers at step 1, but 'b/c' starts at step 2"),
    ],
)
def test_structure_is_checked_on_both_ways(tmp_path, program, message):
    assert any(message in text for text in problems(program)), problems(program)
    with pytest.raises(ValueError, match="not a valid program"):
        save_program(program, tmp_path / "p.h5")
    assert not (tmp_path / "p.h5").exists()


def test_a_loop_may_close_over_several_populations():
    program = small()
    back = Projection("back", "b/c", "a", np.array([[1], [1]]))
    assert problems(replace(program, projections=program.projections | {"back": back})) == ()


def edit(field, value):
    """Set one attribute of a stored program; ``None`` removes it."""

    def change(path):
        with h5py.File(path, "a") as file:
            place, _, name = field.rpartition("/")
            attributes = file[place or "/"].attrs
            if value is None:
                del attributes[name]
            else:
                attributes[name] = value

    return change


def remove(item):
    def change(path):
        with h5py.File(path, "a") as file:
            del file[item]

    return change


def make_ragged(path):
    with h5py.File(path, "a") as file:
        del file["populations/a/du"]
        file["populations/a/du"] = np.array([1, 2, 3])
        file["populations/a/du"].attrs.update({"index": 0, "name": "du"})


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda p: p.unlink(), "no such file"),
        (lambda p: p.write_text("graph"), "not an HDF5 file"),
        (lambda p: p.write_bytes(p.read_bytes()[:-100]), "is damaged or not an HDF5 file"),
        (edit("schema", None), "is not a neurotool program: its schema is not declared"),
        (edit("schema", "neurotool.trace/1"), "its schema is neurotool.trace/1"),
        (edit("schema", "neurotool.program/2"), "its schema is neurotool.program/2, this version reads"),
        (edit("dt", None), "attribute /dt is missing"),
        (edit("dt", "1ms"), "attribute /dt holds '1ms', expected float"),
        (edit("notes", 3), "attribute /notes holds 3, expected strings"),
        (edit("populations/a/shape", "2"), "attribute /populations/a/shape holds '2', expected integers"),
        (edit("projections/in-a/sign_mode", "odd"), "sign_mode is 'odd', expected one of mixed, excitatory"),
        (edit("projections/in-a/target", "z"), "ends at 'z', which is no population"),
        (remove("projections/in-a/weights"), "dataset /projections/in-a/weights is missing"),
        (remove("inputs"), "group /inputs is missing"),
        (make_ragged, "parameter du is int64 (3,)"),
    ],
)
def test_damaged_files_are_named(tmp_path, damage, message):
    path = tmp_path / "p.h5"
    save_program(small(), path)
    damage(path)
    with pytest.raises(UsageError) as caught:
        load_program(path)
    assert caught.value.message.startswith(str(path))
    assert message in caught.value.message


def test_names_stay_readable_in_the_file(tmp_path):
    save_program(small(), tmp_path / "p.h5")
    with h5py.File(tmp_path / "p.h5") as file:
        assert list(file["populations"]) == ["a", "b%2Fc"]
        assert file["populations/a/vth"][()].tolist() == [3, 4]

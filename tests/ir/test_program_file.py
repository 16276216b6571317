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
    AllToAll,
    ChipProgram,
    Convolution,
    InputPort,
    OutputKind,
    OutputPort,
    Population,
    Projection,
    SignMode,
    Sparse,
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
def synapses(draw, targets, sources):
    """All-to-all or listed synapses."""
    values = st.integers(-256, 255)
    if draw(st.booleans()):
        return AllToAll(), draw(hnp.arrays(np.int64, (targets, sources), elements=values))
    size = draw(st.integers(0, 5))
    indices = (draw(hnp.arrays(np.int64, (size,), elements=st.integers(0, n - 1))) for n in (targets, sources))
    return Sparse(*indices), draw(hnp.arrays(np.int64, (size,), elements=values))


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
            form, weights = draw(synapses(width, inputs))
            delays = hnp.arrays(np.int64, weights.shape, elements=st.integers(0, 63))
            projection = Projection(
                next(names),
                origin,
                population.name,
                weights,
                draw(st.integers(-8, 7)),
                draw(st.integers(1, 8)),
                draw(st.sampled_from(SignMode)),
                port.message_bits if origin == port.name else 0,
                connectivity=form,
                delays=draw(st.none() | delays),
                port=draw(NAMES),
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


def convolutional():
    """A convolution that uses every field, and one of a single row."""
    wide = Convolution(stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=2)
    return ChipProgram(
        dt=1e-3,
        inputs={"in": InputPort("in", (4, 5, 6), 8)},
        populations={
            "a": Population("a", "lif", (2, 3, 6), {}, 1, 100.0),
            "f": Population("f", "lif", (1, 36), {}, 2, 100.0),
            "b": Population("b", "lif", (3, 35), {}, 3, 100.0),
        },
        projections={
            "in-a": Projection("in-a", "in", "a", np.arange(36).reshape(2, 2, 3, 3), connectivity=wide, message_bits=8),
            "a-f": Projection("a-f", "a", "f", np.eye(36, dtype=np.int64)),
            "f-b": Projection("f-b", "f", "b", np.full((3, 1, 1, 2), -9), connectivity=Convolution(), port="a_real"),
        },
        outputs=(OutputPort("b", OutputKind.SPIKES),),
    )


def test_convolutions_round_trip(tmp_path):
    save_program(convolutional(), tmp_path / "a.h5")
    again = load_program(tmp_path / "a.h5")
    assert same(again, convolutional())
    save_program(again, tmp_path / "b.h5")
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def convolution_with(**changes):
    program = convolutional()
    return replace(program, projections=program.projections | {"in-a": replace(program.projections["in-a"], **changes)})


def listed(targets, sources, weights=(2, 4), **changes):
    form = Sparse(np.array(targets), np.array(sources))
    return with_projection(weights=np.array(weights), connectivity=form, **changes)


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
        (with_projection(weights=np.zeros((2, 3), np.int64)), "(2, 3), expected (2, 2), (target, source) size"),
        (with_projection(weights=np.zeros((2, 2))), "weights are float64"),
        (with_projection(weights=np.full((2, 2), 256)), "weights reach from 256 to 256, expected -256 to 255"),
        (with_projection(weight_bits=9), "weight_bits is 9, expected 1 to 8"),
        (with_projection(message_bits=8), "message_bits is 8, its input sends 0"),
        (with_population(parameters={"du": np.array([1])}), "parameter du is int64 (1,), expected int64 (2,)"),
        (with_population(start=-1), "starts at step -1"),
        (with_population(start=2), "projection 'in-a' first delivers at step 1, but 'a' starts at step 2"),
        (with_population(start=0), "projection 'a-b' first delivers at step 1, but 'b/c' starts at step 2"),
        (listed([0, 2], [0, 1]), "targets reach from 0 to 2, expected 0 to 1"),
        (listed([0, 1], [-1, 1]), "sources reach from -1 to 1, expected 0 to 1"),
        (listed([0], [0, 1]), "targets are int64 (1,), expected int64 (2,), one per synapse"),
        (listed([0, 1], [0.0, 1.0]), "sources are float64 (2,), expected int64 (2,), one per synapse"),
        (listed([0, 1], [0, 1], delays=np.array([0, 64])), "delays reach from 0 to 64, expected 0 to 63 steps"),
        (
            with_projection(delays=np.zeros(4, np.int64)),
            "delays are int64 (4,), expected int64 (2, 2), one per synapse",
        ),
        (convolution_with(weights=np.zeros((2, 2, 3), np.int64)), "expected (channels out, channels in / groups, rows"),
        (convolution_with(weights=np.zeros((2, 3, 3, 3), np.int64)), "in 2 group(s) do not fit 4 source channels"),
        (
            convolution_with(weights=np.zeros((2, 2, 3, 2), np.int64)),
            "gives shape (2, 3, 8), but the target has (2, 3, 6)",
        ),
        (convolution_with(connectivity=Convolution(stride=(0, 1))), "needs positive strides, dilations and groups"),
        (convolution_with(source="f", message_bits=0), "do not fit 1 source channels"),
        (convolution_with(delays=np.zeros((2, 2, 3, 3), np.int64)), "a convolution has no delays"),
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
        (edit("projections/in-a/connectivity", "ring"), "connectivity is 'ring', expected one of all_to_all, sparse"),
        (edit("projections/in-a/connectivity", "sparse"), "dataset /projections/in-a/targets is missing"),
        (edit("projections/in-a/connectivity", "convolution"), "attribute /projections/in-a/stride holds None"),
        (edit("projections/in-a/port", None), "attribute /projections/in-a/port is missing"),
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

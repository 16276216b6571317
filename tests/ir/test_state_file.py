"""Run states come back as they were written, and only fit the program and batch they belong to."""

import h5py
import numpy as np
import pytest

from neurotool.errors import UsageError
from neurotool.ir.program import ChipProgram, InputPort, Population, Projection
from neurotool.ir.state import RunState, history
from neurotool.ir.state_file import check_state, load_states, save_states


def program() -> ChipProgram:
    values = {"du": 4095, "dv": 0, "vth": 1, "bias_mant": 0, "bias_exp": 0}
    population = Population("p/1", "lif", (2,), {k: np.full(2, v, np.int64) for k, v in values.items()}, 1, 64.0)
    weights = np.full((2, 2), 2, np.int64)
    return ChipProgram(
        1e-3,
        {"x": InputPort("x", (2,), message_bits=8)},
        {"p/1": population},
        {
            "in": Projection("in", "x", "p/1", weights, message_bits=8, delays=np.array([[0, 3], [1, 0]])),
            "loop": Projection("loop", "p/1", "p/1", weights),
        },
        (),
    )


def state(batch=2) -> RunState:
    rng = np.random.default_rng(0)
    return RunState(
        rows=7,
        states={"p/1": {k: rng.integers(-(1 << 23), 1 << 23, (batch, 2)) for k in ("u", "v")}},
        sent={
            "x": rng.integers(-128, 128, (3, batch, 2), dtype=np.int32),
            "p/1": rng.random((1, batch, 2)) < 0.5,
        },
    )


def test_history_reaches_back_as_far_as_the_longest_way():
    assert history(program()) == {"x": 3, "p/1": 1}  # a delay of 3; a loop that takes one step


def test_round_trip(tmp_path):
    before = state()
    save_states({"part.0": before}, tmp_path / "s.h5")
    after = load_states(tmp_path / "s.h5")["part.0"]
    assert after.rows == 7
    assert after.batch == 2
    for name, variables in before.states.items():
        for variable, values in variables.items():
            np.testing.assert_array_equal(after.states[name][variable], values)
    for name, raster in before.sent.items():
        np.testing.assert_array_equal(after.sent[name], raster)
        assert after.sent[name].dtype == raster.dtype


def test_a_state_fits_its_program_and_batch_only():
    check_state(state(), program(), 2, "s.h5")
    with pytest.raises(UsageError, match=r"s\.h5: sent/x has shape \(3, 2, 2\), this run needs \(3, 4, 2\)"):
        check_state(state(), program(), 4, "s.h5")
    other = RunState(7, {"q": {}}, {})
    with pytest.raises(UsageError, match=r"not a state of this program, which differs in p/1, q"):
        check_state(other, program(), 2, "s.h5")


def test_damage_names_file_and_field(tmp_path):
    save_states({"a": state()}, tmp_path / "s.h5")
    with h5py.File(tmp_path / "s.h5", "r+") as file:
        del file["parts/a"].attrs["rows"]
    with pytest.raises(UsageError, match=r"s\.h5: is not a valid neurotool run state: attribute /parts/a/rows"):
        load_states(tmp_path / "s.h5")

"""What lies on the chip, as text and as JSON: models, connectivities, synapses that count, delays."""

import io
import json

import numpy as np
from rich.console import Console

from neurotool.cli.chip_values import program_values
from neurotool.cli.summary import chip
from neurotool.ir.program import ChipProgram, Convolution, InputPort, Population, Projection, Sparse


def program() -> ChipProgram:
    """A convolution, a matrix and delayed listed synapses."""
    kernel = np.array([[[[2, 0, 4]]], [[[2, 0, 4]]]])
    form = Convolution(stride=(1, 2), padding=(0, 1))
    listed = Sparse(np.array([0, 1, 1]), np.array([0, 3, 3]))
    return ChipProgram(
        1e-3,
        {"in": InputPort("in", (1, 4), 8)},
        {
            "image": Population("image", "sigma_delta", (2, 2), {}, 1, 1.0),
            "wave": Population("wave", "rf", (2,), {}, 2, 1.0),
        },
        {
            "k": Projection("k", "in", "image", kernel, connectivity=form, message_bits=8),
            "m": Projection("m", "image", "wave", np.array([[2, 0, 2, 2], [0, 0, 0, 4]]), weight_exp=-2, port="a_real"),
            "l": Projection(
                "l",
                "image",
                "wave",
                np.array([2, 4, 0]),
                connectivity=listed,
                delays=np.array([0, 5, 9]),
                port="a_imag",
            ),
        },
        (),
    )


def cells(table) -> list[list[str]]:
    """Rows of a table as the words between two or more blanks."""
    text = io.StringIO()
    Console(width=200, file=text, color_system=None).print(table)
    rows = [line.strip() for line in text.getvalue().splitlines()]
    return [[cell.strip() for cell in row.split("  ") if cell.strip()] for row in rows if row]


def test_every_projection_shows_its_form_and_the_synapses_that_count():
    rows = cells(chip.projections({"spiking-0": program()}))
    # Kernel columns reach to the left of column 0; the middle weight is no synapse: 2 channels x (2 + 1).
    assert ["k", "in", "image", "conv 1x3, stride 1x2, padding 0x1", "6", "none", "8 bits"] in rows
    assert ["m", "image", "wave, a_real", "dense", "4", "none", "8 bits x 2^-2"] in rows
    assert ["l", "image", "wave, a_imag", "sparse", "2", "0 to 9", "8 bits"] in rows


def test_every_population_shows_its_model():
    rows = cells(chip.populations({"spiking-0": program()}))
    assert ["image", "spiking-0", "sigma_delta", "4", "6", "1"] in rows
    assert ["wave", "spiking-0", "rf", "2", "6", "2"] in rows


def test_the_same_as_json():
    values = json.loads(json.dumps(program_values({"spiking-0": program()})))["spiking-0"]
    assert [p["model"] for p in values["populations"]] == ["sigma_delta", "rf"]
    kernel, matrix, listed = values["projections"]
    assert (kernel["connectivity"], kernel["weights"], kernel["synapses"]) == ("convolution", [2, 1, 1, 3], 6)
    assert (matrix["connectivity"], matrix["port"], matrix["weight_exp"]) == ("all_to_all", "a_real", -2)
    assert (listed["connectivity"], listed["synapses"], listed["delays"]) == ("sparse", 2, [0, 9])

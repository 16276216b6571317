"""Chip programs to NetX files: what is read back is what was written, and what has no place is refused."""

from __future__ import annotations

from dataclasses import replace

import h5py
import net_files as net
import numpy as np
import pytest

from neurotool.converters.netx.options import LoadOptions
from neurotool.converters.netx.read import read_net
from neurotool.converters.netx.write import write_net
from neurotool.errors import UnsupportedError, UsageError
from neurotool.ir.program import (
    AllToAll,
    ChipProgram,
    InputPort,
    OutputKind,
    OutputPort,
    Population,
    Projection,
    SignMode,
    Sparse,
)

IMAGE = net.source(2, 4, 3) | net.cuba(iDecay=4096)
CONV = net.conv((3, 3, 2), np.arange(24).reshape(3, 2, 2, 2) - 9, bias=np.array([4, -5, 6]))
NETWORKS = {
    "dense": [net.source(3), net.dense([[2, -4, 6], [8, 0, 2]], bias=np.array([3, -2]))],
    "channels": [net.source(2, 4, 3), CONV | net.cuba(iDecay=np.array([9, 4, 4096]), vDecay=np.array([1, 2, 3]))],
    "neurons": [net.source(2, 4, 3), CONV | net.cuba(vDecay=np.arange(18).reshape(2, 3, 3))],
    "image": [IMAGE, CONV, net.flatten(), net.dense(np.arange(36).reshape(2, 18) * 2 - 30)],
    "flat image": [net.source(2, 2, 2), net.flatten(), net.dense(np.full((2, 8), 6))],
    "recurrent": [net.source(2), net.dense([[2, 4]]) | {"type": "dense_rec", "weight_rec": np.array([[-6]])}],
    "delays": [net.source(2), net.dense([[2, 4], [6, 8]], delay=np.array([[0, 3], [9, 62]]))],
    "sigma-delta": [
        net.source(2, 4, 3) | net.sdnn(),
        CONV | net.sdnn(),
        net.flatten(),
        net.dense(np.full((2, 18), 4), net.sdnn(vThMant=9), bias=np.array([1, 2])),
        net.dense([[4, 6]], net.sdnn(sigma_output=True)),
    ],
    "resonators": [
        net.source(2),
        net.complex_dense([[2, -4], [6, 8]], [[-2, 4], [-6, 10]]),
        net.complex_dense([[2, -4]], [[-2, 4]], net.resonator(type="RF_IZHIKEVICH", cosDecay=-3000)),
    ],
    "read-out": [net.source(2), net.dense([[2, 4]], net.cuba(vThMant=(1 << 18) - 1))],
}


def comparable(program):
    """Everything that counts, without names and origins."""
    order = [*program.inputs, *program.populations]
    number = {name: place for place, name in enumerate(order)}
    found = [(port.shape, port.message_bits) for port in program.inputs.values()]
    for p in program.populations.values():
        values = {name: v.tolist() for name, v in p.parameters.items()}
        found.append((p.model, p.size, p.start, p.scale, values))
    for j in program.projections.values():
        effect = (j.weights.tolist(), j.weight_exp, None if j.delays is None else j.delays.tolist(), j.port)
        found.append((number[j.source], number[j.target], j.message_bits, type(j.connectivity), *effect))
    return program.dt, [port.kind for port in program.outputs], found


def again(program, tmp_path):
    write_net(program, tmp_path / "again.net")
    return read_net(tmp_path / "again.net")


@pytest.mark.parametrize("name", NETWORKS)
def test_reading_and_writing_goes_in_a_circle(tmp_path, name):
    program = read_net(net.save(tmp_path / "first.net", *NETWORKS[name], time_step=0.1))
    assert comparable(again(program, tmp_path)) == comparable(program)


@pytest.mark.parametrize("name", ["dense", "image", "sigma-delta"])
def test_what_lava_dl_must_be_told_stands_in_attributes(tmp_path, name):
    options = LoadOptions(reset_interval=9, reset_offset=4, spike_exp=5, input_message_bits=7)
    program = read_net(net.save(tmp_path / "first.net", *NETWORKS[name]), options)
    assert comparable(again(program, tmp_path)) == comparable(program)
    with h5py.File(tmp_path / "again.net") as file:
        attributes = dict(file.attrs)
    assert attributes.pop("status") == "untested on silicon"
    assert attributes.pop("producer").startswith("neurotool ")
    expected = {
        # Input spikes reach the first layer a step late if it has no neurons, and lava-dl's offset counts steps.
        "dense": {"input_message_bits": 7, "reset_interval": 9, "reset_offset": 5},
        "image": {"reset_interval": 9, "reset_offset": 4},
        "sigma-delta": {"spike_exp": 5},
    }
    assert attributes == {f"network.{key}": value for key, value in expected[name].items()}


def test_every_rotation_survives(tmp_path):
    """lava-dl works rotations out anew in floats; what is written is what it gets back to the same integers from."""
    sine, cosine = (grid.reshape(-1) for grid in np.meshgrid(np.arange(-4096, 4097, 273), np.arange(-4095, 4096, 182)))
    weights = np.full((sine.size, 1), 2)
    layers = [net.source(1), net.complex_dense(weights, weights)]
    program = read_net(net.save(tmp_path / "first.net", *layers))
    population = program.populations["layer1"]
    wanted = population.parameters | {"sin_decay": sine, "cos_decay": cosine}
    changed = replace(program, populations={"layer1": replace(population, parameters=wanted)})
    found = again(changed, tmp_path).populations["layer1"].parameters
    assert np.array_equal(found["sin_decay"], sine)
    assert np.array_equal(found["cos_decay"], cosine)


def lif(name, size, start=1, **changes):
    values = {"du": 4095, "dv": 10, "vth": 50, "bias_mant": 0, "bias_exp": 6} | changes
    parameters = {key: np.full(size, value, np.int64) for key, value in values.items()}
    return Population(name, "lif", (size,), parameters, start, scale=1.0)


def program_of(populations, projections, outputs=None, inputs=None):
    inputs = inputs or [InputPort("x", (2,))]
    outputs = outputs or (OutputPort(populations[-1].name, OutputKind.SPIKES),)
    named = ({item.name: item for item in items} for items in (inputs, populations, projections))
    return ChipProgram(1e-3, *named, outputs)


def full(name, source, target, **more):
    return Projection(name, source, target, np.array([[2, 4], [6, 8]]), **more)


def refused(tmp_path, program, rule="NT-NETX-007"):
    path = tmp_path / "n.net"
    with pytest.raises(UnsupportedError) as caught:
        write_net(program, path)
    assert not path.exists()
    assert {d.rule for d in caught.value.diagnostics} == {rule}
    return " | ".join(d.message for d in caught.value.diagnostics)


def simple(**changes):
    return program_of([lif("a", 2)], [full("w", "x", "a", **changes)])


def test_topologies_that_are_no_chain(tmp_path):
    two = program_of(
        [lif("a", 2)],
        [full("w", "x", "a"), full("q", "y", "a")],
        inputs=[InputPort("x", (2,)), InputPort("y", (2,))],
    )
    assert "2 inputs" in refused(tmp_path, two)
    skip = program_of(
        [lif("a", 2), lif("b", 2, 2)],
        [full("w", "x", "a"), full("q", "a", "b"), full("z", "x", "b", delays=np.ones((2, 2), np.int64))],
    )
    assert "b: needs one projection to port a" in refused(tmp_path, skip)
    fork = program_of(
        [lif("a", 2), lif("b", 2, 2), lif("c", 2, 3)],
        [full("w", "x", "a"), full("q", "a", "b"), full("z", "a", "c", delays=np.ones((2, 2), np.int64))],
    )
    assert "z: comes from a, but the layer before is b" in refused(tmp_path, replace(fork, outputs=()))
    inner = program_of(
        [lif("a", 2), lif("b", 2, 2)],
        [full("w", "x", "a"), full("q", "a", "b")],
        outputs=(OutputPort("a", OutputKind.SPIKES),),
    )
    assert "b is the last layer" in refused(tmp_path, inner)


def test_what_has_no_layer(tmp_path):
    model = replace(simple(), populations={"a": replace(lif("a", 2), model="atrlif")})
    assert "atrlif neurons have no place" in refused(tmp_path, model)
    late = replace(simple(), populations={"a": lif("a", 2, start=0)})
    assert "begins at step 0" in refused(tmp_path, late)
    places = np.array([0, 1])
    listed = Projection("w", "x", "a", np.array([2, 4]), connectivity=Sparse(places, places))
    sparse = program_of([lif("a", 2)], [listed])
    assert "Sparse synapses" in refused(tmp_path, sparse)


def test_graded_spikes_are_heard_as_such(tmp_path):
    program = read_net(net.save(tmp_path / "first.net", *NETWORKS["sigma-delta"]))
    deaf = replace(program.projections["layer3.weight"], message_bits=0)
    changed = replace(program, projections=program.projections | {deaf.name: deaf})
    assert "hears graded spikes as binary" in refused(tmp_path, changed)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"weight_exp": -2}, "times exponent are no integers"),
        ({"weight_exp": 6}, "beyond eight bits"),
        ({"weights": np.array([[3, 4], [6, 8]])}, "no synapse holds"),
        ({"weights": np.zeros((2, 2), np.int64)}, "all zero"),
        ({"weights": np.array([[-2, -4], [-8, 0]])}, "-8 as its smallest"),
        ({"delays": np.full((2, 2), 63)}, "delayed for too long"),
    ],
)
def test_weights_of_which_lava_dl_makes_others(tmp_path, changes, text):
    program = simple()
    changed = replace(program, projections={"w": replace(program.projections["w"], **changes)})
    assert text in refused(tmp_path, changed, "NT-NETX-008")


def test_an_exponent_becomes_part_of_the_weights(tmp_path):
    up = again(simple(weight_exp=3), tmp_path).projections["layer1.weight"]
    assert np.array_equal(up.weights >> -up.weight_exp, [[16, 32], [48, 64]])
    down = again(simple(weight_exp=-1, sign_mode=SignMode.EXCITATORY), tmp_path).projections["layer1.weight"]
    assert np.array_equal(down.weights >> -down.weight_exp, [[1, 2], [3, 4]])


def test_biases_come_in_units_of_64(tmp_path):
    biased = replace(simple(), populations={"a": lif("a", 2, bias_mant=3, bias_exp=7)})
    assert again(biased, tmp_path).populations["layer1"].parameters["bias_mant"].tolist() == [6, 6]
    fine = replace(simple(), populations={"a": lif("a", 2, bias_mant=3, bias_exp=5)})
    assert "multiples of 64" in str(refusal_limits(tmp_path, fine))


def refusal_limits(tmp_path, program):
    with pytest.raises(UnsupportedError) as caught:
        write_net(program, tmp_path / "n.net")
    return [d.limit for d in caught.value.diagnostics]


def test_a_read_out_must_be_unable_to_fire(tmp_path):
    outputs = (OutputPort("a", OutputKind.MEMBRANE),)
    assert "can fire" in refused(tmp_path, replace(simple(), outputs=outputs), "NT-NETX-008")


def test_resets_of_all_layers_or_none(tmp_path):
    options = LoadOptions(reset_interval=9)
    program = read_net(net.save(tmp_path / "first.net", net.dense([[2, 4]]), net.dense([[2]])), options)
    last = program.populations["layer1"]
    other = replace(last, parameters=last.parameters | {"reset_interval": np.array([8])})
    changed = replace(program, populations=program.populations | {"layer1": other})
    assert "not reset in the same rows" in refused(tmp_path, changed, "NT-NETX-008")


def test_an_invalid_program_and_an_unwritable_folder(tmp_path):
    program = simple()
    broken = replace(program, projections={"w": replace(program.projections["w"], source="nothing")})
    with pytest.raises(UsageError, match="not a valid program"):
        write_net(broken, tmp_path / "n.net")
    with pytest.raises(UsageError, match="cannot be written"):
        write_net(program, tmp_path / "none" / "deeper" / "n.net")


def test_the_connectivity_of_a_dense_layer_is_all_to_all(tmp_path):
    assert isinstance(again(simple(), tmp_path).projections["layer1.weight"].connectivity, AllToAll)

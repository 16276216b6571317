"""NetX files made field by field in the layout of SLAYER's export_hdf5, so that they can be wrong in any way."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np


def cuba(**changes):
    """CUBA neurons; a change to None leaves the field out."""
    values = {"type": "CUBA", "iDecay": 1024, "vDecay": 128, "vThMant": 40, "refDelay": 1, "gradedSpike": False}
    return _group("neuron", values | changes)


def sdnn(**changes):
    """Sigma-delta neurons."""
    return _group("neuron", {"type": "SDNN", "activation": "relu", "vThMant": 4} | changes)


def resonator(**changes):
    """Resonators with a period of 11 steps."""
    values = {"type": "RF_PHASE", "sinDecay": 2103, "cosDecay": 3273, "vThMant": 25, "gradedSpike": False}
    return _group("neuron", values | changes)


def source(*shape, **changes):
    """An input layer without neurons."""
    return {"type": "input", "shape": np.array(shape)} | changes


def conv(shape, weight, neuron=None, **changes):
    """A convolution of stride one; ``weight`` is (out, in, rows, columns)."""
    values = {"type": "conv", "shape": np.array(shape), "weight": np.asarray(weight, np.float32)[..., None]}
    pairs = {"stride": np.array([1, 1]), "padding": np.array([0, 0]), "dilation": np.array([1, 1]), "groups": 1}
    return values | pairs | (cuba() if neuron is None else neuron) | changes


def flatten():
    return {"type": "flatten", "shape": np.array([1, 1, 1])}


def dense(weight, neuron=None, **changes):
    """A dense layer; ``weight`` is (neurons, inputs)."""
    weight = np.asarray(weight)
    values = {"type": "dense", "shape": np.array([len(weight)]), "weight": weight}
    return values | (cuba() if neuron is None else neuron) | changes


def complex_dense(real, imag, neuron=None, **changes):
    values = {"type": "dense", "shape": np.array([len(real)])}
    weights = {"weight/real": np.asarray(real), "weight/imag": np.asarray(imag)}
    return values | weights | (resonator() if neuron is None else neuron) | changes


def save(path: Path, *layers, attributes=None, time_step=None) -> Path:
    """Write a file of the given layers without any check; a field that is None is left out."""
    with h5py.File(path, "w") as file:
        file.attrs.update(attributes or {})
        file.create_group("layer")
        if time_step is not None:
            file["simulation/Ts"] = time_step
        for number, layer in enumerate(layers):
            group = file.create_group(f"layer/{number}")
            for name, value in layer.items():
                if name == "type":
                    group.create_dataset(name, (1,), "S10", [value.encode("ascii")])
                elif value is not None:
                    group[name] = np.bytes_(value) if isinstance(value, str) else value
    return path


def _group(name, values):
    return {f"{name}/{key}": value for key, value in values.items()}

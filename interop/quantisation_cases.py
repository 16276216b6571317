"""The networks of the quantisation study, and what is measured of each at each setting."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import compare
import numpy as np
from generate_digits import FOLDER, digits

from neurotool import data, pipeline
from neurotool.ir.adapters import Array, RunOptions
from neurotool.ir.program import ChipProgram
from neurotool.pipeline import ConvertOptions
from neurotool.pipeline.adapters import program_target
from neurotool.runtime.boundary import to_port
from neurotool.verify import compare_spikes

CALIBRATION = 64
"""Random samples that the networks of the interop matrix are calibrated and tuned on; they are judged on others."""

SETTINGS: dict[str, dict[str, Any]] = {
    "8 bits": {"scale_from": "max", "search_scales": 0},
    "8 bits, calibrated": {},
    "16 bits": {"weight_bits": 16},
    "8 bits, fine-tuned": {"fine_tune": True, "fine_tune_epochs": 6},
}

RULES: dict[str, dict[str, Any]] = {
    f"{rule}, {tries or 'no'} search": {"scale_from": rule, "search_scales": tries}
    for rule in ("max", "percentile=99.5", "mse")
    for tries in (0, 8)
}
"""What the defaults are chosen from, at 8 bits."""


@dataclass(frozen=True, eq=False)
class Network:
    """A network and the spikes that its framework computed.

    Attributes:
        name: As the page calls it.
        path: NIR file.
        convention: How neurotool reads it.
        dt: Time step, or None for that of the convention.
        calibration: Samples ``[time, batch, *shape]`` that scales are chosen on.
        tuning: Samples, and labels or None, that fine-tuning trains on.
        test: Samples that everything is judged on.
        labels: Their labels, or None.
        spikes: The framework's spikes on them, by population.
    """

    name: str
    path: Path
    convention: str
    dt: float | None
    calibration: Array
    tuning: tuple[Array, Array | None]
    test: Array
    labels: Array | None
    spikes: Mapping[str, Array]


@dataclass(frozen=True)
class Measured:
    """A network at a setting.

    Attributes:
        cosines: Of each population's spikes to the framework's.
        accuracy: Of the integers; None without labels.
        synapses: Weights in the program, both of a split one.
        lava: Whether Lava gave the same integers on the first samples; None where it was not run.
    """

    cosines: dict[str, float]
    accuracy: float | None
    synapses: int
    lava: bool | None


@cache
def _digits() -> dict[str, tuple[Array, Array]]:
    return digits()


def digit_names() -> list[str]:
    """Return the names of the recurrent networks trained on digits."""
    return sorted(path.stem for path in FOLDER.glob("*.nir"))


def facts(name: str) -> dict[str, Any]:
    """Return what the generator wrote down about a network."""
    with np.load(FOLDER / f"{name}.npz") as held:
        found: dict[str, Any] = json.loads(str(held["facts"]))
    return found


def digit_network(name: str) -> Network:
    """Read a network trained on digits; it is calibrated and tuned on the training split."""
    with np.load(FOLDER / f"{name}.npz") as held:
        shape, known = tuple(held["shape"]), json.loads(str(held["facts"]))
        hidden = np.unpackbits(held["hidden"])[: np.prod(shape)].reshape(shape).astype(bool)
        size = (*shape[:2], 10)
        output = np.unpackbits(held["output"])[: np.prod(size)].reshape(size).astype(bool)
    train, test = _digits()["train"], _digits()["test"]
    spikes = {"1.lif": hidden, "3": output}
    return Network(name, FOLDER / f"{name}.nir", f"snntorch-{known['reset']}", None, train[0], (train[0], None), *test,
                   spikes)  # fmt: skip


def matrix_networks() -> Iterator[Network]:
    """Read the recurrent and convolutional networks of the interop matrix."""
    for framework in compare.FRAMEWORKS:
        for name in compare.names(framework):
            case = compare.fixture(framework, name)
            if case.facts["wiring"] == "feed-forward" or case.facts["lost"] or case.facts["current"]:
                continue
            draw = np.random.default_rng(7)
            steps, shape = len(case.input), case.input.shape[2:]
            seen = draw.random((steps, CALIBRATION, *shape)) < float(case.input.mean())
            yield Network(
                f"{framework} {name}", case.path, case.facts["convention"], case.facts["dt"], seen, (seen, None),
                case.input, None, {n: s > 0 for n, s in case.spikes.items()},
            )  # fmt: skip


def options_of(network: Network, folder: Path, setting: Mapping[str, Any]) -> ConvertOptions:
    """Write the data files of a network and make the options of a conversion."""
    chosen = dict(setting)
    data.save(folder / "calib.npz", network.calibration)
    if chosen.pop("fine_tune", False):
        data.save(folder / "tune.npz", *network.tuning)
        chosen["fine_tune"] = folder / "tune.npz"
    options = ConvertOptions(dt=network.dt, convention=network.convention, calib=folder / "calib.npz")
    return replace(options, **chosen)


def convert(network: Network, setting: Mapping[str, Any]) -> ChipProgram:
    """Convert a network as ``neurotool convert`` does."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        made = pipeline.convert(str(network.path), folder / "bundle", options_of(network, folder, setting))
        (program,) = made.programs.values()
    return program


def measure(network: Network, setting: Mapping[str, Any], lava_samples: int = 0) -> Measured:
    """Convert a network, run the integers and compare them with the framework, and with Lava on the first samples."""
    program = convert(network, setting)
    ((name, port),) = program.inputs.items()
    inputs = to_port(network.test, port)
    trace = program_target("loihi").run_program(program, {name: inputs}, RunOptions(probes=("v",)))
    accuracy = None
    if network.labels is not None:
        ((_, scores),) = trace.outputs.items()
        accuracy = float((scores.sum(axis=0).argmax(axis=1) == network.labels).mean())
    return Measured(
        cosines={n: compare_spikes(s, trace.spikes[n]).cosine for n, s in network.spikes.items()},
        accuracy=accuracy,
        synapses=sum(p.weights.size for p in program.projections.values()),
        lava=_on_lava(program, name, inputs[:, :lava_samples], trace) if lava_samples else None,
    )


def _on_lava(program: ChipProgram, name: str, inputs: Array, engine: Any) -> bool:
    lava = program_target("lava").run_program(program, {name: inputs}, RunOptions(probes=("v",)))
    samples = inputs.shape[1]
    spikes = all(np.array_equal(s, engine.spikes[n][:, :samples]) for n, s in lava.spikes.items())
    return spikes and all(
        np.array_equal(s["v"], engine.states[n]["v"][:, :samples]) for n, s in lava.states.items()
    )  # fmt: skip


def to_json(found: Measured) -> dict[str, Any]:
    """Return a measurement as JSON values."""
    return asdict(found)

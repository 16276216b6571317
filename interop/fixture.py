"""What the generators share: draws the input, runs a network, lets its framework export it, and writes the fixture.

A fixture is two files. ``<name>.nir`` is what the exporter of the framework wrote. ``<name>.npz`` holds what the
framework itself computed: ``input`` ``[time, batch, *shape]``, ``spikes.<node>`` (bool) and ``potential.<node>``
(float32) ``[time, batch, *shape]`` for the nodes of the file, and ``facts``, a JSON object. Networks that an exporter
refuses are listed in ``refused.json``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nir
import numpy as np
import torch
from torch import nn

FIXTURES = Path(__file__).resolve().parents[1] / "tests" / "interop" / "fixtures"
STEPS, BATCH, RATE = 40, 2, 0.3


Recorded = Mapping[str, tuple[torch.Tensor | None, torch.Tensor]]
"""Spikes (None for a read-out) and potential of every neuron node, ``[time, batch, *shape]``."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A network and how its file is to be read.

    Attributes:
        name: Of the fixture.
        shows: What the network has that others have not.
        make: Builds the network; torch is seeded before.
        shape: Of one input.
        wiring: ``feed-forward``, ``convolutional`` or ``recurrent``.
        bias: Whether the weights have biases.
        reset: What the framework calls the reset.
        convention: Name that neurotool reads the file under.
        dt: Time step that neurotool reads the file with.
        current: Whether the input is a float current, not spikes.
        lost: What the file does not hold, if it is another network for that reason.
        repair: Field of the neuron nodes that is lost, and the expression over the others that gives it back.
    """

    name: str
    shows: str
    make: Callable[[], nn.Module]
    shape: tuple[int, ...] = (12,)
    wiring: str = "feed-forward"
    bias: bool
    reset: str
    convention: str
    dt: float
    current: bool = False
    lost: str = ""
    repair: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Refusal:
    """A network that the framework's exporter does not write, and why."""

    name: str
    shows: str
    make: Callable[[], nn.Module]
    shape: tuple[int, ...] = (12,)
    why: str = "the exporter does not know the module"


def uniform(low: float, high: float, *shape: int) -> torch.Tensor:
    """Draw float32 numbers."""
    return torch.empty(shape).uniform_(low, high)


def linear(inputs: int, outputs: int, bias: bool, gain: float = 1.0) -> nn.Linear:
    """Make a dense layer with more excitation than inhibition."""
    made = nn.Linear(inputs, outputs, bias=bias)
    _fill(made, 3.0 * gain / inputs, gain)
    return made


def conv(kind: type[nn.Module], *sizes: int, bias: bool, gain: float = 1.0, **options: Any) -> nn.Module:
    """Make a convolution ``kind(inputs, outputs, kernel)`` with more excitation than inhibition."""
    made: Any = kind(*sizes, bias=bias, **options)
    _fill(made, 3.0 * gain * sizes[1] / made.weight[0].numel() / sizes[1], gain)
    return made


def _fill(module: Any, spread: float, gain: float) -> None:
    nn.init.uniform_(module.weight, -spread, 2.4 * spread)
    if module.bias is not None:
        nn.init.uniform_(module.bias, -0.1 * gain, 0.2 * gain)


def generate(
    framework: str,
    packages: Sequence[str],
    cases: Iterable[Case],
    refusals: Iterable[Refusal],
    run: Callable[[nn.Module, torch.Tensor], Recorded],
    export: Callable[[nn.Module, torch.Tensor, Case | Refusal], nir.NIRGraph],
) -> None:
    """Write all fixtures of a framework.

    Args:
        framework: Folder under ``tests/interop/fixtures``.
        packages: Whose versions are recorded.
        cases: Networks.
        refusals: Networks that the exporter refuses.
        run: Runs a network from rest.
        export: The framework's exporter, given a sample ``[1, *shape]``.
    """
    folder = FIXTURES / framework
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    versions = {name: version(name) for name in packages}
    for seed, case in enumerate(cases):
        torch.manual_seed(seed)
        net, x = case.make().eval(), _input(case)
        with torch.no_grad():
            recorded = run(net, x)
            nir.write(folder / f"{case.name}.nir", export(net, x[0, :1], case))
        _save(folder / f"{case.name}.npz", case, versions, x, recorded)
        rates = ", ".join(f"{n} {s.float().mean():.3f}" for n, (s, _) in recorded.items() if s is not None)
        print(f"{framework}/{case.name}: spikes per neuron and step: {rates}")
    found = [_refused(case, export, folder) for case in refusals]
    (folder / "refused.json").write_text(json.dumps({"versions": versions, "refused": found}, indent=1) + "\n")


def _input(case: Case) -> torch.Tensor:
    shape = (STEPS, BATCH, *case.shape)
    return uniform(-0.5, 1.0, *shape) if case.current else (torch.rand(shape) < RATE).float()


def _save(path: Path, case: Case, versions: Mapping[str, str], x: torch.Tensor, recorded: Recorded) -> None:
    facts = {k: v for k, v in vars(case).items() if k not in ("make", "shape", "name")} | {"versions": versions}
    arrays: dict[str, Any] = {"input": x.numpy() if case.current else x.numpy().astype(bool)}
    for node, (spikes, potential) in recorded.items():
        arrays[f"potential.{node}"] = potential.numpy()
        if spikes is not None:
            arrays[f"spikes.{node}"] = _binary(path.stem, node, spikes.numpy())
    np.savez_compressed(path, facts=np.array(json.dumps(facts)), **arrays)


def _binary(name: str, node: str, spikes: np.ndarray) -> np.ndarray:
    """Pack spikes; several in one step stay integers."""
    if not np.array_equal(spikes, spikes.round()) or spikes.min() < 0:
        sys.exit(f"{name}: {node} sends values that are not counts of spikes")
    return spikes.astype(bool if spikes.max() <= 1 else np.uint8)


def _refused(case: Refusal, export: Callable[..., nir.NIRGraph], folder: Path) -> dict[str, str]:
    """Show that an exporter still refuses a network, and keep what it says."""
    torch.manual_seed(0)
    path = folder / f"{case.name}.nir"
    try:
        nir.write(path, export(case.make(), torch.zeros(1, *case.shape), case))
    except Exception as error:
        path.unlink(missing_ok=True)
        message = f"{type(error).__name__}: {error}".splitlines()[0].split(". ")[0]
        return {"name": case.name, "shows": case.shows, "why": case.why, "says": message}
    sys.exit(f"{case.name}: the exporter refused this network before and now writes it: make it a case")

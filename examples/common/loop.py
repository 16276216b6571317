"""The training loop: seeded, resumable after any epoch, with progress and a history.

A run that was stopped and resumed gives the same weights as one that was not: the state that is kept after each epoch
holds the model, the optimiser and every random stream.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import torch

from neurotool.errors import UsageError
from neurotool.ir.atomic_file import replacing

History = list[dict[str, float]]
"""One entry per epoch: its number, losses and scores."""

Progress = Callable[[int, int, Mapping[str, float]], None]
"""Told after each epoch: epochs done, epochs in all, and the entry of the history."""

STATE = "state.pt"


class Job(Protocol):
    """What is trained."""

    def epoch(self, number: int) -> dict[str, float]:
        """Train one epoch and judge it; returns the entry of the history."""

    def state(self) -> dict[str, Any]:
        """Everything the next epoch depends on: tensors, numbers and strings in lists and dictionaries only."""

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""


def run(
    job: Job, epochs: int, identity: Mapping[str, Any], folder: Path | None = None, progress: Progress | None = None
) -> History:
    """Train for a number of epochs, going on where an earlier run in the same folder stopped.

    Args:
        job: What is trained. Random numbers come from torch's global stream, which is restored with the rest.
        epochs: Epochs in all, those done before included.
        identity: Options that decide the result, as JSON values. A folder of another identity is refused.
        folder: Where the state and ``history.json`` are kept; None keeps nothing.
        progress: Told of each epoch.

    Raises:
        UsageError: The folder belongs to another run, or its state is damaged.
    """
    history: History = []
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        history = _resume(job, identity, folder / STATE)
    while len(history) < epochs:
        history.append(job.epoch(len(history)))
        if folder is not None:
            _keep(job, identity, history, folder)
        if progress is not None:
            progress(len(history), epochs, history[-1])
    return history[:epochs]


def _resume(job: Job, identity: Mapping[str, Any], path: Path) -> History:
    if not path.is_file():
        return []
    try:
        kept = torch.load(path, weights_only=True, map_location="cpu")
        history: History = kept["history"]
        same = kept["identity"] == json.dumps(identity, sort_keys=True)
        if same:
            job.restore(kept["job"])
            torch.set_rng_state(kept["random"])
            if torch.cuda.is_available():
                torch.cuda.set_rng_state_all(kept["device_random"])
    except Exception as error:  # whatever a damaged file makes torch raise
        raise UsageError(f"{path}: it cannot be resumed ({type(error).__name__})", hint="remove the folder") from error
    if not same:
        raise UsageError(f"{path}: it belongs to a run with other options", hint="remove the folder or name another")
    return history


def _keep(job: Job, identity: Mapping[str, Any], history: History, folder: Path) -> None:
    kept = {
        "identity": json.dumps(identity, sort_keys=True),
        "history": history,
        "job": job.state(),
        "random": torch.get_rng_state(),
        "device_random": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }
    with replacing(folder / STATE) as path:
        torch.save(kept, path)
    with replacing(folder / "history.json") as path:
        path.write_text(json.dumps(history, indent=1))


def copy_file(source: Path, target: Path) -> None:
    """Copy a file, whole or not at all; nothing happens where both are the same."""
    if source.resolve() != target.resolve():
        with replacing(target, parents=True) as path:
            path.write_bytes(source.read_bytes())

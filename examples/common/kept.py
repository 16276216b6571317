"""Networks that are trained once and kept in the user's cache."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch

from neurotool.ir.atomic_file import replacing

Network = TypeVar("Network", bound=torch.nn.Module)


def checkpoint(name: str, recipe: Mapping[str, Any], sources: Iterable[Path]) -> Path:
    """Where the weights of a recipe are kept: ``$NEUROTOOL_CACHE`` or ``~/.cache/neurotool``.

    The name holds a digest of the recipe, of the code and of torch's version: when one changes, the network is trained
    anew.

    Args:
        name: Name of the example.
        recipe: Everything that decides the weights apart from the code, as JSON values.
        sources: Files with the code that decides them.
    """
    digest = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode())
    digest.update(str(torch.__version__).encode())
    for source in sources:
        digest.update(source.read_bytes())
    root = os.environ.get("NEUROTOOL_CACHE") or Path.home() / ".cache" / "neurotool"
    return Path(root) / f"{name}-{digest.hexdigest()[:16]}.pt"


def trained(path: Path, empty: Callable[[], Network], train: Callable[[], Network]) -> Network:
    """Return a network from its checkpoint or by training and keeping it. A damaged checkpoint is replaced.

    Args:
        path: The checkpoint.
        empty: Makes the network with any weights.
        train: Makes it with those that are kept.
    """
    if path.is_file():
        network = empty()
        try:
            network.load_state_dict(torch.load(path, weights_only=True))
            return network.eval()
        except Exception as error:  # whatever a damaged file makes torch raise
            print(f"{path} is damaged ({type(error).__name__}); training anew", file=sys.stderr)
    network = train()
    with replacing(path, parents=True) as staged:
        torch.save(network.state_dict(), staged)
    return network.eval()

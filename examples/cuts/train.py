"""Trains the network from a fixed seed, and keeps the weights so that it is trained once."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy

from ..quickstart import data
from .network import BranchedNet

SEED, EPOCHS, BATCH, PEAK_RATE, WEIGHT_DECAY, RATE_PENALTY = 0, 20, 64, 8e-3, 5e-2, 0.3
"""Passes over the data, samples per step, largest learning rate, decay, and loss per unit of mean firing rate."""


def train() -> BranchedNet:
    """Train from scratch. The same seed gives the same weights on the same machine."""
    digits = data.load()
    inputs, labels = torch.from_numpy(data.spikes(digits.train_x)), torch.from_numpy(digits.train_y)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        network = BranchedNet()
        optimiser = torch.optim.AdamW(network.parameters(), weight_decay=WEIGHT_DECAY)
        steps = EPOCHS * -(-len(labels) // BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=PEAK_RATE, total_steps=steps)
        for _ in range(EPOCHS):
            for chosen in torch.split(torch.randperm(len(labels)), BATCH):
                rates = network.rates(inputs[:, chosen])
                loss = cross_entropy(network.head(rates), labels[chosen]) + RATE_PENALTY * rates.mean()
                optimiser.zero_grad()
                torch.autograd.backward(loss)
                optimiser.step()
                schedule.step()
    return network.eval()


def checkpoint() -> Path:
    """Where the weights are kept: ``$NEUROTOOL_CACHE`` or ``~/.cache/neurotool``, named by what they depend on."""
    digest = hashlib.sha256(str(torch.__version__).encode())
    for path in (Path(__file__), Path(__file__).with_name("network.py"), Path(data.__file__)):
        digest.update(path.read_bytes())
    root = os.environ.get("NEUROTOOL_CACHE") or Path.home() / ".cache" / "neurotool"
    return Path(root) / f"cuts-{digest.hexdigest()[:16]}.pt"


def trained() -> BranchedNet:
    """Return the network from its checkpoint, or train it and keep it; says on stderr that it trains."""
    path = checkpoint()
    if not path.is_file():
        print(f"training the network with two branches once ({EPOCHS} epochs), keeping it in {path}", file=sys.stderr)
        path.parent.mkdir(parents=True, exist_ok=True)
        staged = path.with_suffix(f".{os.getpid()}.tmp")
        torch.save(train().state_dict(), staged)
        staged.replace(path)
    network = BranchedNet()
    network.load_state_dict(torch.load(path, weights_only=True))
    return network.eval()

"""Trains recurrent networks in snnTorch 1.0 on digits read row by row, and exports them with ``snntorch.export_nir``.

A digit of 8 x 8 pixels (whole numbers 0 to 16) is read as eight rows of eight features, each row for three steps. The
hidden layer is a recurrent ``RSynaptic`` of 40 neurons, which NIR calls CubaLIF, the output a ``Synaptic`` of ten,
whose spikes are counted. Two percent of the weights start six times larger: training keeps these outliers.

For each network, ``<name>.nir`` is what the exporter wrote, and ``<name>.npz`` what snnTorch computed on the test
split: its hidden and output spikes, packed, the shape of the former, and ``facts``. Data are cut by :func:`digits`,
which the study uses too.
"""

from __future__ import annotations

import argparse
import json
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

if TYPE_CHECKING:
    from torch import Tensor, nn

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "interop" / "fixtures" / "digits"
SEEDS, RESETS = range(5), ("zero", "subtract")
ROW_STEPS, HIDDEN, CLASSES, EPOCHS = 3, 40, 10, 150
WHITE, NOISE, RATE, RATE_COST = 16.0, 0.12, 0.15, 10.0
OUTLIER_SHARE, OUTLIER_FACTOR = 0.02, 6.0
PACKAGES = ("snntorch", "nir", "nirtorch", "torch", "scikit-learn")


def digits() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return ``train`` and ``test`` as rasters ``[time, batch, 8]`` (int16) and labels ``[batch]``."""
    images, labels = load_digits(return_X_y=True)
    parts = train_test_split(images, labels, test_size=0.25, random_state=0, stratify=labels)
    rasters = [np.repeat(x.reshape(-1, 8, 8).transpose(1, 0, 2), ROW_STEPS, axis=0).astype(np.int16) for x in parts[:2]]
    return {"train": (rasters[0], parts[2]), "test": (rasters[1], parts[3])}


def network(reset: str) -> nn.Sequential:
    """Build an untrained network."""
    import snntorch as snn
    import torch
    from snntorch import surrogate
    from torch import nn

    options = {"spike_grad": surrogate.atan(), "reset_mechanism": reset, "init_hidden": True}
    hidden = snn.RSynaptic(alpha=torch.full((HIDDEN,), 0.5), beta=torch.full((HIDDEN,), 0.8), linear_features=HIDDEN,
                           threshold=torch.ones(HIDDEN), **options)  # fmt: skip
    output = snn.Synaptic(alpha=torch.full((CLASSES,), 0.5), beta=torch.full((CLASSES,), 0.8),
                          threshold=torch.ones(CLASSES), **options)  # fmt: skip
    entry, out = nn.Linear(8, HIDDEN), nn.Linear(HIDDEN, CLASSES)
    with torch.no_grad():
        hidden.recurrent.weight *= 0.6
        for layer in (entry, hidden.recurrent, out):
            layer.weight[torch.rand(layer.weight.shape) < OUTLIER_SHARE] *= OUTLIER_FACTOR
    return nn.Sequential(entry, hidden, out, output)


def forward(net: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    """Run from rest; return hidden and output spikes, ``[time, batch, neurons]``."""
    import torch

    for layer in (net[1], net[3]):
        layer.reset_mem()
    rows = []
    for row in x:
        hidden = net[1](net[0](row))
        rows.append((hidden, net[3](net[2](hidden))))
    hidden_rows, out_rows = zip(*rows, strict=True)
    return torch.stack(hidden_rows), torch.stack(out_rows)


def train(net: nn.Sequential, x: np.ndarray, y: np.ndarray, seed: int) -> None:
    """Train on pixels between 0 and 1 with noise, by Adam on the cross entropy of the spike counts and the rates."""
    import torch
    from torch.nn import functional

    raster, labels = torch.from_numpy(x.astype(np.float32) / WHITE), torch.from_numpy(y)
    optimiser = torch.optim.Adam(net.parameters(), lr=5e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, EPOCHS)
    draw = torch.Generator().manual_seed(seed)
    for _ in range(EPOCHS):
        for chosen in torch.randperm(len(y), generator=draw).split(96):
            seen = raster[:, chosen]
            noise = NOISE * torch.randn(seen[::ROW_STEPS].shape).repeat_interleave(ROW_STEPS, 0)
            hidden, out = forward(net, seen + noise)
            loss = functional.cross_entropy(out.sum(0), labels[chosen])
            loss = loss + RATE_COST * (hidden.mean((0, 1)) - RATE).square().mean()
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
        schedule.step()


def generate(folder: Path, name: str, seed: int, reset: str) -> None:
    """Train one network and write its two files."""
    import nir
    import torch
    from snntorch.export_nir import export_to_nir

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    began, parts = time.perf_counter(), digits()
    net: Any = network(reset)
    train(net, *parts["train"], seed)
    with torch.no_grad():
        net[0].weight /= WHITE
    x, y = parts["test"]
    with torch.no_grad():
        raster = torch.from_numpy(x.astype(np.float32))
        hidden, out = (spikes.numpy().astype(bool) for spikes in forward(net, raster))
        for layer in (net[1], net[3]):
            layer.reset_mem()
        nir.write(folder / f"{name}.nir", export_to_nir(net, raster[0, :1], ignore_dims=[0]))
    accuracy = float((out.sum(0).argmax(1) == y).mean())
    ratio = float(net[1].recurrent.weight.abs().max() / net[1].recurrent.weight.detach().std())
    facts = {"seed": seed, "reset": reset, "accuracy": accuracy, "largest weight": ratio,
             "rate": float(hidden.mean()), "versions": {p: version(p) for p in PACKAGES}}  # fmt: skip
    np.savez_compressed(folder / f"{name}.npz", hidden=np.packbits(hidden), output=np.packbits(out),
                        shape=np.array(hidden.shape), facts=np.array(json.dumps(facts)))  # fmt: skip
    print(f"{name}: accuracy {accuracy:.4f}, hidden rate {hidden.mean():.3f}, output rate {out.mean():.3f}, "
          f"largest recurrent weight {ratio:.1f} standard deviations, {time.perf_counter() - began:.0f} s",
          flush=True)  # fmt: skip


def main() -> None:
    """Write all networks, or those asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--only", default="", help="part of the names to make")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    for seed in SEEDS:
        for reset in RESETS:
            name = f"outliers-{reset}-{seed}"
            if chosen.only in name:
                generate(chosen.folder, name, seed, reset)


if __name__ == "__main__":
    main()

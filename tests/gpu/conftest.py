"""A small dense part: a mean over time between two layers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from float_graphs import K, chain, linear, node, sink, source

from neurotool.ir.graph import Graph, TorchOp
from neurotool.targets.gpu import TARGET

STEPS, FEATURES, HIDDEN, CLASSES = 5, 6, 4, 3


@pytest.fixture(scope="session")
def head() -> Graph:
    rng = np.random.default_rng(1)
    relu = node("relu", TorchOp("torch.nn.ReLU", torch.nn.ReLU(), sees_time=False), (HIDDEN,), K.FLOAT)
    mean = node("mean", TorchOp("Tensor.mean", torch.Tensor.mean, kwargs={"dim": 0}), (HIDDEN,), K.FLOAT, timed=False)
    return chain(
        source("x", (FEATURES,)),
        linear("first", rng.normal(size=(HIDDEN, FEATURES)), rng.normal(size=HIDDEN)),
        relu,
        mean,
        linear("second", rng.normal(size=(CLASSES, HIDDEN)), rng.normal(size=CLASSES), timed=False),
        sink("out", (CLASSES,), timed=False),
    )


def spikes(batch: int) -> np.ndarray:
    return np.random.default_rng(batch).random((STEPS, batch, FEATURES)) < 0.4


@pytest.fixture(scope="session")
def part(head: Graph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The part as a ``.pt2`` file."""
    path = tmp_path_factory.mktemp("part") / "head.pt2"
    TARGET.export_dense(head, {"x": spikes(3)}, path)
    return path

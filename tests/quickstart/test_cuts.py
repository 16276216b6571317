"""The network with two branches is trained and kept as the quickstart's is."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from neurotool.examples import cuts
from neurotool.examples.cuts import train
from neurotool.examples.cuts.network import CLASSES, BranchedNet


def test_a_damaged_checkpoint_is_replaced(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NEUROTOOL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(train, "RECIPE", replace(train.RECIPE, epochs=1))
    first = cuts.model()
    assert "training the network with two branches once (1 epochs)" in capsys.readouterr().err
    (path,) = (tmp_path / "cache").iterdir()
    path.write_bytes(path.read_bytes()[:100])
    again = cuts.model()
    assert "damaged" in capsys.readouterr().err
    assert all(torch.equal(a, b) for a, b in zip(first.state_dict().values(), again.state_dict().values(), strict=True))
    monkeypatch.setattr(train, "fit", pytest.fail)
    assert isinstance(cuts.model(), BranchedNet)


def test_scores_have_the_documented_shape():
    network = BranchedNet()
    assert network(network.example_input).shape == (2, CLASSES)

"""``neurotool calibrate``: what it refuses, and where there is nothing to measure."""

from __future__ import annotations

import pytest
import torch

from neurotool.cli.main import invoke
from neurotool.energy.measure.rapl import POWERCAP


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_nothing_is_made_up(tmp_path, capsys):
    assert invoke(["calibrate", "gpu", "--out", str(tmp_path / "gpu.yaml")]) == 4
    assert "sees no CUDA device" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(any(POWERCAP.glob("*-rapl:*")), reason="there is a counter of the processor's energy")
def test_without_a_counter_nothing_is_made_up(tmp_path, capsys):
    assert invoke(["calibrate", "cpu", "--out", str(tmp_path / "cpu.yaml")]) == 4
    assert "no counter of its processor's energy" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gpu"], "--out"),
        (["tpu", "--out", "x.yaml"], "'tpu' is not one of"),
        (["gpu", "--out", "HERE", "--repeats", "1"], "--repeats"),
        (["gpu", "--out", "HERE"], "--force"),
        (["gpu", "--out", "no/such/folder.yaml"], "is not a file in an existing folder"),
        (["gpu", "--out", "device.json"], "must end in .yaml"),
        (["gpu", "--out", "/proc/self/device.yaml"], "cannot be written to"),
    ],
)
def test_wrong_usage_is_refused_before_anything_is_measured(tmp_path, capsys, arguments, said):
    there = tmp_path / "device.yaml"
    there.write_text("kept\n")
    assert invoke(["calibrate", *(str(there) if a == "HERE" else a for a in arguments)]) == 2
    assert said in capsys.readouterr().err
    assert there.read_text() == "kept\n"

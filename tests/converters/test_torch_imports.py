"""What is imported when: torch only once something is loaded, and Norse also without a torchvision that works."""

from __future__ import annotations

import subprocess
import sys

import pytest

LIGHT = """
import sys
import neurotool.converters.nir, neurotool.converters.torch
assert neurotool.converters.torch.CONVERTER.accepts("package.module:factory")
loaded = [name for name in ("torch", "norse") if name in sys.modules]
assert not loaded, loaded
"""

WITHOUT_TORCHVISION = """
import sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torchvision":
            raise {error}
        return None

sys.meta_path.insert(0, Finder())
import numpy as np, norse.torch as norse
from neurotool.converters.torch.load import from_module
from neurotool.ir.adapters import SourceOptions
graph = from_module(norse.SequentialState(norse.LIF()), "m", SourceOptions(example=np.zeros((2, 2, 3)))).graph
assert graph.neurons == ("0",), graph.neurons
"""


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_the_converters_are_named_without_importing_a_framework():
    run(LIGHT)


@pytest.mark.parametrize(
    "error",
    [
        "ModuleNotFoundError(\"No module named 'torchvision'\", name='torchvision')",
        "RuntimeError('operator torchvision::nms does not exist')",
    ],
    ids=["absent", "broken"],
)
def test_norse_needs_no_torchvision(error):
    run(WITHOUT_TORCHVISION.format(error=error))

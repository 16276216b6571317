"""The repairs, each in an interpreter of its own: what they cure, that they come once, and that they come first."""

from __future__ import annotations

import pytest

from neurotool.targets.lava.install import installed
from neurotool.targets.lava.repairs import REPAIRS

FIRST = "from neurotool.targets.lava import repairs; repairs.install()\n"

RUN = """
import numpy as np
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2SimCfg
from lava.proc.conv.process import Conv
from lava.proc.io.sink import RingBuffer as Sink
from lava.proc.io.source import RingBuffer as Source

def run(process, steps):
    process.run(condition=RunSteps(num_steps=steps), run_cfg=Loihi2SimCfg(select_tag="fixed_pt"))
"""

CONV = """
image = np.zeros((200, 3, 1, 2), int)
image[190, 1, 0, 0] = 1
source, sink = Source(data=image), Sink(shape=(198, 1, 1), buffer=2)
conv = Conv(weight=np.arange(1, 10).reshape(1, 3, 3, 1), input_shape=(200, 3, 1))
source.s_out.connect(conv.s_in)
conv.a_out.connect(sink.a_in)
run(source, 2)
seen = sink.data.get()[:, 0, 0, 1].astype(int)
source.stop()
assert seen[188:191].tolist() == [2, 5, 8], seen[185:195]
assert np.count_nonzero(seen) == 3
print("as expected")
"""

RESHAPE = """
data = np.arange(6).reshape(2, 3, 1)
source, flat, tall = Source(data=data), Sink(shape=(6,), buffer=1), Sink(shape=(3, 2), buffer=1)
source.s_out.flatten().connect(flat.a_in)
source.s_out.reshape((3, 2)).connect(tall.a_in)
run(source, 1)
got = flat.data.get().ravel().tolist(), tall.data.get()[..., 0].tolist()
source.stop()
assert got == ([0, 1, 2, 3, 4, 5], [[0, 1], [2, 3], [4, 5]]), got
print("as expected")
"""


@pytest.mark.lava
@pytest.mark.parametrize("script", [CONV, RESHAPE], ids=["wide convolution", "reshape and flatten ports"])
def test_lava_runs(python, script):
    assert python(FIRST + RUN + script).splitlines()[-1] == "as expected"


@pytest.mark.lava
def test_inverse_root_of_one_element(python):
    script = """
import numpy as np
from lava.proc.graded.models import inv_sqrt
print(inv_sqrt(np.array([4 << 12]), 5) == inv_sqrt(4 << 12, 5))
"""
    assert python(FIRST + script).splitlines()[-1] == "True"


@pytest.mark.lava
def test_dataclass_defaults_are_not_shared(python):
    script = """
import dataclasses
before = dataclasses.dataclass
from lava.magma.compiler.var_model import ChipEncoder
one, other = ChipEncoder(), ChipEncoder()
one.x.base = 7
print(other.x.base, dataclasses.dataclass is before)
"""
    assert python(FIRST + script).splitlines()[-1] == "0 True"


@pytest.mark.lava
@pytest.mark.parametrize("fault", ["ImportError('absent')", "RuntimeError('built for another torch')"])
def test_netx_reader_without_torchvision(python, marked, fault):
    if installed()["lava-dl"] is None:
        pytest.skip("lava-dl is not installed")
    folder = marked.folder.parent / "broken"
    folder.mkdir()
    (folder / "torchvision.py").write_text(f"raise {fault}\n")
    script = """
import sys
import numpy as np
from lava.lib.dl.netx import hdf5
print(hdf5.int(np.array([3])), hdf5.int(4.5), bool(hdf5.Network))
"""
    assert python(FIRST + script, PYTHONPATH=str(folder)).splitlines()[-1] == "3 4 True"


def test_installing_twice_is_installing_once(python):
    script = """
import sys
repairs.install()
print(sum(type(finder).__module__ == repairs.__name__ for finder in sys.meta_path), "lava" in sys.modules)
"""
    assert python(FIRST + script).split() == ["1", "False"]


def test_repairs_refuse_to_come_late(python):
    script = f"""
import sys
sys.modules[{next(iter(REPAIRS))!r}] = sys
from neurotool.targets.lava import repairs
try:
    repairs.install()
except RuntimeError as error:
    print(error)
"""
    assert python(script).startswith("Lava was imported before its repairs")

"""A script that loads .net files with lava-dl's own loader and runs them on Lava. Not imported: run as a program.

Usage: python lava_dl_runs.py FOLDER... For each ``<name>.net`` there is a ``<name>.npz`` with ``x``, the input
``[time, *shape]``, and further arguments of ``Network`` as integers. What each layer sends in each step goes to
``<name>.out.npz`` as ``layer<n>``, ``[step, neuron]``, with neurons in the order of (channels, rows, columns), and the
states after the last step as ``layer<n>.<state>``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from neurotool.targets.lava import repairs

repairs.install()

import numpy as np  # noqa: E402
from lava.lib.dl.netx import hdf5  # noqa: E402
from lava.magma.core.run_conditions import RunSteps  # noqa: E402
from lava.magma.core.run_configs import Loihi2SimCfg  # noqa: E402
from lava.proc import io  # noqa: E402
from lava.proc.conv import utils  # noqa: E402

utils.TORCH_IS_AVAILABLE = False  # torch hangs in forked processes

STATES = ("u", "v", "real", "imag", "sigma", "act", "residue")


def flat(values):
    """From (columns, rows, channels) to our order."""
    return np.asarray(values).transpose().reshape(-1)


def run(path: Path) -> None:
    with np.load(path.with_suffix(".npz")) as given:
        x = given["x"]
        arguments = {name: int(given[name]) for name in given.files if name != "x"}
    net = hdf5.Network(net_config=str(path), **arguments)
    steps = len(x)
    sinks = []
    for layer in net.layers:
        sinks.append(io.sink.RingBuffer(shape=layer.out.shape, buffer=steps))
        layer.out.connect(sinks[-1].a_in)
    first = net.in_layer
    driven_by_bias = first.block == "Input" and hasattr(first.neuron, "bias_mant")
    if not driven_by_bias:
        source = io.source.RingBuffer(data=np.moveaxis(x, 0, -1).astype(int) if x.ndim == 2 else x.transpose())
        source.s_out.connect(first.neuron.a_in if first.block == "Input" else net.inp)
    config = Loihi2SimCfg(select_tag="fixed_pt")
    if driven_by_bias:
        first.neuron.bias_mant.init = x[0].transpose()
        for step, frame in enumerate(x):
            if step:
                first.neuron.bias_mant.set(frame.transpose())
            net.run(condition=RunSteps(1), run_cfg=config)
    else:
        net.run(condition=RunSteps(steps), run_cfg=config)
    found = {}
    for number, (layer, sink) in enumerate(zip(net.layers, sinks, strict=True)):
        sent = sink.data.get()
        found[f"layer{number}"] = np.stack([flat(sent[..., t]) for t in range(steps)])
        for state in STATES:
            if hasattr(layer.neuron, state):
                found[f"layer{number}.{state}"] = flat(getattr(layer.neuron, state).get())
    net.stop()
    np.savez(path.with_suffix(".out.npz"), **found)


for folder in sys.argv[1:]:
    for file in sorted(Path(folder).glob("*.net")):
        run(file)
        print("ran", file, flush=True)

"""Runs an exported network on Lava.

Exported by neurotool. UNTESTED ON SILICON: it was run with Lava's fixed-point simulation only. For a chip, name a
hardware run configuration of your Lava installation with --run-config.

    python run_on_lava.py --input spikes.npz --output result.npz [--run-config Loihi2SimCfg] [--tag fixed_pt]

spikes.npz holds one array [time, batch, neurons] per input, named as in network.json. result.npz has the spikes of
every output population, or its potential v for read-outs, in the same layout. Samples run one after another; a
population that starts d steps late is reset d steps after the sample begins, and its rows are moved back by d.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from lava.magma.core import run_configs
from lava.magma.core.run_conditions import RunSteps
from lava.proc.dense.process import Dense
from lava.proc.io.sink import Read
from lava.proc.io.sink import RingBuffer as Sink
from lava.proc.io.source import RingBuffer as Source
from lava.proc.lif.process import LIFReset
from lava.utils.weightutils import SignMode


def build(
    network: dict[str, Any], arrays: Any, spikes: dict[str, np.ndarray], total: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make and connect all processes; return them and the sink of each output."""
    steps = next(iter(spikes.values())).shape[0]
    nodes: dict[str, Any] = {}
    for name, raster in spikes.items():
        data = np.zeros((raster.shape[2], total), np.int32)
        shown = raster.transpose(2, 1, 0).reshape(raster.shape[2], -1)  # samples one after another
        data[:, : shown.shape[1]] = shown
        nodes[name] = Source(data=data)
    for name, neurons in network["populations"].items():
        values = {key: arrays[f"{name}/{key}"] for key in ("du", "dv", "vth", "bias_mant", "bias_exp")}
        reset = {"reset_interval": steps, "reset_offset": (neurons["start"] + 1) % steps}
        nodes[name] = LIFReset(shape=(neurons["size"],), **reset, **values)
    for name, synapses in network["projections"].items():
        dense = Dense(
            weights=arrays[f"{name}/weights"],
            weight_exp=synapses["weight_exp"],
            num_weight_bits=synapses["weight_bits"],
            sign_mode=SignMode[synapses["sign_mode"].upper()],
            num_message_bits=synapses["message_bits"],
        )
        nodes[synapses["source"]].s_out.connect(dense.s_in)
        dense.a_out.connect(nodes[synapses["target"]].a_in)
    return nodes, {name: sink(nodes[name], kind, total) for name, kind in network["outputs"].items()}


def sink(neurons: Any, kind: str, total: int) -> Any:
    """Record the spikes or the potential of a population."""
    if kind == "spikes":
        recorder = Sink(shape=neurons.s_out.shape, buffer=total)
        neurons.s_out.connect(recorder.a_in)
        return recorder
    recorder = Read(buffer=total)
    recorder.connect_var(neurons.v)
    return recorder


def main() -> None:
    """Read the network and the spikes, run, and write the result."""
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--run-config", default="Loihi2SimCfg", help="class in lava.magma.core.run_configs")
    parser.add_argument("--tag", default="fixed_pt", help="process models to select; empty for none")
    options = parser.parse_args()
    network = json.loads((here / "network.json").read_text())
    arrays, given = np.load(here / "network.npz"), np.load(options.input)
    spikes = {name: given[name].reshape(*given[name].shape[:2], -1) for name in network["inputs"]}
    steps, batch = next(iter(spikes.values())).shape[:2]
    total = steps * batch + max(neurons["start"] for neurons in network["populations"].values())
    nodes, sinks = build(network, arrays, spikes, total)
    first = next(iter(nodes.values()))
    configuration = getattr(run_configs, options.run_config)
    first.run(
        condition=RunSteps(num_steps=total),
        run_cfg=configuration(select_tag=options.tag) if options.tag else configuration(),
    )
    results = {}
    for name, recorder in sinks.items():
        start = network["populations"][name]["start"]
        rows = recorder.data.get().astype(np.int32)[:, start : start + steps * batch]
        results[name] = rows.reshape(-1, batch, steps).transpose(2, 1, 0)
    first.stop()
    np.savez_compressed(options.output, **results)


if __name__ == "__main__":
    main()

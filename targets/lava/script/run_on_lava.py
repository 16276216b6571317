"""Runs an exported network on Lava.

Exported by neurotool. UNTESTED ON SILICON: it was run with Lava's fixed-point simulation only. For a chip, name a
hardware run configuration of your Lava installation with --run-config.

    python run_on_lava.py --input spikes.npz --output result.npz [--run-config Loihi2SimCfg] [--tag fixed_pt]

spikes.npz holds one array [time, batch, neurons] per input, named as in network.json. result.npz has the spikes of
every output population, or its potential v for read-outs, in the same layout. Every sample is a run of its own. The
rows of a population that starts d steps late are moved back by d.

Lava 0.10 was written for Python 3.10 and numpy 1. On a newer Python the repairs in lava_repairs.py, which lies beside
this file, are applied to it in memory.
"""

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any

# Before anything of Lava is imported. Python 3.10, for which it was written, may be what a chip is used with.
if sys.version_info >= (3, 11):  # noqa: UP036
    import lava_repairs

    lava_repairs.install()

import numpy as np
from lava.magma.core import run_configs
from lava.magma.core.run_conditions import RunSteps
from lava.proc.conv.process import Conv
from lava.proc.dense.process import DelayDense, Dense
from lava.proc.io.sink import Read
from lava.proc.io.sink import RingBuffer as Sink
from lava.proc.io.source import RingBuffer as Source
from lava.proc.sparse.process import DelaySparse, Sparse
from lava.utils.weightutils import SignMode
from scipy.sparse import csr_matrix


def build(network: dict[str, Any], arrays: Any, spikes: dict[str, np.ndarray], total: int) -> dict[str, Any]:
    """Make and connect all processes for one sample, with spikes [time, neurons] per input."""
    nodes: dict[str, Any] = {}
    for name, raster in spikes.items():
        data = np.zeros((raster.shape[1], total), np.int32)
        data[:, : len(raster)] = raster.T
        nodes[name] = Source(data=data)
    for name, neurons in network["populations"].items():
        nodes[name] = population(neurons, {key: arrays[f"{name}/{key}"] for key in neurons["arguments"]})
        for key in neurons["variables"]:
            getattr(nodes[name], key).init = arrays[f"{name}/{key}"]
    for name, synapses in network["projections"].items():
        held = {key: arrays[f"{name}/{key}"] for key in synapses["arrays"]}
        target = getattr(nodes[synapses["target"]], synapses["port"])
        connect(synapses, held, nodes[synapses["source"]].s_out, target)
    return nodes


def population(neurons: dict[str, Any], arguments: dict[str, np.ndarray]) -> Any:
    """Make the neurons of a population; single numbers are not passed as arrays."""
    module, _, name = neurons["process"].rpartition(".")
    process = getattr(importlib.import_module(module), name)
    return process(
        shape=(neurons["size"],), **{key: value if value.ndim else value.item() for key, value in arguments.items()}
    )


def connect(synapses: dict[str, Any], arrays: dict[str, np.ndarray], source: Any, target: Any) -> None:
    """Join two ports by a convolution, by listed synapses or by a matrix, the latter two perhaps with delays."""
    options = {key: synapses[key] for key in ("weight_exp", "num_weight_bits", "num_message_bits")}
    if "geometry" in synapses:
        geometry = {k: tuple(v) if isinstance(v, list) else v for k, v in synapses["geometry"].items()}
        process = Conv(weight=arrays["weights"], **geometry, **options)
        # Populations are ordered [channel, row, column], Lava's convolution [column, row, channel].
        source.reshape(geometry["input_shape"][::-1]).transpose((2, 1, 0)).connect(process.s_in)
        process.a_out.transpose((2, 1, 0)).reshape(target.shape).connect(target)
        return
    options["sign_mode"] = SignMode[synapses["sign_mode"].upper()]
    if "rows" in arrays:
        where, shape = (arrays.pop("rows"), arrays.pop("columns")), (target.shape[0], source.shape[0])
        matrices = {key: csr_matrix((values, where), shape=shape) for key, values in arrays.items()}
        process = (DelaySparse if "delays" in arrays else Sparse)(**matrices, **options)
    else:
        process = (DelayDense if "delays" in arrays else Dense)(**arrays, **options)
    source.connect(process.s_in)
    process.a_out.connect(target)


def record(neurons: Any, kind: str, total: int) -> Any:
    """Record the spikes or the potential of a population."""
    if kind == "spikes":
        recorder = Sink(shape=neurons.s_out.shape, buffer=total)
        neurons.s_out.connect(recorder.a_in)
        return recorder
    recorder = Read(buffer=total)
    recorder.connect_var(neurons.v)
    return recorder


def run(
    network: dict[str, Any], arrays: Any, spikes: dict[str, np.ndarray], configuration: Any
) -> dict[str, np.ndarray]:
    """Run one sample; return what the outputs recorded, [time, neurons]."""
    steps = len(next(iter(spikes.values())))
    total = steps + max(neurons["start"] for neurons in network["populations"].values())
    nodes = build(network, arrays, spikes, total)
    recorders = {name: record(nodes[name], kind, total) for name, kind in network["outputs"].items()}
    for recorder in recorders.values():
        if recorder.runtime is None:  # a part of the network without connection to the others runs by itself
            recorder.run(condition=RunSteps(num_steps=total), run_cfg=configuration)
    results = {}
    for name, recorder in recorders.items():
        start = network["populations"][name]["start"]
        results[name] = recorder.data.get().astype(np.int32)[:, start : start + steps].T
    for runtime in {recorder.runtime for recorder in recorders.values()}:
        runtime.stop()
    return results


def main() -> None:
    """Read the network and the spikes, run sample by sample, and write the result."""
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
    configuration = getattr(run_configs, options.run_config)
    samples = []
    for sample in range(next(iter(spikes.values())).shape[1]):
        shown = {name: raster[:, sample] for name, raster in spikes.items()}
        settings = {"select_tag": options.tag} if options.tag else {}
        samples.append(run(network, arrays, shown, configuration(**settings)))
    results: dict[str, Any] = {
        name: np.stack([sample[name] for sample in samples], axis=1) for name in network["outputs"]
    }
    np.savez_compressed(options.output, **results)


if __name__ == "__main__":
    main()

"""Runs SANA-FE on an exported network. A program of its own: ``python worker.py FOLDER``.

Reads ``job.json`` and ``job.npz`` from the folder and writes ``result.json``. The chip is SANA-FE's own description of
Loihi 1 with its own constants, and somata added that fire when they are told to (its model ``input``) and cost what its
Loihi somata cost. Such a soma takes no current, hence the weights of zero: SANA-FE counts synapses of any weight.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import yaml

TRACED_MESSAGES = 2_000_000
"""Most messages to list one by one; of more, the tiles crossed are not told apart."""


def main(folder: Path) -> None:
    """Build, run, and write what came out."""
    import sanafe

    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    arrays = np.load(folder / "job.npz", allow_pickle=False)
    source = Path(sanafe.__file__).parent / "examples" / "loihi.yaml"
    described = yaml.safe_load(source.read_text(encoding="utf-8"))
    costs = _with_replay(described, job["units"], job["entries"])
    (folder / "arch.yaml").write_text(yaml.safe_dump(described, sort_keys=False), encoding="utf-8")
    began = time.perf_counter()
    architecture = sanafe.load_arch(str(folder / "arch.yaml"))
    network, cores = sanafe.Network(), architecture.cores()
    groups = {each["name"]: _group(network, each, arrays, cores) for each in job["groups"]}
    for each in job["edges"]:
        pairs = arrays[each["pairs"]]
        zeros = {"weight": [0.0] * len(pairs)}
        groups[each["source"]].connect_neurons_sparse(groups[each["target"]], zeros, list(map(tuple, pairs.tolist())))
    chip = sanafe.SpikingChip(architecture)
    chip.load(network)
    built = time.perf_counter()
    traced = job["messages"] <= TRACED_MESSAGES
    ran = chip.sim(job["steps"], message_trace=True if traced else None)
    done = time.perf_counter()
    entered = {each["name"] for each in job["groups"] if each["input"]}
    result: dict[str, Any] = {
        key: ran[key] for key in ("energy", "sim_time", "spikes", "packets_sent", "neurons_fired")
    }
    result |= {"build_seconds": built - began, "sim_seconds": done - built, "hops": None}
    if traced:
        result["hops"] = _hops(ran["message_trace"], entered, costs)
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")


def _with_replay(described: dict[str, Any], units: int, entries: int) -> dict[str, float]:
    """Add the somata that replay, as dear as those of Loihi. Return what a hop costs."""
    tile = described["architecture"]["tile"][0]
    core = tile["core"][0]
    lif = next(soma["attributes"] for soma in core["soma"] if soma["attributes"]["model"] == "leaky_integrate_fire")
    entry = next(soma for soma in core["soma"] if soma["attributes"]["model"] == "input")
    entry["name"] = f"entry[0..{entries - 1}]"
    core["soma"].append({"name": f"replay[0..{units - 1}]", "attributes": {**lif, "model": "input"}})
    core["attributes"]["max_neurons_supported"] = max(units, entries)
    return {"across": tile["attributes"]["energy_east_hop"], "down": tile["attributes"]["energy_north_hop"]}


def _group(network: Any, about: dict[str, Any], arrays: Any, cores: Any) -> Any:
    name, kind = about["name"], "entry" if about["input"] else "replay"
    spikes, where, unit = (arrays[about[key]] for key in ("spikes", "core", "unit"))
    forms = arrays[about["form"]]
    group = network.create_neuron_group(name, about["size"])
    for i in range(about["size"]):
        neuron = group[i]
        neuron.set_attributes(
            soma_hw_name=f"{kind}[{unit[i]}]",
            default_synapse_hw_name=about["hardware"][forms[i]],
            model_attributes={"spikes": spikes[:, i].tolist()},
        )
        neuron.map_to_core(cores[int(where[i])])
    return group


def _hops(steps: Any, entered: set[str], costs: dict[str, float]) -> dict[str, float]:
    """Tiles crossed by messages of populations and of inputs, and the energy of the latter."""
    found = {"across": 0.0, "down": 0.0, "entering_joules": 0.0}
    for message in (m for step in steps for m in step if not m["placeholder"]):
        across, down = (abs(message[f"dest_{axis}"] - message[f"src_{axis}"]) for axis in ("x", "y"))
        if message["src_neuron_group_id"] in entered:
            found["entering_joules"] += across * costs["across"] + down * costs["down"]
        else:
            found["across"] += across
            found["down"] += down
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))

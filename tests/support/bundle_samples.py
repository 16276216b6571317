"""Small bundles for the tests. As a script it replaces one bundle again and again, for a test that kills it."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from neurotool.ir.bundle import BundleWriter
from neurotool.ir.coding import Coding
from neurotool.ir.convention import CONVENTIONS
from neurotool.ir.manifest import (
    CalibrationRecord,
    InputRecord,
    Manifest,
    OptionsRecord,
    PartRecord,
    SourceRecord,
)
from neurotool.ir.partition import Boundary, Reason, Side
from neurotool.ir.values import ValueKind


def manifest(files, **changes):
    """Return a manifest that uses every field."""
    part = PartRecord(
        name="spiking-0",
        side=Side.SPIKING,
        nodes=("fc", "lif"),
        inputs=("input",),
        outputs=("lif",),
        latency=2,
        files={key: key for key in files},
    )
    values = {
        "versions": {"python": "3.11.0"},
        "created": datetime(2026, 1, 2, tzinfo=UTC),
        "source": SourceRecord(spec="model.nir", kind="nir", sha256="0" * 64),
        "dt": 1e-3,
        "convention": CONVENTIONS["norse"],
        "inputs": (InputRecord(name="input", shape=(8, 8), coding="spikes", encode="rate", steps=16, peak=16.0),),
        "outputs": ("output",),
        "parts": (part,),
        "boundaries": (Boundary("input", "", "spiking-0", (8, 8), ValueKind.SPIKES, True, Coding.SPIKES),),
        "reasons": (Reason("fc", Side.SPIKING, "", "it feeds neurons"),),
        "calibration": CalibrationRecord(path="calib.npz", sha256="1" * 64, samples=12),
        "options": OptionsRecord(chip="loihi2", patterns={Side.SPIKING: ("fc*",)}),
        "files": files,
        "notes": ("dt was taken from the source",),
    }
    return Manifest(**(values | changes))


def write(out, contents, force=False):
    """Write a bundle whose files are ``contents`` by key."""
    with BundleWriter(out, force) as writer:
        for key, content in contents.items():
            writer.add(key, content, ".bin")
        writer.commit(manifest(writer.files))


def contents_of(version):
    """Return the files of one version: one that all versions share, and two of its own."""
    return {"shared": b"same", "program": f"program {version}".encode() * 1000, "graph": f"graph {version}".encode()}


if __name__ == "__main__":
    place = Path(sys.argv[1])
    number = 0
    while True:
        number += 1
        write(place, contents_of(number), force=True)
        if number == 1:
            print("writing", flush=True)

"""Runs of a bundle that go on where another stopped: when two of them are one long run, and what they do not share."""

from __future__ import annotations

from neurotool.data import Samples
from neurotool.errors import UsageError
from neurotool.ir.coding import Coding
from neurotool.ir.manifest import Manifest
from neurotool.ir.partition import Boundary, Side

BEGIN_ANEW = ("rate", "latency")
"""Encoders of data whose rasters depend on the step that they begin at; the others repeat a value."""

SHOWN = 3
"""At most so many nodes of a part are named."""


def check_going_on(manifest: Manifest, samples: Samples) -> None:
    """Refuse to save a state, or to go on from one, where the next run would not be the rest of a longer one.

    A state holds what the chip remembers. Rate codes at boundaries go on as well: their random streams are told the
    steps that were run.

    Raises:
        UsageError: An encoder of the data, a coding or a dense part begins anew in every run.
    """
    _check_encoders(samples)
    for boundary in manifest.boundaries:
        if boundary.coding is Coding.LATENCY:
            raise UsageError(
                f"boundary {boundary.value!r} is told by latency, which begins anew in every run",
                hint=f"convert again with --coding {boundary.value}=constant, or run all time steps in one run",
            )
    _check_dense(manifest)


def _check_encoders(samples: Samples) -> None:
    for name, found in samples.inputs.items():
        if found.encode in BEGIN_ANEW:
            raise UsageError(
                f"input {name!r} is encoded with --encode {found.encode}, which begins anew in every run",
                hint="convert with rasters, [time, batch, *features], and give each run its own time steps",
            )


def _check_dense(manifest: Manifest) -> None:
    for part in manifest.parts:
        nodes = part.nodes if part.over_time is None else part.over_time
        timed = any(b.timed and not b.coding.reduces for b in manifest.boundaries if part.name in (b.source, b.target))
        if part.side is Side.DENSE and timed and nodes:
            several = ", ".join(nodes[:SHOWN]) + (" and others" if len(nodes) > SHOWN else "")
            raise UsageError(
                f"{part.name} would begin anew in every run: {several} may depend on earlier time steps",
                hint="run all time steps in one run, without --save-state and --resume",
            )


def own_sums(manifest: Manifest) -> tuple[str, ...]:
    """Say which sums over time cover only the run at hand, not those that it goes on from."""
    return tuple(_own_sum(boundary) for boundary in manifest.boundaries if boundary.coding.reduces)


def _own_sum(boundary: Boundary) -> str:
    return f"{boundary.target} takes {boundary.value} summed over the time steps of this run, not of those before it"

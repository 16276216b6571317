"""Steps the nodes of one loop together through time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch

from neurotool.ir.graph import Edge
from neurotool.targets.gpu.timing import wait


class Member(NamedTuple):
    """A node of a loop.

    Attributes:
        name: The node.
        edges: Its incoming edges, in argument order.
        advance: Takes their values in the next step and returns that of the node, ``[batch, *shape]``.
    """

    name: str
    edges: Sequence[Edge]
    advance: Callable[[Sequence[torch.Tensor]], torch.Tensor]


class Extent(NamedTuple):
    """Length of a run, and a tensor that new ones take their device and number type from."""

    steps: int
    batch: int
    like: torch.Tensor


def run_loop(members: Sequence[Member], values: Mapping[str, torch.Tensor], extent: Extent) -> dict[str, torch.Tensor]:
    """Run a loop from rest.

    Args:
        members: Its nodes, in the order in which they run within a time step.
        values: Values of the nodes outside that they hear.
        extent: Size of the run.

    Returns:
        Value of each node, ``[time, batch, *shape]``.
    """
    rows: dict[str, list[torch.Tensor]] = {member.name: [] for member in members}
    feeds = [[_feed(edge, rows, values, extent) for edge in member.edges] for member in members]
    for t in range(extent.steps):
        for member, sources in zip(members, feeds, strict=True):
            rows[member.name].append(member.advance([at(t) for at in sources]))
    return {name: torch.stack(found) for name, found in rows.items()}


def _feed(
    edge: Edge, rows: Mapping[str, list[torch.Tensor]], values: Mapping[str, torch.Tensor], extent: Extent
) -> Callable[[int], torch.Tensor]:
    """The value that an edge brings in step t."""
    if edge.source not in rows:
        value = values[edge.source]
        if not edge.timed:
            return lambda t: value
        raster = wait(value, edge.delay)
        return lambda t: raster[t]
    past, delay = rows[edge.source], edge.delay
    nothing = extent.like.new_zeros(extent.batch, *edge.shape)
    return lambda t: past[t - delay] if t >= delay else nothing

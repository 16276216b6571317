"""Counts, latency and joules with bands, from program, placement and trace."""

from neurotool.energy.bands import Band
from neurotool.energy.counts import Counts, count
from neurotool.energy.estimate import DenseWork, SpikingWork, estimate
from neurotool.energy.lines import Kind, Term
from neurotool.energy.report import Arithmetic, EnergyReport, EnergyRow, PartEnergy
from neurotool.energy.whole import dense_counts_of_graph

__all__ = [
    "Arithmetic",
    "Band",
    "Counts",
    "DenseWork",
    "EnergyReport",
    "EnergyRow",
    "Kind",
    "PartEnergy",
    "SpikingWork",
    "Term",
    "count",
    "dense_counts_of_graph",
    "estimate",
]

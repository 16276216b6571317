"""Counts, latency and joules with bands, from program, placement and trace."""

from neurotool.energy.bands import Band
from neurotool.energy.counts import Counts, count
from neurotool.energy.dynamic import DYNAMIC
from neurotool.energy.estimate import SpikingWork, count_work, estimate
from neurotool.energy.events import ChipWork, LayerEvents
from neurotool.energy.expected import expected, expected_work
from neurotool.energy.lines import Kind, Term
from neurotool.energy.parts import Arithmetic, EnergyRow, PartEnergy
from neurotool.energy.rates import Cost, RatedLayer, chip_cost, device_cost, rated_work
from neurotool.energy.report import EnergyReport, Evidence
from neurotool.energy.split import Busy, CountedWork, DenseWork, waits
from neurotool.energy.tornado import Swing
from neurotool.energy.whole import dense_counts_of_graph

__all__ = [
    "DYNAMIC",
    "Arithmetic",
    "Band",
    "Busy",
    "ChipWork",
    "Cost",
    "CountedWork",
    "Counts",
    "DenseWork",
    "EnergyReport",
    "EnergyRow",
    "Evidence",
    "Kind",
    "LayerEvents",
    "PartEnergy",
    "RatedLayer",
    "SpikingWork",
    "Swing",
    "Term",
    "chip_cost",
    "count",
    "count_work",
    "dense_counts_of_graph",
    "device_cost",
    "estimate",
    "expected",
    "expected_work",
    "rated_work",
    "waits",
]

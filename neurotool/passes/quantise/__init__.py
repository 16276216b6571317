"""Float spiking parts to chip programs: scales, integers, and a record of every rounding."""

from neurotool.passes.quantise.quantise import Quantised, quantise
from neurotool.passes.quantise.records import PopulationRecord, Rounding

__all__ = ["PopulationRecord", "Quantised", "Rounding", "quantise"]

"""Float spiking parts to chip programs: scales, integers, and a record of every rounding."""

from neurotool.passes.quantise.quantise import Quantised, quantise
from neurotool.passes.quantise.records import PopulationRecord, Rounding, Try
from neurotool.passes.quantise.scale import Scale
from neurotool.passes.quantise.settings import Settings
from neurotool.passes.quantise.weight_range import RangeRule, WeightRange
from neurotool.passes.quantise.widths import Widths

__all__ = [
    "PopulationRecord",
    "Quantised",
    "RangeRule",
    "Rounding",
    "Scale",
    "Settings",
    "Try",
    "WeightRange",
    "Widths",
    "quantise",
]

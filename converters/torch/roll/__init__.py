"""Rolls up loops over time that were traced step by step.

A cell that is called once per step, with the state out of call t going into call t + 1, is one population. What its
calls take, and what is made of their results, is followed through all steps at once: as long as every step does the
same, the nodes of all steps are one node that runs step by step.
"""

from neurotool.converters.torch.roll.holds import mark_holds
from neurotool.converters.torch.roll.means import mark_means
from neurotool.converters.torch.roll.nodes import DELAYED, delayed, hold
from neurotool.converters.torch.roll.rolling import Rolled, roll

__all__ = ["DELAYED", "Rolled", "delayed", "hold", "mark_holds", "mark_means", "roll"]

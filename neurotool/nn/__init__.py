"""Modules for authors of hybrid models: ``from neurotool.nn import TuckerFusion``.

They are ordinary torch modules and know nothing of the rest of neurotool. Two attributes of a class, yours too, are all
that the tool asks for: with ``neurotool_whole = True`` the tracer keeps the module as one node, and the partitioner
gives the text in ``dense_because`` as the reason why it runs in torch.

``ScheduledLIFBox`` is a neuron with Norse's arithmetic, and needs Norse.
"""

from neurotool.nn.bilinear import BilinearFusion
from neurotool.nn.costs import Cost, bilinear_cost, low_rank_cost, tucker_cost
from neurotool.nn.decompose import (
    RankError,
    RankErrors,
    choose_ranks,
    error_by_rank,
    low_rank_from_weight,
    tucker_from_weight,
)
from neurotool.nn.scheduled_lif import ScheduledLIFBox
from neurotool.nn.tucker import LowRankFusion, TuckerFusion

__all__ = [
    "BilinearFusion",
    "Cost",
    "LowRankFusion",
    "RankError",
    "RankErrors",
    "ScheduledLIFBox",
    "TuckerFusion",
    "bilinear_cost",
    "choose_ranks",
    "error_by_rank",
    "low_rank_cost",
    "low_rank_from_weight",
    "tucker_cost",
    "tucker_from_weight",
]

for _public in (BilinearFusion, LowRankFusion, ScheduledLIFBox, TuckerFusion):
    _public.__module__ = __name__  # tables and messages name the class as a user imports it

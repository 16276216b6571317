"""Names that the caller, the supervisor and the worker share; apart from the rest, so that they import nothing else."""

from __future__ import annotations

SUPERVISOR_MODULE = "neurotool.targets.lava.supervisor"
WORKER_MODULE = "neurotool.targets.lava.worker"

LOG = "lava.log"
"""File in the working folder that takes all output of Lava."""

LAVA = "lava-nc"
LAVA_DL = "lava-dl"
"""Names of the two distributions."""

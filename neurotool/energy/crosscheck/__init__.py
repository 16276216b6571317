"""A second opinion by SANA-FE, which simulates Loihi 1 event by event (Boyle et al., doi 10.1109/TCAD.2025.3537971).

SANA-FE replays the spikes of a run on the same placement, so that both count and time the same activity. It has the
GPL-3 and is no dependency: it runs as a program of its own (:mod:`.worker`) where the user has installed it.
"""

from neurotool.energy.crosscheck.compare import CrossCheck, CrossRow, cross_check

__all__ = ["CrossCheck", "CrossRow", "cross_check"]

"""Fast forms of the synapses of ``neurotool.synapses``, one connectivity per file, and which form a projection takes."""

from neurotool.targets.loihi.synapses.prepare import prepared
from neurotool.targets.loihi.synapses.protocol import Arithmetic, Delivered, Synapses

__all__ = ["Arithmetic", "Delivered", "Synapses", "prepared"]

"""Fast forms of the synapses of ``neurotool.synapses``, one connectivity per file."""

from neurotool.targets.loihi.synapses.prepare import prepared
from neurotool.targets.loihi.synapses.protocol import Arithmetic, Delivered, Synapses

__all__ = ["Arithmetic", "Delivered", "Synapses", "prepared"]

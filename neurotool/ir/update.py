"""The discrete update of one neuron population, with all conventions resolved to coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurotool.arrays import Float64Array


@dataclass(frozen=True, eq=False)
class NeuronUpdate:
    """One step of a population, element by element::

        u[t] = (1 - current_decay) * u[t-1] + input_gain * x[t]
        v[t] = v[t-1] + membrane_decay * ((leak - v[t-1]) + resistance * u[t])     if leaky
        v[t] = v[t-1] + resistance * u[t]                                          otherwise
        s[t] = v[t] > threshold ;  v[t] = reset where s[t]                         if it spikes
        s[t] = v[t] >= threshold                                                   likewise, if inclusive
        threshold = schedule[t] where t < len(schedule), counted from the start    with a schedule
        v[t] = v[t] - subtract where s[t]                                          instead, with subtract
        v[t] = reset where s was 1 in one of the last ``refractory`` steps         before s[t] is found

    The order of operations is Norse's, so that a float32 evaluation equals the module it came from.

    Every array but the schedule is float64 and has the shape of the population.

    Attributes:
        current_decay: Share of the synaptic current lost per step; 1 means no memory.
        input_gain: Factor on the input x.
        leaky: Whether the membrane leaks.
        membrane_decay: Share of the distance to ``leak`` lost per step (0 where not leaky).
        resistance: Factor on the current in the membrane equation.
        leak: Resting potential.
        threshold: Firing threshold, or None for a read-out that never fires.
        reset: Potential after a spike.
        initial: Potential before the first step.
        subtract: What a spike takes from the potential instead of setting it to ``reset``, or None.
        inclusive: Whether a potential that equals the threshold fires.
        refractory: Steps after a spike through which the potential stays at ``reset``; the current goes on.
        schedule: Thresholds of the first steps of a sample, ``(rows, *shape)``; ``threshold`` holds after them.
    """

    current_decay: Float64Array
    input_gain: Float64Array
    leaky: bool
    membrane_decay: Float64Array
    resistance: Float64Array
    leak: Float64Array
    threshold: Float64Array | None
    reset: Float64Array
    initial: Float64Array
    subtract: Float64Array | None = None
    inclusive: bool = False
    refractory: int = 0
    schedule: Float64Array | None = None

    @property
    def spikes(self) -> bool:
        """Whether the population fires at all."""
        return self.threshold is not None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the population, without time and batch."""
        return self.current_decay.shape

    @property
    def current_to_membrane(self) -> Float64Array:
        """Increase of v in the step in which u is one: the gain that integer weights absorb."""
        return self.membrane_decay * self.resistance if self.leaky else self.resistance

    @property
    def has_current_memory(self) -> bool:
        """Whether any neuron keeps synaptic current from one step to the next."""
        return bool(np.any(self.current_decay < 1.0))

"""Rules of the quantise stage: what must hold so that integers keep the meaning of the floats."""

from neurotool.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "NT-QUANT-001",
        "A firing threshold lies above the reset potential.",
        "Integer potentials are counted from the reset value, and the chip's thresholds are unsigned.",
        "Choose v_threshold > v_reset.",
    ),
    Rule(
        "NT-QUANT-002",
        "The values of a loop wait at least as many steps as the loop has connections.",
        "Each connection costs one step on a chip. Paths of different length are evened out by delays, but what a loop "
        "needs more steps for than the model gives it cannot be made up.",
        "Delay the feedback by more steps when training, or merge the populations of the loop into one with recurrent "
        "weights.",
    ),
    Rule(
        "NT-QUANT-003",
        "A spiking population starts at its reset potential.",
        "The chip resets states to zero between samples, and zero stands for the reset potential.",
        "Set v_leak equal to v_reset (Norse starts the membrane at v_leak), or train with that start.",
    ),
    Rule(
        "NT-QUANT-004",
        "A read-out is kept below the largest threshold for every possible input.",
        "A read-out is a population that must never fire; Lava's neuron fires when its potential saturates.",
        "Scale the weights of the read-out down, or give it a leak: an integrator without leak has no bound.",
    ),
    Rule(
        "NT-QUANT-005",
        "States stay within 24 bits on calibration data, with a factor of 2 to spare in currents, 1.25 in potentials.",
        "A current beyond 2^23 wraps to the other sign. Where a bound for every input exists the message says "
        "'proven', otherwise the range was seen on calibration data and another input may exceed it.",
        "Calibrate with data that covers the inputs to come (--calib), and run with --strict to be told.",
    ),
    Rule(
        "NT-QUANT-006",
        "Floats that enter the chip come with a range.",
        "Values from a dense part or a float input travel as integer payloads; their scale is taken from the largest "
        "magnitude seen.",
        "Give calibration data: --calib data.npz.",
    ),
    Rule(
        "NT-QUANT-007",
        "Decays and thresholds are the same for all neurons of a population.",
        "Lava's simulation and the integer engine take one value per neuron; chips share decays between neurons of a "
        "core's profile and the cost of many profiles is not modelled.",
        "Nothing is wrong in simulation. For a chip, use one time constant and threshold per layer.",
    ),
    Rule(
        "NT-QUANT-008",
        "Time constants are representable by 12-bit decays.",
        "A decay is a multiple of 1/4096 per step. Very slow and very fast leaks round to the nearest step.",
        "Use a time constant between one step and some thousand steps, or a larger dt.",
    ),
    Rule(
        "NT-QUANT-009",
        "A population has finite weights and a usable scale.",
        "The scale of a population is set by its largest weight, threshold and bias together.",
        "Rescale the weights: a threshold thousands of times larger than the largest weight cannot be reached with "
        "8-bit weights and a 17-bit threshold.",
    ),
    Rule(
        "NT-QUANT-010",
        "Weights of both signs have at least two bits.",
        "One bit of a mixed-sign weight is the sign; with a single bit nothing is left for the magnitude.",
        "Use --weight-bits 2 or more, or give the layer weights of one sign.",
    ),
    Rule(
        "NT-QUANT-011",
        "No synapse waits longer than 62 steps.",
        "Delays of the model and those that even out paths of different length are held by the synapses of the chip, "
        "which have six bits for them.",
        "Relay the value through integrate-and-fire neurons, or make the paths more equally long.",
    ),
    Rule(
        "NT-QUANT-012",
        "Delays stand before the weights that they delay.",
        "A synapse delays what one source sends. Behind the weights sources are mixed, so that only a delay common "
        "to all can be moved before them, and a bias that waits would begin some steps late.",
        "Move the Delay before the weights, or the bias behind the Delay.",
    ),
    Rule(
        "NT-QUANT-013",
        "A threshold schedule has at most 15 rows, and its neurons are reset to a value without a refractory period.",
        "The neuron model with a schedule holds 16 thresholds, the last of which stays, and resets to zero.",
        "Shorten the schedule: rows in which the threshold no longer changes need no entry.",
    ),
)

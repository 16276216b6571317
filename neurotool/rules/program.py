"""Rules that every chip program keeps, whoever made it."""

from neurotool.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "NT-PROG-001",
        "A population names a neuron model that neurotool knows.",
        "The integer meaning of a population is that of its model's step; without the model there is none.",
        "Use one of the models listed in the message, or install the version of neurotool that wrote the program.",
    ),
    Rule(
        "NT-PROG-002",
        "A population has one value of every parameter for each neuron.",
        "Programs store parameters per neuron, so that no value depends on a rule of broadcasting.",
        "Write the program with neurotool's own quantiser, or repeat a scalar for every neuron.",
    ),
    Rule(
        "NT-PROG-003",
        "Integer parameters fit the registers of the chip.",
        "Decays have 12 bits, thresholds 17, bias mantissas 13 with a sign, bias exponents 3. Lava's simulation takes "
        "larger values without complaint, a chip cannot.",
        "Convert again with calibration data, so that the scale of the population brings the values into range.",
    ),
    Rule(
        "NT-PROG-004",
        "Parameters that a model holds once per population are the same for all its neurons.",
        "Lava's processes keep some parameters, such as the reset interval or the exponents of sigma-delta neurons, as "
        "one number. Neurons that need different values are different populations.",
        "Split the population by the value of the parameter.",
    ),
    Rule(
        "NT-PROG-005",
        "A projection ends at an input that the neuron model of its target has.",
        "Most models have one input, a; resonators hear the real and the imaginary part apart, at a_real and a_imag.",
        "Name one of the inputs that the message lists.",
    ),
    Rule(
        "NT-PROG-006",
        "In strict mode, every weight is one that the synapses of a chip hold.",
        "Weights have at most eight bits, one of which is the sign if the signs are mixed. Lava drops the bits that do "
        "not fit from dense and sparse weights, which makes 1 to 0 and -1 to -2, and keeps them in convolutions, which "
        "a chip does not.",
        "Round the weights to multiples of the step that the message names, as neurotool's quantiser does.",
    ),
    Rule(
        "NT-PROG-007",
        "In strict mode, convolutions have no weight exponent.",
        "Lava's convolution ignores the exponent, so that the simulation and the chip would differ by a power of two.",
        "Put the power of two into the threshold and bias of the target, and leave the exponent at zero.",
    ),
    Rule(
        "NT-PROG-008",
        "In strict mode, delays are at most 62 steps.",
        "Lava's delay synapses take 63 steps, the chip's axon delays one less, which is where lava-dl clips them.",
        "Shorten the delay, or put a relay population in between.",
    ),
    Rule(
        "NT-PROG-009",
        "In strict mode, graded spikes fit the width of the messages that carry them.",
        "A message of b bits holds -2^(b-1) to 2^(b-1). Lava carries 32 bits whatever the projection declares.",
        "Declare wider messages (up to the chip's limit), or scale the population so that its payloads are smaller.",
    ),
    Rule(
        "NT-PROG-010",
        "In strict mode, no sum of synapses wraps around.",
        "Lava wraps the sums of convolutions at 24 bits and those of graded messages at 32. A sum that wraps changes "
        "its sign.",
        "Use smaller weights, payloads or exponents.",
    ),
    Rule(
        "NT-PROG-011",
        "A membrane output belongs to a neuron model that has a membrane potential.",
        "Read-outs leave the program as the variable v. Sigma-delta neurons, for example, have other states.",
        "Let the population's messages leave the program instead, or probe the state.",
    ),
)

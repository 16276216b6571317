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
)

"""Rules of the run stage."""

from neurotool.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "NT-RUN-003",
        "A plain Lava script holds what Lava's own processes compute when nothing holds them back.",
        "On the lava target every population rests until its start step. Lava's own processes are active from the "
        "first step of a run. In an exported script they may be so without input only if they are LIF, which is reset "
        "when it starts, and if nothing that they send until then arrives later, through a loop, a skip or a delay. "
        "Neuron models of neurotool's own, and two synapses between a pair of neurons, have no process of Lava.",
        "Run the program on the lava target; or give the population no bias, since without one it rests by itself.",
    ),
)

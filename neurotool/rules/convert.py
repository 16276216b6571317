"""Rules of the convert stage."""

from neurotool.rules.rule import Rule

_NIR: tuple[Rule, ...] = (
    Rule(
        "NT-NIR-001",
        "A NIR file holds only nodes that have a meaning on the chip.",
        "Linear, Affine, Scale, Flatten, the neurons IF, LIF, CubaLIF, the read-outs LI and CubaLI, Input and Output "
        "are read, without graphs inside graphs. Any other node would have to be approximated, and that is the "
        "author's decision.",
        "Write convolutions and pools as one Linear node, put the nodes of an inner graph into the outer one, and "
        "replace a Threshold by an LIF whose time constant is one step.",
    ),
    Rule(
        "NT-NIR-002",
        "A NIR graph is feed-forward.",
        "A cycle through connections takes as many steps as it has connections on the chip, and one step in a "
        "simulator.",
        "Unroll the recurrence, or train without it.",
    ),
    Rule(
        "NT-NIR-003",
        "Only neurons take more than one input; theirs are summed.",
        "NIR does not say how a node with one input port combines two values. Currents into a neuron add up.",
        "Lead every branch through a synapse of its own to the neuron.",
    ),
    Rule(
        "NT-NIR-004",
        "Every node of a NIR file has the fields that NIR gives its type, as numbers in shapes that fit together.",
        "A field that is missing or misshapen means a damaged file or an exporter that differs from NIR; a guess would "
        "give another network.",
        "Write one value per neuron, or one value without axes for the whole population.",
    ),
    Rule(
        "NT-NIR-005",
        "Every node lies on the way from an Input to an Output, along edges between nodes that exist.",
        "An edge that ends nowhere, an edge that is there twice or a node that nothing feeds is a mistake of the "
        "exporter; without Input and Output there is no network to run.",
        "Add the missing edges and the Input and Output nodes, and remove what is not used.",
    ),
    Rule(
        "NT-NIR-006",
        "The two ends of every edge have the same shape.",
        "Values are never broadcast along an edge: a population of one neuron and one of many are different networks.",
        "Correct the weights or the population, or put a Flatten between them.",
    ),
    Rule(
        "NT-NIR-007",
        "Parameters are finite, and time constants are positive.",
        "A membrane with a time constant of zero or below has no meaning, and one NaN spreads through the whole "
        "network.",
        "Look for diverged training or a division by zero in the exporter.",
    ),
    Rule(
        "NT-NIR-008",
        "What is written to a NIR file has a NIR node.",
        "The format has no node for torch operations, and no room for several edges between the same two nodes or for "
        "a name with a slash.",
        "Write the spiking part alone; the dense parts of a bundle are stored as .pt2 files.",
    ),
)

_DISC: tuple[Rule, ...] = (
    Rule(
        "NT-DISC-001",
        "Under forward Euler, no time constant is shorter than the time step.",
        "With dt > τ each step overshoots the resting value, and the state swings or diverges. dt = τ is allowed: the "
        "state then forgets everything in each step. A τ far below dt often means that the exporter multiplied it by "
        "its own time step, as that of Norse 1.1 does.",
        "Take a shorter time step or the convention exponential-euler, or export with the time constants in seconds "
        "(Norse 1.1: dt=1.0).",
    ),
    Rule(
        "NT-DISC-002",
        "Every neuron model has an update per time step.",
        "The float reference and the chip run IF, LIF, CubaLIF, LI and CubaLI.",
        "Replace the neurons; an integrator without threshold is close to an LI with a long time constant.",
    ),
)

RULES: tuple[Rule, ...] = (*_NIR, *_DISC)

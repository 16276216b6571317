"""Rules of the convert stage."""

from neurotool.rules.rule import Rule

_NIR: tuple[Rule, ...] = (
    Rule(
        "NT-NIR-001",
        "A NIR file holds the node types of NIR 1.0.8.",
        "Another type has no meaning that all readers agree on, and taking a similar node in its place would be a "
        "guess.",
        "Write it as one of Affine, Linear, Scale, Conv1d, Conv2d, SumPool2d, AvgPool2d, Flatten, Delay, Threshold, "
        "I, IF, LI, LIF, CubaLI, CubaLIF, Input, Output and NIRGraph.",
    ),
    Rule(
        "NT-NIR-002",
        "Every loop goes through a neuron.",
        "The spikes of one step enter a loop in the next one. Linear nodes have no step to wait for, so a loop of "
        "nothing else has no solution that a network could compute.",
        "Lead the loop through a population, or write the linear loop as an LI or I node.",
    ),
    Rule(
        "NT-NIR-004",
        "Every node of a NIR file has the fields that NIR gives its type, as numbers in shapes that fit together.",
        "A field that is missing or misshapen means a damaged file or an exporter that differs from NIR; a guess would "
        "give another network.",
        "Write one value per neuron, or a single value for the whole population.",
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
        "Values are never broadcast along an edge, so a mismatch means that a weight, a kernel or a population has "
        "another size than its neighbour expects.",
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
        "The format has no node for torch operations, and no room for a name with a slash.",
        "Write the spiking part alone; the dense parts of a bundle are stored as .pt2 files.",
    ),
    Rule(
        "NT-NIR-009",
        "A delay is a whole number of time steps.",
        "Values move once per step. A delay that ends between two steps would have to be rounded, and every spike "
        "behind it would come at another time.",
        "Choose a time step that divides all delays, or round the delays before the export.",
    ),
    Rule(
        "NT-NIR-010",
        "In a graph with inner graphs, every name means one node and every edge one port.",
        "Inner graphs are opened, and their nodes get the names outer.inner. A node with such a name already, or an "
        "edge to an inner graph with several Inputs, could mean either.",
        "Rename the node, or let the edge name the port: graph.port instead of graph.",
    ),
    Rule(
        "NT-NIR-011",
        "Padding 'same' adds as much on both sides and keeps the size.",
        "A kernel of even size would need one more row on one side, and frameworks differ in which; with a stride, "
        "the size cannot stay.",
        "Write the padding as numbers, or take a kernel of odd size and stride 1.",
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
        "NT-DISC-003",
        "A threshold that is subtracted in the next step needs a membrane that remembers this step.",
        "Subtracting after the decay is the same as subtracting more before it, unless the decay leaves nothing, as "
        "with a time constant of one step: then nothing that a spike does reaches the next step.",
        "Train with a longer time constant, or with a reset to zero.",
    ),
    Rule(
        "NT-DISC-004",
        "A threshold schedule has one finite threshold for each row, or for each row and neuron.",
        "The schedule stands in the metadata of a neuron node and replaces its threshold in the first time steps.",
        "Write it with the shape (rows, *population); an axis of the population may be 1.",
    ),
)

RULES: tuple[Rule, ...] = (*_NIR, *_DISC)

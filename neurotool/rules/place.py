"""Rules of the place stage."""

from neurotool.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "NT-PLACE-001",
        "Weights are no wider than the synapses of the chip.",
        "A core stores a weight in a fixed number of bits; wider ones would have to be split over two synapses.",
        "Convert with fewer weight bits (--weight-bits).",
    ),
    Rule(
        "NT-PLACE-002",
        "Graded spikes carry no more bits than the messages of the chip.",
        "Loihi 1 sends spikes without a payload; Loihi 2 sends a signed integer of limited width with each.",
        "Feed binary spikes (--encode rate or latency), or choose loihi2.",
    ),
    Rule(
        "NT-PLACE-003",
        "Every population has a neuron model that the chip can hold.",
        "The cores of Loihi 1 compute one family of neurons; those of Loihi 2 run programs, but only known ones.",
        "Use a LIF, IF, CubaLIF or LI population, or choose another chip.",
    ),
    Rule(
        "NT-PLACE-004",
        "The synapses of each neuron fit into the memory of one core.",
        "All synapses of a neuron lie on the core that computes it, so a population can be split but a neuron cannot.",
        "Prune inputs, use fewer weight bits, or put a smaller layer in between.",
    ),
    Rule(
        "NT-PLACE-005",
        "Each neuron hears from no more source neurons than a core has input axons.",
        "A core keeps one list of synapses per source neuron it hears from, and has room for so many lists.",
        "Prune inputs, pool before the layer, or put a smaller layer in between.",
    ),
    Rule(
        "NT-PLACE-006",
        "The neurons of each core need no more output axons than a core has.",
        "A neuron needs one output axon for every core it sends to; a core has room for so many.",
        "Make the target populations smaller or sparser, so that they take fewer cores.",
    ),
    Rule(
        "NT-PLACE-007",
        "The program needs no more cores than the chips have.",
        "Programs are laid out on as many chips as they need, up to a number that is given or the largest system "
        "built.",
        "Allow more chips (--chips), or use fewer neurons, fewer weight bits or sparser weights, or a chip with more "
        "room.",
    ),
    Rule(
        "NT-PLACE-008",
        "No synapse delays a spike by more steps than the chip can.",
        "A core keeps what arrives later in a ring of so many steps.",
        "Shorten the delays, or spread a long one over a population that passes spikes on.",
    ),
)

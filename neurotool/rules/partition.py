"""Rules of the partition stage: what a chip can run."""

from neurotool.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "NT-PART-001",
        "Only synapses and neurons run on the chip; other operations run in torch.",
        "A neuromorphic core adds weights into neuron states. Activations, normalisation, attention and pooling over "
        "time have no counterpart there.",
        "Nothing is wrong: the operation goes to the dense side. To move it, express it with synapses and neurons: a "
        "layer on a sum of spikes, l3(a + b), is l3(a) + l4(b) with l4 a copy of l3 without its bias, since currents "
        "add up at a neuron; on torch.cat([a, b], -1) it is the same with the columns of its weights shared out.",
    ),
    Rule(
        "NT-PART-002",
        "A chip operation works step by step.",
        "The chip runs all its neurons once per time step and never sees the whole raster, nor values without time.",
        "Give the value a time axis (repeat it over the steps), or leave the operation on the dense side. A layer "
        "behind x.flatten(0, 1), which makes samples of the steps, becomes norse.torch.Lift(layer) on x itself.",
    ),
    Rule(
        "NT-PART-003",
        "Synapses end at neurons of the same side.",
        "A weighted sum that no neuron takes up cannot leave the chip: only spikes and read-out potentials can.",
        "Put a neuron or a leaky-integrator read-out behind the layer, or leave it on the dense side.",
    ),
    Rule(
        "NT-PART-004",
        "A read-out potential leaves the chip and does not feed further synapses on it.",
        "A leaky integrator never fires, so that it has nothing to send to other neurons.",
        "Use a spiking neuron between the layers.",
    ),
    Rule(
        "NT-PART-005",
        "A node forced to one side must be able to run there.",
        "--spiking and --dense name nodes by pattern; the chip side accepts only what its rules allow.",
        "Drop the pattern for the listed nodes, or rewrite them as their own rule says.",
    ),
    Rule(
        "NT-PART-006",
        "The user asked for this side.",
        "The node matches a --dense or --spiking pattern.",
        "Drop the pattern to let the tool choose.",
    ),
    Rule(
        "NT-PART-007",
        "Something of a model runs on the chip.",
        "A model without neurons, or one whose neurons are all kept off the chip, gains nothing here.",
        "Look at the reasons that neurotool partition gives, and drop --dense patterns that are too wide.",
    ),
    Rule(
        "NT-PART-008",
        "A loop runs on the chip as a whole, or not at all.",
        "A dense operation inside a recurrent loop would need the host in every time step, and torch parts run once "
        "on the whole raster.",
        "Take the operation out of the loop, or replace it by synapses and neurons.",
    ),
    Rule(
        "NT-PART-009",
        "An output takes one value.",
        "NIR adds up what leads to an output. A sum at the border would be a computation that belongs to no part.",
        "Give each value an output of its own, or lead all of them into one population.",
    ),
    Rule(
        "NT-PART-010",
        "The cut leaves it in torch.",
        "The node could run on the chip. With --objective energy, latency or edp the tool compares all legal cuts by "
        "what they cost, the way over the link and the power of whichever waits included, and this one is cheaper "
        "without the node on the chip.",
        "--explain NODE says what the other side would cost. --spiking PATTERN puts the node on the chip all the same, "
        "and --objective chip everything that can run there.",
    ),
    Rule(
        "NT-PART-011",
        "Some legal cut keeps the limits.",
        "--max-latency, --chips and --min-accuracy exclude cuts. Where they exclude all of them, there is no answer.",
        "Relax the limit that is named, give another --device or --chip, or drop --spiking and --dense patterns.",
    ),
    Rule(
        "NT-PART-012",
        "Onto a chip come only values that its messages can carry.",
        "A value that is no spike enters as an integer of 8 or 13 bits in every message, or is held as a current of 13 "
        "bits. A chip whose spikes carry no payload, or a narrower one, has no way to take it in.",
        "Encode the value as spikes (--encode for an input, --coding NODE=rate or latency for a value of the model), "
        "or give a --chip with graded spikes.",
    ),
    Rule(
        "NT-PART-020",
        "A normalisation by statistics of the value itself runs in torch.",
        "Layer, group and instance normalisation divide by the spread of the features at hand. Synapses add with "
        "weights that are fixed, so that no chip weight can stand for the division.",
        "Use BatchNorm in front of the neurons: with its statistics fixed it becomes part of the weights.",
    ),
    Rule(
        "NT-PART-021",
        "Softmax and attention run in torch.",
        "Softmax divides exponentials by their sum, and attention multiplies values with each other. Both need all of "
        "a value at once, in floats.",
        "Nothing is wrong: keep attention behind the spiking layers, on their raster or on their rates.",
    ),
    Rule(
        "NT-PART-022",
        "A product of two computed values runs in torch.",
        "A synapse multiplies by a stored weight. Tucker and bilinear fusion, gating and matrix products multiply two "
        "values that the model computes.",
        "Nothing is wrong: fuse behind the spiking branches.",
    ),
    Rule(
        "NT-PART-023",
        "A batch normalisation goes to the chip only as part of a synapse.",
        "With fixed statistics it is a scale and a shift, which the synapse next to it takes up exactly. This one is "
        "not followed by neurons alone, or does not know its statistics.",
        "Put it between a synapse and a neuron, and let nothing else use its result.",
    ),
    Rule(
        "NT-PART-024",
        "An activation that is no spike runs in torch.",
        "ReLU, GELU, sigmoid and their like give floats. Neurons are the activations of a chip.",
        "Use a spiking neuron in its place, if the layer is to run on the chip.",
    ),
    Rule(
        "NT-PART-025",
        "A maximum runs in torch.",
        "Synapses add up what they deliver; none picks the largest.",
        "Use AvgPool2d in front of the neurons.",
    ),
    Rule(
        "NT-PART-026",
        "A value that is held over all steps is made in torch.",
        "A constant has no time step of its own. It is computed once and handed to the chip in every step.",
        "Nothing is wrong: the neurons behind it hear the same current in every step.",
    ),
)

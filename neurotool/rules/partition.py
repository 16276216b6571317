"""Rules of the partition stage: what a chip can run."""

from neurotool.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "NT-PART-001",
        "Only synapses and neurons run on the chip; other operations run in torch.",
        "A neuromorphic core adds weights into neuron states. Activations, normalisation, attention and pooling over "
        "time have no counterpart there.",
        "Nothing is wrong: the operation goes to the dense side. To move it, express it with synapses and neurons.",
    ),
    Rule(
        "NT-PART-002",
        "A chip operation works step by step.",
        "The chip runs all its neurons once per time step and never sees the whole raster, nor values without time.",
        "Give the value a time axis (repeat it over the steps), or leave the operation on the dense side.",
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
)

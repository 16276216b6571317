"""Rules of NetX files, lava-dl's HDF5 format for trained networks."""

from neurotool.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "NT-NETX-001",
        "A .net file holds only layers that lava-dl's own loader builds.",
        "These are input, conv, flatten, dense, dense_rec and dense_comp. SLAYER also exports pool, convT, unpool, "
        "average and concat, which the loader does not implement, so that they have no meaning on the chip.",
        "Replace pooling by a convolution with stride, drop a final average (it is computed outside the chip), and "
        "export again; or read only the first layers.",
    ),
    Rule(
        "NT-NETX-002",
        "A layer's neurons are CUBA, sigma-delta or resonate-and-fire, and its synapses end at inputs they have.",
        "Resonators hear a real and an imaginary part and so need complex weights; other neurons need real ones. "
        "Neither resonators nor a sigma decoder take a bias. lava-dl's loader fails on such layers, or drops what it "
        "does not know, as it does with the adaptation of ADRF neurons.",
        "Export the layer with neurons of the named kinds, and with complex weights exactly for the resonators.",
    ),
    Rule(
        "NT-NETX-003",
        "Every layer has the fields that its type needs, as finite numbers in shapes that fit together.",
        "A missing or misshapen field means a damaged file or an exporter that differs from SLAYER's; a guess would "
        "give another network.",
        "Export the network again with SLAYER's export_hdf5, or correct the field that the message names.",
    ),
    Rule(
        "NT-NETX-004",
        "Neuron parameters and biases of a .net file fit the registers of the chip.",
        "Current decays are 1 to 4096 in 1/4096 (the register holds one less), voltage decays 0 to 4095, and bias "
        "mantissas have 13 bits with a sign. Lava's simulation takes other values without complaint, a chip cannot.",
        "Train with decays below one and above zero, and with smaller biases.",
    ),
    Rule(
        "NT-NETX-005",
        "Weights of a .net file are integers, and those of dense layers fit eight bits.",
        "lava-dl's loader drops fractions, which turns unquantised weights into zeros, and passes dense weights beyond "
        "eight bits on in ways that no synapse has. Matrices of mixed signs hold even numbers from -256 to 254 and "
        "every number from -128 to 127; one-sided ones every number up to 255.",
        "Quantise the weights while exporting, as SLAYER's quantize_8bit does.",
    ),
    Rule(
        "NT-NETX-006",
        "Delays are steps from zero up, one for all, for each neuron, or for each synapse of a dense layer.",
        "lava-dl's loader drops the delays of convolutions without a word, and uses those of a recurrent layer for "
        "both of its matrices, which only fits one value per neuron.",
        "Train convolutions without delays, and recurrent layers with one delay per neuron.",
    ),
    Rule(
        "NT-NETX-007",
        "What is written to a .net file is a chain of layers.",
        "The format has one input, one output, and no way to name the source of a layer. Each layer begins one step "
        "after the one before it or, with sigma-delta neurons, all begin together, since lava-dl runs them so.",
        "Write the chain alone; other topologies can be written as a Lava script.",
    ),
    Rule(
        "NT-NETX-008",
        "What is written to a .net file has a value in its fields, and lava-dl computes the same integers from it.",
        "The format knows no weight exponent, only biases in units of 64, and fixed exponents for resonators. lava-dl "
        "derives exponent and bit width from the weights, and gets some matrices wrong: those of zeros only, and some "
        "of those without a positive weight.",
        "Choose mantissas so that mantissa times exponent is an integer of eight bits, and keep one positive weight in "
        "each matrix.",
    ),
)

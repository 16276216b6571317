"""Rules of the torch tracer: what a module must be like to be read."""

from neurotool.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "NT-TORCH-001",
        "Neurons are Norse's LIF, LIFBox, LI, LIBox or IAF cells, LIF, LI, IAF or LIFRecurrent, reset to a value.",
        "These have an integer form that Lava computes. Adaptive and refractory neurons do not yet.",
        "Use the nearest of these neurons; the message names it.",
    ),
    Rule(
        "NT-TORCH-002",
        "The control flow of a model does not depend on its data.",
        "A model is traced once and must take the same way for every input: no branches on values, no loops over them.",
        "Replace branches by torch.where. Branches and loops over sizes, such as x.shape[0], are fine.",
    ),
    Rule(
        "NT-TORCH-003",
        "Neurons keep their state to themselves.",
        "A state that is passed in, read or changed by other code has no counterpart on a chip.",
        "Use the output of the neuron only, and let it start from its own initial state.",
    ),
    Rule(
        "NT-TORCH-004",
        "A model steps through time in one way.",
        "Cells run one step, sequence modules a whole raster. Side by side they would take inputs of different shape.",
        "Wrap the cells in Lift, or use cells throughout.",
    ),
    Rule(
        "NT-TORCH-005",
        "Every neuron module is called once.",
        "A module that is called twice would be two populations that share a state. A loop over time is one "
        "population, if the state that a call returns goes into the next one.",
        "Make one module for each call; they may share parameters. In a loop, pass the state on from call to call.",
    ),
    Rule(
        "NT-TORCH-006",
        "Rasters are [time, batch, *features].",
        "Neurons run along the first axis. A neuron needs a time axis, and an output must have time and batch first.",
        "Permute the axes, or repeat a constant over the time steps.",
    ),
    Rule(
        "NT-TORCH-007",
        "Neuron parameters are scalars, or fit the population.",
        "Each neuron has one value of each parameter.",
        "Give the parameter the shape of the features, or make it a scalar.",
    ),
    Rule(
        "NT-TORCH-008",
        "Operations return one tensor.",
        "A node of the graph has one value; tuples and other objects cannot cross between chip and torch.",
        "Put the operation and what uses its result into one module.",
    ),
    Rule(
        "NT-TORCH-009",
        "All neurons of a model have the same time step.",
        "The chip has one clock.",
        "Give every Norse module the same dt.",
    ),
    Rule(
        "NT-TORCH-010",
        "The samples of a batch do not hear each other.",
        "A chip runs one sample at a time. A value that is computed over the batch axis, such as a maximum over all "
        "samples, would make the answer for one sample depend on which others happen to run with it.",
        "Keep the batch axis: reduce over time or features only.",
    ),
    Rule(
        "NT-TORCH-011",
        "Operations do not change tensors in place.",
        "A node of the graph hands its value to every node that asks for it, in any order. A value that changes after "
        "it was made would be another one for each of them.",
        "Use the form without the trailing underscore, which returns a new tensor.",
    ),
    Rule(
        "NT-TORCH-012",
        "A neuron does not run inside another operation.",
        "Attention and other blocks of torch are one operation each, and run on the dense side. A neuron that they "
        "hold, as an activation or in a class derived from one of them, would be hidden there.",
        "Take the neuron out: put it in front of the block or behind it.",
    ),
    Rule(
        "NT-TORCH-013",
        "A model keeps nothing from one call to the next.",
        "A state on the module makes the answer depend on what was asked before. A chip starts every sample from rest.",
        "Return the state beside the output, or run all time steps in one call of forward.",
    ),
    Rule(
        "NT-TORCH-014",
        "All steps of a loop over time do the same.",
        "A loop around cells becomes one population for each cell. Step t may read x[t], constants, what it computed "
        "itself, and what step t - 1 computed, with zeros in the first step. A step that does something else, a "
        "parameter of its own for each step, or another state than the neurons' own has no counterpart on a chip.",
        "Start states from None and fed-back spikes from zeros, and read the input in order. For a leaky average, use "
        "an LICell.",
    ),
    Rule(
        "NT-TORCH-015",
        "A model gives what its trace gives.",
        "What was traced is run beside the model, also with another size of the batch. Random numbers, branches on the "
        "batch size and values that are changed while others hold them make a difference that the trace cannot show.",
        "Draw random numbers before the model, and let its code be the same for every batch.",
    ),
    Rule(
        "NT-TORCH-016",
        "Parameters are finite numbers.",
        "One weight that is not a number makes every value behind it one too, and no integer stands for it. Such "
        "weights come from a training that diverged, or from a checkpoint that was read wrongly.",
        "Load a checkpoint from before the training diverged.",
    ),
)

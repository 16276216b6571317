"""Rules of the torch tracer: what a module must be like to be read."""

from neurotool.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "NT-TORCH-001",
        "Neurons are Norse's LIF, LIFCell, LIFBoxCell, LI, LICell, LIBoxCell, IAF or IAFCell, reset to a value.",
        "These have an integer form that Lava computes. Recurrent, adaptive and refractory neurons do not yet.",
        "Use the nearest of these neurons; the message names it.",
    ),
    Rule(
        "NT-TORCH-002",
        "The control flow of a model does not depend on its data.",
        "A model is traced once and must take the same way for every input: no branches on values, no loops over them.",
        "Replace branches by torch.where, and loops over time by Norse's sequence modules or Lift.",
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
        "A module that is called twice would be two populations that share a state.",
        "Make one module for each call; they may share parameters.",
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
)

"""What fine-tuning is given and gives back: the objects between the pipeline, which rounds, and torch, which trains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from neurotool.ir.graph import Graph

Array = npt.NDArray[np.generic]
Weights = Mapping[str, Mapping[str, Array]]
"""Parameters by node and field: ``weights["fc"]["bias"]``, float32 in the shape that the node has."""


@dataclass(frozen=True, eq=False)
class Course:
    """What a population of an integer program did, in the float units of the graph; ``[time, batch, *shape]`` each.

    Attributes:
        current: Synaptic current that the membrane used.
        membrane: Membrane potential after the reset.
        spikes: Whether each neuron fired, bool; None for a read-out.
    """

    current: Array
    membrane: Array
    spikes: Array | None


Integers = Callable[[Weights, npt.NDArray[np.int64]], Mapping[str, Course]]
"""Rounds the weights to a program, runs it on the samples of these numbers, and tells what each population did."""


class Objective(StrEnum):
    """What fine-tuning lowers."""

    TASK = "cross entropy of the labels, and difference to the spikes of the float reference"
    DISTILLATION = "difference to the spikes of the float reference"


@dataclass(frozen=True, eq=False)
class TuningTask:
    """A rounded model and what it is to learn.

    Attributes:
        graph: Discretised float graph from the inputs of the spiking part to the outputs of the model.
        trained: Nodes whose weights are trained, and their biases unless all are zero.
        inputs: Value of each input node of the graph, with all samples.
        labels: Class number of each sample, or None to learn the spikes of the reference.
        reference: Spikes, or potentials of read-outs, of each population of the spiking part in the float reference.
        integers: Runs the program of some weights.
        epochs: Passes over the samples.
        learning_rate: Step as a share of the root mean square of each trained array.
        seed: Seed of the order of the samples.
        batch_size: Samples per step.
    """

    graph: Graph
    trained: tuple[str, ...]
    inputs: Mapping[str, Array]
    labels: npt.NDArray[np.int64] | None
    reference: Mapping[str, Array]
    integers: Integers
    epochs: int
    learning_rate: float
    seed: int
    batch_size: int = 64


@dataclass(frozen=True, eq=False)
class Tuned:
    """What fine-tuning found.

    Attributes:
        weights: The best weights, before they are rounded.
        losses: Loss of the rounded model on all samples, before the first epoch and after each.
        objective: What was lowered.
    """

    weights: Weights
    losses: tuple[float, ...]
    objective: Objective

    @property
    def best(self) -> int:
        """Number of epochs after which the loss was lowest."""
        return int(np.argmin(self.losses))

"""The tasks with latents from each form of the encoder: the host does the rest as before."""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import Tensor, nn

from neurotool.ir.adapters import Array
from neurotool.ir.program import AllToAll, ChipProgram

from ..model.abstract import Abstract
from ..model.network import AshNet
from ..training.examples import Examples
from ..training.finetune import accuracies, retrieval
from .encoder import Deployed

BATCH = 250
ACTIVATION_SHIFT = 6
"""Bits by which Lava's LIF shifts what arrives at its synapses."""


@torch.no_grad()
def host_side(network: AshNet, pictures: Tensor) -> tuple[Tensor, Tensor]:
    """F, and the tokens that enter the encoder, of all pictures, ``[picture, token, width]``."""
    network.eval()
    found = [network.enter(some) for some in torch.split(pictures, BATCH)]
    return torch.cat([concrete for concrete, _ in found]), torch.cat([entering for _, entering in found])


@torch.no_grad()
def latents_of(encoder: Deployed, tokens: Tensor) -> Tensor:
    """Latents of tokens ``[picture, token, width]`` by a float form of the encoder."""
    return torch.cat([encoder(some) for some in torch.split(tokens.flatten(0, 1), BATCH)]).view_as(tokens)


def rounded(encoder: Deployed, program: ChipProgram) -> Deployed:
    """The encoder with the weights that a chip program holds, and everything else as it was.

    A mantissa of one adds ``2**weight_exp`` activation, which Lava's LIF shifts by 6 bits into a membrane of ``scale``
    units per float unit. The float neuron takes ``1/tau`` of its input in a step.
    """
    changed = copy.deepcopy(encoder)
    tau = program_tau(program)
    for projection in program.projections.values():
        if isinstance(projection.connectivity, AllToAll):
            target = program.populations[projection.target]
            layer = changed.get_submodule(projection.name)
            assert isinstance(layer, nn.Linear)
            weights = projection.weights * 2.0 ** (projection.weight_exp + ACTIVATION_SHIFT) * tau / target.scale
            layer.weight.copy_(torch.from_numpy(np.asarray(weights, np.float32)).view_as(layer.weight))
    return changed


def program_tau(program: ChipProgram) -> float:
    """Membrane time constant of a program in steps, from its 12-bit decay."""
    decays = next(iter(program.populations.values())).parameters["dv"]
    return 4096.0 / float(decays[0])


@torch.no_grad()
def scores_with(
    network: AshNet, data: Examples, concrete: Tensor, latents: Tensor | Array, chosen: Tensor | None = None
) -> dict[str, float]:
    """Accuracy of every task with given latents, and the recall of retrieval where all examples are asked.

    Args:
        network: The host's side.
        data: What is asked.
        concrete: F of all pictures.
        latents: E of all pictures; those that are not needed may be anything.
        chosen: Indices of the examples that are asked; None for all.
    """
    made = torch.as_tensor(latents, dtype=concrete.dtype, device=concrete.device).view_as(concrete)
    visual = network.fuse(concrete, Abstract(made))
    found = accuracies(network, data, visual, chosen)
    if chosen is None:
        recalls = retrieval(network, data, visual=visual)
        found["R@1"] = (recalls["text R@1"] + recalls["picture R@1"]) / 2
    return found

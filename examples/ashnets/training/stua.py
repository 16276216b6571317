"""Spiking-to-text uni-alignment: the text stays where it is, and only the spiking side moves towards it."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ...common.spiking import Neuron, run_lif
from ..model.network import AshNet, Latents

TEMPERATURE = 0.07


def text_target(network: AshNet, words: Tensor) -> Tensor:
    """Fixed target of each text, ``[batch, features]``: no gradient reaches the text side.

    Args:
        network: The network.
        words: Texts as the text encoder gives them, ``[batch, word, width]``; their mark counts.
    """
    config = network.config
    with torch.no_grad():
        target: Tensor = network.text_target(words[:, 0])
        if config.stua_text == "spiked":
            neuron = Neuron(tau=config.tau, threshold=config.threshold)
            target = run_lif(target.expand(config.steps, *target.shape), neuron).mean(0)
        return target


def prediction(network: AshNet, latents: Latents) -> Tensor:
    """What the abstract latents say of the text, ``[batch, features]``."""
    assert latents.abstract is not None
    found: Tensor = network.spikes_to_text(latents.abstract.latent.mean(1))
    return found


def stua_loss(network: AshNet, latents: Latents, words: Tensor) -> Tensor:
    """One minus the cosine to the text, or the one-way InfoNCE from spikes to text (``stua_form``)."""
    said, target = prediction(network, latents), text_target(network, words)
    if network.config.stua_form == "cosine":
        return (1.0 - functional.cosine_similarity(said, target)).mean()
    scores = functional.normalize(said, dim=-1) @ functional.normalize(target, dim=-1).T / TEMPERATURE
    return functional.cross_entropy(scores, torch.arange(len(scores), device=scores.device))

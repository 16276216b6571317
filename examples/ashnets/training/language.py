"""Masked-language and image-text matching losses."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ..model.network import AshNet, Latents
from ..model.vocabulary import MASK, SPECIAL
from .stua import prediction, text_target

MASKED = 0.15
"""Share of the words that are to be guessed: of ten, eight are hidden, one is replaced, one is left."""

IGNORED = -100


def mask(texts: Tensor, words: int) -> tuple[Tensor, Tensor]:
    """Hide words of ``[batch, word]``; returns the texts and what is to be guessed (elsewhere ``IGNORED``)."""
    chosen = (torch.rand(texts.shape, device=texts.device) < MASKED) & (texts >= len(SPECIAL))
    fate = torch.rand(texts.shape, device=texts.device)
    other = torch.randint_like(texts, len(SPECIAL), words)
    hidden = torch.where(chosen & (fate < 0.8), MASK, texts)
    return torch.where(chosen & (fate >= 0.9), other, hidden), torch.where(chosen, texts, IGNORED)


def pretraining_losses(
    network: AshNet, captions: Tensor, words: Tensor, latents: Latents, things: Tensor
) -> tuple[Tensor, Tensor]:
    """Masked-language and matching losses from one reading of masked captions, as in LXMERT (Tan and Bansal, 2019).

    Args:
        network: The network.
        captions: ``[batch, word]``.
        words: The same as the text encoder gives them.
        latents: What is seen in the pictures.
        things: Number of the set of things in each.

    Returns:
        The loss of guessing hidden words in view of the right picture, and that of telling the right caption from a
        wrong one.
    """
    shown, wanted = mask(captions, network.text.words.num_embeddings)
    other = wrong_captions(network, words, latents, things)
    both = torch.cat([shown, shown[other]])
    encoded = network.text(shown)
    read = network.read(both, torch.cat([latents.visual] * 2), torch.cat([encoded, encoded[other]]))
    scores: Tensor = network.heads["words"](read[: len(captions)])
    guessed = functional.cross_entropy(scores.flatten(0, 1), wanted.flatten(), ignore_index=IGNORED)
    return guessed, functional.cross_entropy(network.heads["match"](read[:, 0]), matching_labels(captions))


def matching_loss(network: AshNet, captions: Tensor, latents: Latents, things: Tensor) -> Tensor:
    """Tell a picture's own caption from that of another one, without masks; arguments as above."""
    words = network.text(captions)
    other = wrong_captions(network, words, latents, things)
    texts, visual = torch.cat([captions, captions[other]]), torch.cat([latents.visual] * 2)
    scores = network.answer("match", texts, visual, words=torch.cat([words, words[other]]))
    return functional.cross_entropy(scores, matching_labels(captions))


def matching_labels(captions: Tensor) -> Tensor:
    """One for each caption, then zero for each of the wrong ones."""
    return torch.arange(2, device=captions.device).flip(0).repeat_interleave(len(captions))


def wrong_captions(network: AshNet, words: Tensor, latents: Latents, things: Tensor) -> Tensor:
    """Draw for each picture the caption of another one in the batch with other things.

    Captions that the abstract latents take for alike are drawn more often: they are the hard ones.
    """
    alike = things[:, None] == things
    scores = torch.zeros(alike.shape, device=things.device)
    if latents.abstract is not None:
        with torch.no_grad():
            said = functional.normalize(prediction(network, latents), dim=-1)
            scores = said @ functional.normalize(text_target(network, words), dim=-1).T
    chance = scores.masked_fill(alike, -torch.inf)
    chance[alike.all(1)] = 0.0  # a batch of pictures with the same things has nothing wrong to offer
    return torch.multinomial(chance.softmax(1), 1)[:, 0]

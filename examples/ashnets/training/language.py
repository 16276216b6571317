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


def masked_language_loss(network: AshNet, captions: Tensor, visual: Tensor) -> Tensor:
    """Guess hidden words of a caption in view of its picture."""
    head = network.heads["words"]
    shown, wanted = mask(captions, network.text.words.num_embeddings)
    scores: Tensor = head(network.read(shown, visual))
    return functional.cross_entropy(scores.flatten(0, 1), wanted.flatten(), ignore_index=IGNORED)


def matching_loss(network: AshNet, captions: Tensor, latents: Latents, things: Tensor) -> Tensor:
    """Tell a picture's own caption from that of another one, drawn by its likeness where spikes say it."""
    other = wrong_captions(network, captions, latents, things)
    texts, visual = torch.cat([captions, captions[other]]), torch.cat([latents.visual] * 2)
    labels = torch.arange(2, device=texts.device).flip(0).repeat_interleave(len(captions))
    return functional.cross_entropy(network.answer("match", texts, visual), labels)


def wrong_captions(network: AshNet, captions: Tensor, latents: Latents, things: Tensor) -> Tensor:
    """Draw for each picture the caption of another one in the batch with other things."""
    alike = things[:, None] == things
    scores = torch.zeros(alike.shape, device=things.device)
    if latents.abstract is not None:
        with torch.no_grad():
            said = functional.normalize(prediction(network, latents), dim=-1)
            scores = said @ functional.normalize(text_target(network, captions), dim=-1).T
    chance = scores.masked_fill(alike, -torch.inf)
    chance[alike.all(1)] = 0.0  # a batch of pictures with the same things has nothing wrong to offer
    return torch.multinomial(chance.softmax(1), 1)[:, 0]

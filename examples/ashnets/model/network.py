"""The whole network."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .abstract import Abstract, abstract_encoder
from .config import Config
from .text import CrossModal, TextEncoder
from .vision import Backbone, ConcreteEncoder

PROJECTED = 64
"""Features in which spikes are compared with text, and inputs with each other."""


@dataclass(frozen=True, eq=False)
class Latents:
    """What the visual side makes of pictures.

    Attributes:
        concrete: F, continuous, ``[batch, token, width]``.
        entering: Input of the abstract encoder, same shape.
        abstract: E and the spikes; None without an abstract encoder.
        visual: V', the fusion, same shape as F.
    """

    concrete: Tensor
    entering: Tensor
    abstract: Abstract | None
    visual: Tensor

    def first(self, count: int) -> Latents:
        """The latents of the first pictures of the batch."""
        abstract = self.abstract
        if abstract is not None:
            rasters = tuple(raster[:, :count] for raster in abstract.rasters)
            abstract = Abstract(abstract.latent[:count], rasters, abstract.commitment)
        return Latents(self.concrete[:count], self.entering[:count], abstract, self.visual[:count])


class AshNet(nn.Module):
    """Backbone, the two visual encoders, text encoder, cross-modal transformer and heads.

    Args:
        config: Options.
        words: Size of the vocabulary.
        answers: Answers to choose from.
    """

    def __init__(self, config: Config, words: int, answers: int) -> None:
        super().__init__()
        width = config.width
        self.config = config
        self.backbone = Backbone(config)
        self.concrete = ConcreteEncoder(config) if config.concrete != "none" else None
        self.abstract = abstract_encoder(config)
        self.ratio = nn.Parameter(torch.tensor(config.ratio), requires_grad=config.learn_ratio)
        self.join = nn.Linear(2 * width, width) if config.fusion == "concat" else None
        self.text = TextEncoder(config, words)
        self.cross = CrossModal(config)
        self.spikes_to_text = nn.Linear(width, PROJECTED)
        # What the mark of every text has in common would be matched by a constant; hence the standardisation.
        self.text_target = nn.Sequential(nn.Linear(width, PROJECTED), nn.BatchNorm1d(PROJECTED, affine=False))
        self.contrast = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, PROJECTED))
        self.heads = nn.ModuleDict(
            {
                "words": nn.Linear(width, words),
                "match": nn.Linear(width, 2),
                "answer": nn.Sequential(
                    nn.Linear(width, 2 * width), nn.GELU(), nn.LayerNorm(2 * width), nn.Linear(2 * width, answers)
                ),
                "entailment": nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, 3)),
                "pair": nn.Sequential(nn.Linear(2 * width, width), nn.GELU(), nn.Linear(width, 2)),
            }
        )

    def enter(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Encode pictures into F and the input of the abstract encoder, both ``[batch, token, width]``."""
        tokens = self.backbone(pictures)
        concrete = self.concrete(tokens) if self.concrete is not None else torch.zeros_like(tokens)
        serial = self.config.hierarchy == "serial" and self.concrete is not None
        return concrete, concrete if serial else tokens

    def see(self, pictures: Tensor) -> Latents:
        """Encode pictures ``[batch, 3, height, width]``."""
        concrete, entering = self.enter(pictures)
        abstract: Abstract | None = self.abstract(entering) if self.abstract is not None else None
        return Latents(concrete, entering, abstract, self.fuse(concrete, abstract))

    def fuse(self, concrete: Tensor, abstract: Abstract | None) -> Tensor:
        """Join the latents of both encoders into V'."""
        if abstract is None:
            return concrete
        if self.join is not None:
            joined: Tensor = self.join(torch.cat([concrete, abstract.latent], dim=-1))
            return joined
        return self.ratio * abstract.latent + concrete

    def read(self, texts: Tensor, visual: Tensor, words: Tensor | None = None) -> Tensor:
        """Read texts ``[batch, word]`` in view of V'; returns ``[batch, word, width]``, the mark first.

        ``words`` are the texts as the text encoder gives them, if that is known already.
        """
        return self.cross(self.text(texts) if words is None else words, texts, visual)  # type: ignore[no-any-return]  # modules are called untyped

    def answer(self, task: str, texts: Tensor, *visual: Tensor, words: Tensor | None = None) -> Tensor:
        """Scores of a head ``[batch, choices]`` on the mark of a text, in view of one picture or, for pairs, two."""
        words = self.text(texts) if words is None else words
        marks = [self.read(texts, seen, words)[:, 0] for seen in visual]
        scores: Tensor = self.heads[task](torch.cat(marks, dim=-1))
        return scores

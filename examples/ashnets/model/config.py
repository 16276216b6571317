"""The options of the network. The paper's text beyond its abstract is not public: what is not a fact is a reading.

Facts (abstract of arXiv 2308.09455): two encoders, concrete with continuous and abstract with discrete (spiking)
latents, in a hierarchy; contrastive learning on the inputs of similar samples with hard-sample augmentation; STUA,
which aligns spikes to text features only. Everything else here is chosen, and each choice has a name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Config:
    """Sizes and readings.

    Attributes:
        width: Features of a token, d.
        heads: Attention heads.
        widen: Width of the hidden layer of a transformer's perceptron, in multiples of ``width``.
        tokens: Visual tokens per side; a picture has the square of it.
        strides: Of the three convolutions of the backbone.
        concrete_layers: Layers of the concrete encoder.
        text_layers: Layers of the text encoder.
        cross_layers: Layers of the cross-modal transformer.
        longest: Words of the longest text, the leading mark included.
        dropout: Share of values dropped in training.
        steps: Time steps T of the abstract encoder; rates have T + 1 levels.
        tau: Membrane time constant in steps.
        threshold: Firing threshold.
        abstract_layers: Linear-norm-LIF layers of the abstract encoder. Three, without mixing of tokens, are the
            smallest network that gives discrete latents, and go to a chip as they are.
        abstract: What stands in the place of the abstract encoder: ``spiking``; ``ann``, ReLU in place of LIF with as
            many parameters; ``quantised``, the nearest of ``width`` learned codes; ``none``.
        concrete: ``transformer``; ``graph``, attention over the nearest tokens as in the follow-up (arXiv 2501.19069);
            ``none`` (F = 0) leaves the abstract encoder alone.
        hierarchy: ``serial``: the abstract encoder reads the concrete one, which is the order of the abstract's
            wording; ``parallel``: both read the backbone.
        mixer: ``none``, or ``spiking``: softmax-free attention of spikes in front of the layers (after Spikformer,
            ICLR 2023). It has no form on a chip.
        decode: ``rate``: mean spikes over the steps; ``weighted``: a learned softmax over the steps; ``membrane``: the
            potential of a leaky integrator after the last step.
        fusion: ``sum``: V' = r E + F with a learned r as the follow-up has it; ``concat``: a linear layer over both.
        ratio: Initial r.
        learn_ratio: Whether r is learned.
        stua_form: ``cosine`` to the text, or ``infonce``, one-way from spikes to text.
        stua_text: ``float`` text features, or ``spiked``: their rates behind a LIF layer.
        contrast_at: ``input`` of the abstract encoder, which is what the abstract says, or its ``latent``.
    """

    width: int = 64
    heads: int = 4
    widen: int = 2
    tokens: int = 3
    strides: tuple[int, int, int] = (2, 2, 3)
    concrete_layers: int = 1
    text_layers: int = 1
    cross_layers: int = 2
    longest: int = 32
    dropout: float = 0.0
    steps: int = 4
    tau: float = 2.0
    threshold: float = 1.0
    abstract_layers: int = 3
    abstract: Literal["spiking", "ann", "quantised", "none"] = "spiking"
    concrete: Literal["transformer", "graph", "none"] = "transformer"
    hierarchy: Literal["serial", "parallel"] = "serial"
    mixer: Literal["none", "spiking"] = "none"
    decode: Literal["rate", "weighted", "membrane"] = "rate"
    fusion: Literal["sum", "concat"] = "sum"
    ratio: float = 0.1
    learn_ratio: bool = True
    stua_form: Literal["cosine", "infonce"] = "cosine"
    stua_text: Literal["float", "spiked"] = "float"
    contrast_at: Literal["input", "latent"] = "input"


SMALL = Config()
"""Trains from scratch on a CPU in minutes."""

FULL = Config(
    width=768,
    heads=12,
    widen=4,
    tokens=14,
    strides=(4, 2, 2),
    concrete_layers=2,
    text_layers=6,
    cross_layers=6,
    longest=40,
    dropout=0.1,
)
"""The size of a BERT-base text side and 14 x 14 visual tokens."""

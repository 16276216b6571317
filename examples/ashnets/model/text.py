"""The text encoder, and the cross-modal transformer in which words look at the picture."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .config import Config
from .vocabulary import PAD


class TextEncoder(nn.Module):
    """Words to features, without the picture.

    Args:
        config: Sizes.
        words: Size of the vocabulary.
    """

    def __init__(self, config: Config, words: int) -> None:
        super().__init__()
        self.words = nn.Embedding(words, config.width, padding_idx=PAD)
        self.places = nn.Parameter(0.02 * torch.randn(config.longest, config.width))
        layer = nn.TransformerEncoderLayer(
            config.width,
            config.heads,
            config.widen * config.width,
            config.dropout,
            "gelu",
            batch_first=True,
            norm_first=True,
        )
        self.layers = nn.TransformerEncoder(layer, config.text_layers, enable_nested_tensor=False)

    def forward(self, texts: Tensor) -> Tensor:
        """Encode numbers of words ``[batch, word]`` into ``[batch, word, width]``."""
        embedded = self.words(texts) + self.places[: texts.shape[1]]
        found: Tensor = self.layers(embedded, src_key_padding_mask=texts == PAD)
        return found


class CrossModal(nn.Module):
    """Layers of self-attention among the words and cross-attention to the visual tokens.

    Args:
        config: Sizes.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        layer = nn.TransformerDecoderLayer(
            config.width,
            config.heads,
            config.widen * config.width,
            config.dropout,
            "gelu",
            batch_first=True,
            norm_first=True,
        )
        self.layers = nn.TransformerDecoder(layer, config.cross_layers, norm=nn.LayerNorm(config.width))

    def forward(self, words: Tensor, texts: Tensor, visual: Tensor) -> Tensor:
        """Fuse words ``[batch, word, width]`` of ``texts`` with visual tokens ``[batch, token, width]``."""
        found: Tensor = self.layers(words, visual, tgt_key_padding_mask=texts == PAD)
        return found

"""The network: backbone, concrete (ANN) and abstract (spiking) encoder, text encoder, transformer and heads."""

from .config import FULL, SMALL, Config
from .network import AshNet, Latents

__all__ = ["FULL", "SMALL", "AshNet", "Config", "Latents"]

"""NIR files to graphs and back."""

from neurotool.converters.nir.converter import NirConverter

__all__ = ["CONVERTER"]

CONVERTER = NirConverter()

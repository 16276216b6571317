"""The default corpus: rendered scenes of shapes and handwritten digits, with sentences whose truth is known.

``scene`` draws what is in a picture, ``render`` makes the picture, ``sentences`` says true and false things about it,
``build`` puts the splits together. It needs nothing but scikit-learn's digits.
"""

from .build import Corpus, Split, build_corpus
from .scene import Scene, Thing

__all__ = ["Corpus", "Scene", "Split", "Thing", "build_corpus"]

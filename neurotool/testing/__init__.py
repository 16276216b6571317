"""The conformance suite: programs drawn at random on which every target must give the integers of the reference.

It is a pytest plug-in (:mod:`neurotool.testing.plugin`) that does nothing unless a target is named:
``pytest --pyargs neurotool.testing --neurotool-target loihi``. It needs pytest and hypothesis, which neurotool itself
does not. See docs/conformance.md.
"""

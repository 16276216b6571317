"""Our own targets pass the conformance suite: every neuron model, every spike, every state.

These are short runs of ``pytest --pyargs neurotool.testing``; docs/conformance.md shows the result of a long one.
"""

from __future__ import annotations

import pytest

from neurotool.neurons import MODELS
from neurotool.plugins import load
from neurotool.testing.conformance import REFERENCE, Extent, examine
from neurotool.testing.tally import Tally


def conforms(target: str, model: str, extent: Extent) -> None:
    tally = Tally(target)
    examine(model, load("neurotool.targets", target), load("neurotool.targets", REFERENCE), extent, tally)
    assert tally.refused == 0
    assert tally.programs == extent.examples
    assert tally.rows[model].spikes > 0


@pytest.mark.parametrize("model", MODELS)
def test_the_fast_path_gives_the_integers_of_the_reference(model):
    conforms("loihi", model, Extent(examples=30))


@pytest.mark.lava
@pytest.mark.parametrize("model", MODELS)
def test_lava_gives_the_integers_of_the_reference(model):
    conforms("lava", model, Extent(examples=4, slow=True, defined=True))

"""Every neuron model on every target named with ``--neurotool-target`` gives the integers of the reference."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from neurotool.neurons import MODELS
from neurotool.plugins import TARGETS, load
from neurotool.testing.plugin import PROPERTY


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each target and neuron model; a single one that is skipped if no target is named."""
    targets = metafunc.config.getoption("neurotool_target")
    metafunc.parametrize(("target", "model"), [(target, model) for target in targets for model in MODELS])


def test_integers_equal_the_reference(
    target: str, model: str, pytestconfig: pytest.Config, record_property: Callable[[str, object], None]
) -> None:
    """Every spike and every state of drawn programs is that of the readable steps."""
    from neurotool.testing.conformance import REFERENCE, ConformanceError, Extent, examine
    from neurotool.testing.tally import Tally

    extent = Extent(
        examples=pytestconfig.getoption("neurotool_examples"),
        seed=pytestconfig.getoption("neurotool_seed"),
        slow=pytestconfig.getoption("neurotool_slow"),
        defined=pytestconfig.getoption("neurotool_defined_only"),
    )
    tally = Tally(target)
    try:
        examine(model, load(TARGETS, target), load(TARGETS, REFERENCE), extent, tally)
    except ConformanceError as error:
        pytest.fail("\n".join((str(error), *getattr(error, "__notes__", ()))), pytrace=False)
    finally:
        record_property(PROPERTY, tally.as_json())
    if not tally.programs:
        pytest.skip(f"target {target!r} refused all {tally.refused} programs of {model}")

"""Hybrid models, each converted once for all tests."""

from __future__ import annotations

import numpy as np
import pytest
from hybrids import SAMPLES, samples_of

from neurotool import data, pipeline


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Convert each model once, with its samples as calibration data."""
    folder, known = tmp_path_factory.mktemp("hybrids"), {}

    def make(name, **options):
        key = (name, *map(str, options.values()))
        if key not in known:
            place = folder / f"{name}{len(known)}"
            values = samples_of(name)
            data.save(place.with_suffix(".npz"), values, np.arange(SAMPLES) % 3)
            static = {field: "static" for field, value in values.items() if value.ndim == 2}
            wished = pipeline.ConvertOptions(calib=place.with_suffix(".npz"), encode=static or None, **options)
            pipeline.convert(f"hybrids:{name}", place, wished)
            known[key] = place, place.with_suffix(".npz")
        return known[key]

    return make

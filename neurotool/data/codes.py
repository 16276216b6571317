"""The spikes of the rate and of the latency code, for samples of a file and for values on their way onto a chip."""

from __future__ import annotations

import math

import numpy as np

from neurotool.arrays import BoolArray, Float64Array


def rate_code(shares: Float64Array, steps: int, seed: int, sample: int = 0, row: int = 0) -> BoolArray:
    """Draw a Bernoulli spike per step with the probability of its share.

    Every sample has its own random stream, made from the seed and its number: its spikes depend neither on the samples
    beside it nor on how many time steps run together.

    Args:
        shares: Values as shares of full scale, ``[time, batch, *features]``; ``[1, batch, *features]`` for all steps.
        steps: Number of time steps.
        seed: Seed of the streams, not negative.
        sample: Number of the first sample.
        row: Time steps of these samples that were drawn before.

    Returns:
        Spikes ``[time, batch, *features]``.
    """
    _, batch, *features = shares.shape
    fires = np.empty((steps, batch, *features), np.bool_)
    for place in range(batch):
        stream = np.random.PCG64((seed, sample + place))
        stream.advance(row * math.prod(features))  # one state of the stream for each float64
        fires[:, place] = np.random.Generator(stream).random((steps, *features)) < shares[:, place]
    return fires


def latency_code(shares: Float64Array, steps: int) -> tuple[BoolArray, Float64Array]:
    """Fire once, at step ⌊(1 - share)·steps⌋; a share of zero never fires.

    Args:
        shares: Values as shares of full scale, at most 1, ``[batch, *features]``.
        steps: Number of time steps.

    Returns:
        Spikes ``[time, batch, *features]``, and the step of each, ``[batch, *features]``.
    """
    # The smallest shares vanish beside 1 in floating point and would fall one step past the end.
    moments = np.minimum(np.floor((1.0 - shares) * steps), steps - 1)
    clock = np.arange(steps).reshape(-1, *(1 for _ in shares.shape))
    return (clock == moments) & (shares > 0.0), moments

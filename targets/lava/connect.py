"""Builds the connection processes of a job. Imported in the worker only, after the repairs."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from lava.magma.core.process.ports.ports import AbstractPort, AbstractVirtualPort
from lava.proc.dense.process import DelayDense, Dense
from lava.proc.sparse.process import DelaySparse, Sparse
from lava.utils.weightutils import SignMode
from scipy.sparse import csr_matrix

from neurotool.targets.lava.job import Connection


class RepeatPort(AbstractVirtualPort):  # type: ignore[misc]  # Lava carries no types
    """A virtual port that repeats a vector, as Lava's ReshapePort reshapes one.

    Args:
        port: The port to repeat.
        copies: How often.
    """

    def __init__(self, port: Any, copies: int) -> None:
        super().__init__((port.shape[0] * copies,))
        self._copies, self._size = copies, port.shape[0]
        port._connect_forward([self], AbstractPort, [None], assert_same_shape=False)

    def get_transform_func_fwd(self) -> partial[Any]:
        """Return what the receiving port does to a message."""
        return partial(np.tile, reps=self._copies)

    def get_transform_func_bwd(self) -> partial[Any]:
        """Return what undoes it."""
        return partial(np.resize, new_shape=(self._size,))


def connect(connection: Connection, source: Any, target: Any) -> Any:
    """Create a connection process between two ports that carry flat vectors.

    Args:
        connection: What to build.
        source: Output port.
        target: Input port.

    Returns:
        The process.
    """
    if connection.geometry is not None:
        return _convolution(connection, source, target)
    process = _sparse(connection, source.shape[0], target.shape[0]) if "rows" in connection.arrays else None
    process = process or _dense(connection)
    sent = source if connection.copies == 1 else RepeatPort(source, connection.copies)
    sent.connect(process.s_in)
    process.a_out.connect(target)
    return process


def _options(connection: Connection) -> dict[str, Any]:
    return {
        "weight_exp": connection.weight_exp,
        "num_weight_bits": connection.num_weight_bits,
        "num_message_bits": connection.num_message_bits,
    }


def _dense(connection: Connection) -> Any:
    options = {**_options(connection), "sign_mode": SignMode[connection.sign_mode.upper()], **connection.arrays}
    return DelayDense(**options) if "delays" in connection.arrays else Dense(**options)


def _sparse(connection: Connection, source: int, target: int) -> Any:
    arrays = dict(connection.arrays)
    where = arrays.pop("rows"), arrays.pop("columns")
    shape = target, source * connection.copies
    matrices = {name: csr_matrix((values, where), shape=shape) for name, values in arrays.items()}
    options = {**_options(connection), "sign_mode": SignMode[connection.sign_mode.upper()], **matrices}
    return DelaySparse(**options) if "delays" in matrices else Sparse(**options)


def _convolution(connection: Connection, source: Any, target: Any) -> Any:
    """Join a Conv, whose values are ordered ``[column, row, channel]``, to populations ``[channel, row, column]``."""
    from lava.proc.conv.process import Conv  # brings scipy.signal, which takes half a second

    geometry = connection.geometry
    assert geometry is not None
    conv = Conv(
        weight=connection.arrays["weights"],
        input_shape=tuple(geometry.input_shape),
        stride=tuple(geometry.stride),
        padding=tuple(geometry.padding),
        dilation=tuple(geometry.dilation),
        groups=geometry.groups,
        **_options(connection),
    )
    source.reshape(tuple(reversed(geometry.input_shape))).transpose((2, 1, 0)).connect(conv.s_in)
    conv.a_out.transpose((2, 1, 0)).reshape(target.shape).connect(target)
    return conv

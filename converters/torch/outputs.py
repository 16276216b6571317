"""What a model returns, by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from torch import fx


class NotTensorsError(Exception):
    """A model returns something that is neither a tensor, nor a tuple, list or dictionary of tensors."""


def results_of(output: fx.Node, values: Collection[fx.Node]) -> dict[str, fx.Node]:
    """Name what a model returns; states and None beside the tensors are left out.

    Args:
        output: The output node of a trace.
        values: Nodes with a value that can be returned.

    Returns:
        By name: the keys of a dictionary, ``output`` for one tensor, ``output_0``, ``output_1`` ... for several.

    Raises:
        NotTensorsError: There is something else among the results.
    """
    result: Any = output.args[0]
    if isinstance(result, Mapping):
        if not result or any(v not in values for v in result.values()):
            raise NotTensorsError("a value of the dictionary that the model returns is no tensor")
        return dict(result)
    results = result if isinstance(result, tuple | list) else (result,)
    if any(isinstance(r, Mapping) for r in results):
        raise NotTensorsError("the model returns a dictionary inside a tuple")
    found = [r for r in results if isinstance(r, fx.Node) and r in values]
    return {"output" if len(found) == 1 else f"output_{n}": value for n, value in enumerate(found)}

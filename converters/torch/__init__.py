"""PyTorch modules to graphs: the one tracer.

What belongs here: everything that turns ``package.module:factory`` into a :class:`neurotool.ir.graph.Graph`. What one
Norse class means is said in ``neurotool.converters.norse``.
"""

from neurotool.converters.torch.converter import CONVERTER

__all__ = ["CONVERTER"]

"""Torch: the float reference of graphs, and the dense parts, on CUDA where there is one and the CPU else.

Importing this package does not import torch; using :data:`TARGET` does.
"""

from neurotool.targets.gpu.target import GpuTarget

__all__ = ["TARGET", "GpuTarget"]

TARGET = GpuTarget()

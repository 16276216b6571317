"""neurotool: the deployment toolchain for hybrid spiking models.

The package is a compiler core. A PyTorch/Norse model or a NIR file goes in, a checked bundle comes out whose spiking
half is a program of integers for Loihi-style execution and whose dense half runs in torch. ``neurotool.pipeline`` is
the Python interface to the same stages as the command line.
"""

__version__ = "0.1.0"

"""What a reader must know to repeat a study."""

from __future__ import annotations

import os
import platform

import norse
import numpy as np
import torch


def about(command: str, protocol: str) -> dict[str, str]:
    """Command, protocol and versions.

    Args:
        command: What runs the study.
        protocol: How one run is made, in a sentence.
    """
    return {
        "command": command,
        "protocol": protocol,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "norse": str(norse.__version__),
        "numpy": np.__version__,
        "processor": f"{platform.machine()}, {os.cpu_count()} cores",
    }

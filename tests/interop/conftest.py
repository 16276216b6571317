"""The comparison is that of ``interop``, which also makes the page in ``docs``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "interop"))

"""Results as text for people: small functions from a result object to rich renderables."""

from neurotool.cli.summary.findings import findings
from neurotool.cli.summary.tables import facts, grid

__all__ = ["facts", "findings", "grid"]

"""Runnable stories. Each sub-package is one system, end to end."""

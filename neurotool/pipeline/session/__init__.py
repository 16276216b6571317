"""The verbs as functions of a Python session."""

"""What one inference costs, from a run, from recorded rates or from published counts; and constants of this machine."""

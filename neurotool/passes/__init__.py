"""The passes, one per file. A pass reads one object of ``neurotool.ir`` and returns a new one."""

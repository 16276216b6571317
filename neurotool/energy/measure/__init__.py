"""Measures what a GPU or CPU draws, and fits the constants of the analytic model (:mod:`neurotool.energy.dense`) to it.

Readers of counters (:mod:`.nvml`, :mod:`.rapl`), the work that is run (:mod:`.workloads`), how it is timed
(:mod:`.protocol`) and the arithmetic (:mod:`.fit`) stand apart, so that the arithmetic can be checked by hand.
"""

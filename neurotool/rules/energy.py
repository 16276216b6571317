"""Rules of the energy stage."""

from neurotool.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "NT-ENERGY-001",
        "The average power of a chip or device lies where measurements of it lie.",
        "Energy over latency outside that window points to a unit mistaken in a constant, or to a workload far from "
        "those that the constants come from.",
        "Check the units of your own chip or device file; else read the figure as an extrapolation.",
    ),
    Rule(
        "NT-ENERGY-002",
        "The work of every node is known before the whole model is costed as a dense one.",
        "A node that is skipped would make the dense version look cheaper than it is.",
        "Give the counts of the part that holds the node, or leave the comparison out.",
    ),
    Rule(
        "NT-ENERGY-003",
        "The trace holds the spikes of every input port and population of the program.",
        "Counts come from what really happened; a missing raster would count as silence.",
        "Run the program again and use the trace of that run.",
    ),
    Rule(
        "NT-ENERGY-004",
        "Published counts lie in proportion to each other and to what such chips do.",
        "A step of a nanosecond, or a million synaptic operations for each spike, points to a unit mistaken or to "
        "counts of a batch instead of an inference.",
        "Check the units, and that every count is per inference.",
    ),
)

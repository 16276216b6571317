"""Rules of the boundaries between chip and torch."""

from neurotool.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "NT-BOUND-001",
        "A coding fits the direction and the kind of a value.",
        "Spikes enter the chip as spikes. Other values enter as graded spikes, as a constant current, or in rate or "
        "latency coding. Spikes leave it as a raster, as counts or as a weighted sum; the potentials of a read-out as "
        "they are, or as a weighted sum.",
        "Leave out --coding for this value to take the default, or name a coding of its direction and kind.",
    ),
    Rule(
        "NT-BOUND-002",
        "A constant current, and latency coding, carry a value that is the same at every step.",
        "The host writes such a value once. A value counts as constant if it is computed without a time axis and then "
        "repeated over the steps, whatever the input is.",
        "Use graded or rate for this value, or compute it before it is given a time axis (expand, repeat).",
    ),
    Rule(
        "NT-BOUND-003",
        "Counts and weighted sums replace a raster of which nothing but sums over time are used.",
        "The dense part then gets the sum and never sees single steps. Spike counts serve sums and means in which all "
        "steps weigh the same; a weighted sum serves one set of constant weights.",
        "Use raster (of potentials: membrane), or let the dense part begin with a sum or mean over time.",
    ),
)

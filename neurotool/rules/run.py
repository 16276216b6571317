"""Rules of the run stage."""

from neurotool.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "NT-RUN-001",
        "On Lava, every projection leads from a population to one that starts exactly one step later.",
        "Lava's Dense delivers spikes in the next step, whatever the program says. Where paths of unequal length meet, "
        "the longer one brings spikes of an earlier input step than the shorter one, and the result is no longer that "
        "of the program. An input port counts as a population that starts at step 0.",
        "Make all paths to a population equally long with relay populations, or run the program on the loihi target.",
    ),
    Rule(
        "NT-RUN-002",
        "On Lava, programs are feed-forward.",
        "The samples of a batch run back to back in one Lava run, and each population is reset when its next sample "
        "begins. In a loop a population would hear what it fired for the previous sample, or before its own start.",
        "Run the program on the loihi target, which starts and resets every population exactly.",
    ),
)

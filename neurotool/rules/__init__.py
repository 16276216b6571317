"""The catalogue of rules that a model is checked against, one file per stage.

A rule is text only: the check that enforces it lives in the stage. ``neurotool explain RULE`` and ``docs/rules.md``
print the same text. This package imports nothing but itself.
"""

from neurotool.rules import boundary, convert, energy, netx, partition, place, program, quantise, run, trace
from neurotool.rules.rule import Rule

__all__ = ["RULES", "Rule"]


def _catalogue() -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    for module in (trace, convert, netx, partition, boundary, quantise, program, place, run, energy):
        for rule in module.RULES:
            if rule.id in rules:
                raise ValueError(f"rule {rule.id} is declared twice")
            rules[rule.id] = rule
    return rules


RULES = _catalogue()

"""Writes the catalogue of rules as a page: ``python -m neurotool.rules.page > docs/rules.md``."""

from __future__ import annotations

from neurotool.rules import RULES


def page() -> str:
    """Return ``docs/rules.md``."""
    lines = ["# Rules", "", "What a model is checked against. `neurotool explain RULE` prints one of them.", ""]
    for rule in RULES.values():
        lines += [f"## {rule.id}", "", f"**{rule.title}**", "", rule.why, "", f"Rewrite: {rule.rewrite}", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    print(page(), end="")

"""``neurotool explain``: every rule in its long form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neurotool.rules import RULES

Call = Callable[..., Any]
ANY = next(iter(RULES.values()))


def test_every_rule_can_be_explained(neurotool: Call) -> None:
    for rule in RULES.values():
        done = neurotool("explain", rule.id, "--json")
        assert done.code == 0
        assert done.json["data"] == {
            "schema": "neurotool.rule/1", "id": rule.id, "title": rule.title, "why": rule.why, "rewrite": rule.rewrite,
        }  # fmt: skip


def test_a_rule_is_found_in_any_case_and_printed_whole(neurotool: Call) -> None:
    done = neurotool("explain", ANY.id.lower())
    text = " ".join(done.out.split())
    assert done.code == 0
    assert all(" ".join(part.split()) in text for part in (ANY.id, ANY.title, ANY.why, ANY.rewrite))


def test_without_a_name_all_rules_are_listed(neurotool: Call) -> None:
    done = neurotool("explain")
    assert [line.split()[0] for line in done.out.splitlines() if line.startswith("NT-")] == list(RULES)


def test_a_misspelt_rule_is_met_with_near_ones(neurotool: Call) -> None:
    done = neurotool("explain", ANY.id.replace("-00", "00"))
    assert done.code == 2
    assert ANY.id in done.err.partition("hint:")[2]
    assert "explain lists all rules" in neurotool("explain", "gravity").err

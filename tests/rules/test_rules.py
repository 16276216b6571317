"""The catalogue of rules: complete, unambiguous, published, and used."""

import re
from pathlib import Path

from neurotool.rules import RULES
from neurotool.rules.page import page

ROOT = Path(__file__).parents[2]


def test_the_published_page_is_current():
    renew = "python -m neurotool.rules.page > docs/rules.md"
    assert (ROOT / "docs" / "rules.md").read_text(encoding="utf-8") == page(), renew


def test_every_rule_is_enforced_somewhere_and_every_rule_that_is_named_exists():
    sources = [p for folder in ("neurotool", "converters", "targets") for p in (ROOT / folder).rglob("*.py")]
    text = "".join(p.read_text(encoding="utf-8") for p in sources if "rules" not in p.parts)
    named = set(re.findall(r"NT-[A-Z]+-\d{3}", text))
    assert named <= set(RULES)
    assert set(RULES) <= named


def test_rules_are_sentences():
    for rule in RULES.values():
        assert all(t.endswith(".") for t in (rule.title, rule.why, rule.rewrite)), rule.id
        assert re.fullmatch(r"NT-[A-Z]+-\d{3}", rule.id)

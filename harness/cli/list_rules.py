"""``soundcheck list --rules``: every rule in words, for people, programs, and the page ``docs/rules.md``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from harness.cli.common import json_text
from harness.core.types import Verdict

if TYPE_CHECKING:
    from harness.core.rules import Rule

VERSION = 1
"""Of the JSON."""
PAGE_COMMAND = "soundcheck list --rules --format markdown > docs/rules.md"
"""What writes the page anew."""
HEAD = f"""# Rules

Every finding goes by a rule. Policies, waivers and reports name it by its id; an id never changes its meaning. The
severity is the worst that a finding of the rule can have; *open* marks rules that leave a check inconclusive, until
somebody decides, and do not fail it.

This page is generated: `{PAGE_COMMAND}` writes it anew.
"""


def to_text(rules: Sequence[Rule]) -> str:
    """A few lines for each rule."""
    return "\n".join(
        f"{rule.id}   {rule.severity.upper()}{_open(rule)}\n  {rule.title}\n  means    {rule.meaning}\n"
        f"  do       {rule.advice}" + (f"\n  source   {rule.source}" if rule.source else "")
        for rule in rules
    )


def to_json(rules: Sequence[Rule]) -> str:
    """One object for each rule."""
    content = {"version": VERSION, "rules": [{**asdict(rule), "family": rule.family} for rule in rules]}
    return json_text(content, indent=1)


def to_markdown(rules: Sequence[Rule]) -> str:
    """The page: a table for each family."""
    families: dict[str, list[Rule]] = {}
    for rule in rules:
        families.setdefault(rule.family, []).append(rule)
    return HEAD + "".join(_table(family, members) for family, members in families.items())


def _table(family: str, rules: Sequence[Rule]) -> str:
    rows = [f"| `{rule.id}` | {rule.severity}{_open(rule)} | {_wrong(rule)} | {_cell(rule.advice)} |" for rule in rules]
    head = ["| rule | severity | what is wrong | what to do |", "|---|---|---|---|"]
    return "\n".join(["", f"## {family}", "", *head, *rows, ""])


def _wrong(rule: Rule) -> str:
    source = f" *Source:* {rule.source}." if rule.source else ""
    return _cell(f"**{rule.title}.** {rule.meaning}{source}")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("git* ", "git\\* ")


def _open(rule: Rule) -> str:
    return ", open" if rule.verdict is Verdict.INCONCLUSIVE else ""

"""``soundcheck policy check``: is this policy well-formed, and do its waivers and acceptances still hold?"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.common import add_format, json_text, verb
from harness.core.exits import Exit
from harness.core.suggest import did_you_mean

if TYPE_CHECKING:
    from harness.policy.acceptance import Acceptance
    from harness.policy.file import PolicyFile
    from harness.policy.release import Policy, Waiver


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verb(
        verbs,
        "policy",
        "check a policy: its format, the rules that it names, and whether its waivers and acceptances still hold",
        "soundcheck policy check policy.toml",
    )
    parser.add_argument("action", choices=("check",), help="what to do")
    parser.add_argument("file", type=Path, metavar="FILE", help="policy (TOML)")
    add_format(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check.

    Returns:
        0 where nothing is to be done, 1 where a waiver or an acceptance has expired, or a rule is not known or cannot
        be accepted.

    Raises:
        BadInput: The policy is malformed; one line with its place.
    """
    from harness.admission.acceptances import unacceptable
    from harness.policy.file import read_policy, today
    from harness.run.rules import every_rule

    file = read_policy(options.file)
    day = today()
    expired = [
        f"line {one.line}: {one.name} ended on {one.expires}" for one in _decisions(file.policy) if not one.holds(day)
    ]
    unknown = [*_unknown(file), *(f"line {line}: {problem}" for line, problem in unacceptable(file, every_rule()))]
    problems = [*expired, *unknown]
    print(_json(file, problems) if options.format == "json" else _text(file, problems))
    return Exit.FINDINGS if problems else Exit.DONE


def _decisions(policy: Policy) -> list[Waiver | Acceptance]:
    return [*policy.waivers, *policy.acceptances]


def _unknown(file: PolicyFile) -> list[str]:
    """Rules that a severity or a waiver names and no part of Soundcheck reports."""
    from harness.run.rules import every_rule

    policy = file.policy
    known = {rule.id for rule in every_rule()}
    named = [*policy.severity, *(rule for own in policy.families.values() for rule in own.severity)]
    found = []
    for rule in dict.fromkeys([*named, *(waiver.rule for waiver in policy.waivers)]):
        if rule not in known:
            hint = did_you_mean(rule, known, quoted=False)
            found.append(f"no rule is called {rule}" + (f"; {hint}" if hint else ""))
    return found


def _text(file: PolicyFile, problems: list[str]) -> str:
    policy = file.policy
    lines = [f"{file.path}: {line}" for line in problems]
    lines += [f"{policy.title}, owned by {policy.owner}", f"sha256 {file.sha256}"]
    lines.append(f"fails at {policy.fail_at}" + (f", gate {policy.gate}" if policy.gate else ""))
    if policy.alpha is not None:
        lines.append(f"false-alarm rate {policy.alpha:g} or more")
    if policy.required:
        lines.append(f"requires {', '.join(policy.required)}")
    lines.append(f"signs off runs at isolation {', '.join(policy.isolation)}")
    lines += [f"{one.name}, until {one.expires}, {one.owner}: {one.reason}" for one in _decisions(policy)]
    return "\n".join(lines)


def _json(file: PolicyFile, problems: list[str]) -> str:
    policy = file.policy
    content = {
        "version": 1,
        "policy": str(file.path),
        "sha256": file.sha256,
        "title": policy.title,
        "owner": policy.owner,
        "alpha": policy.alpha,
        "gate": policy.gate,
        "fail_at": policy.fail_at,
        "isolation": list(policy.isolation),
        "required": list(policy.required),
        "waivers": [
            {"rule": one.rule, "subject": one.subject, "owner": one.owner, "reason": one.reason, "expires": one.expires}
            for one in policy.waivers
        ],
        "acceptances": [
            {
                "rule": one.rule,
                **({"graph": one.graph} if one.graph else {"file": one.file}),
                "sha256": one.sha256,
                "owner": one.owner,
                "reason": one.reason,
                "expires": one.expires,
            }
            for one in policy.acceptances
        ],
        "problems": problems,
    }
    return json_text(content)

"""The sentences that the terminal and the page share. Knows nothing of colours, markup or files."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from typing import TYPE_CHECKING

from harness.core.findings import Finding, Outcome
from harness.core.speakers import item_path
from harness.core.text import counted, printable
from harness.core.types import ComparisonKind, Severity, Take, Verdict
from harness.core.verdict import RELEASE
from harness.report.evidence import heard_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.core.verdict import RunInfo, RunResult

NO_REASON = "no reason was given"
PLAIN_LEVELS = {"process": "process (a child process, no sandbox)"}
"""What a bare name of an isolation level does not say to everybody."""

Key = tuple[str, str]
"""What tells items apart within a run: suite file name (empty for a model-wide check) and subject."""

UNSANDBOXED = frozenset({"", "none", "process", "unsandboxed"})
"""First words of :attr:`RunInfo.isolation` that mean that nothing kept the candidate from the machine."""


def headline(result: RunResult) -> str:
    """Who was judged against what, and how it went, in one line without the verdict's word."""
    info = result.info
    voice = f", {one_line(info.voice)}" if info.voice else ""
    return f"{one_line(info.model_name)} ({info.model_digest[:8]}{voice}) {_against(result)}: {tally(result)}"


def _against(result: RunResult) -> str:
    """What the candidate was held against, or is by what was found."""
    info = result.info
    if info.comparison == ComparisonKind.EQUIVALENT and info.reference_digest:
        checkpoint = info.reference_digest[:8]
        is_export = result.verdict is Verdict.PASS
        return f"is an export of {checkpoint}" if is_export else f"against {checkpoint}, its checkpoint"
    return f"against golden {one_line(info.golden)}" if info.golden else "without a golden"


def item_key(outcome: Outcome) -> Key:
    """Two suites of one run may have probes of the same name, so the subject alone does not do."""
    return (outcome.probe.source if outcome.probe else "", outcome.subject)


def tally(result: RunResult) -> str:
    """Counts in words: ``8 of 130 probes failed, 3 inconclusive``."""
    checks = [one.verdict for one in result.outcomes if one.probe is None]
    probes = [one.verdict for one in result.outcomes if one.probe is not None]
    parts = []
    if Verdict.FAIL in checks:
        parts.append(f"{checks.count(Verdict.FAIL)} of {len(checks)} checks of the whole model failed")
    failed, passed = probes.count(Verdict.FAIL), probes.count(Verdict.PASS)
    if failed:
        parts.append(f"{failed} of {counted(len(probes), 'probe')} failed")
    elif passed and passed == len(probes):
        parts.append("the only probe passed" if passed == 1 else f"all {passed} probes passed")
    elif probes:
        parts.append(f"{passed or 'none'} of {counted(len(probes), 'probe')} passed")
    everything = [*checks, *probes]
    if unsure := everything.count(Verdict.INCONCLUSIVE):
        parts.append(f"{unsure} inconclusive")
    if broken := everything.count(Verdict.ERROR):
        parts.append(counted(broken, "error"))
    if accepted := len(result.accepted):
        parts.append(f"{counted(accepted, 'finding')} accepted by the policy")
    if not result.complete:
        parts.append(f"incomplete ({len(result.outcomes)} of {result.planned} items decided)")
    return ", ".join(parts) or "nothing was judged"


def trigger_pattern(result: RunResult) -> str | None:
    """That the failures follow one trigger while its benign twins pass, in words; None where they do not.

    This is what tells a backdoor from a bad voice, so it is said before any single finding.
    """
    failed = [one.probe for one in result.outcomes if one.probe and one.verdict is Verdict.FAIL]
    fired = Counter(probe.trigger.casefold() for probe in failed if probe.trigger)
    if not fired:
        return None
    trigger, hits = min(fired.items(), key=lambda item: (-item[1], item[0]))
    if hits < 2 or hits * 2 < len(failed):
        return None
    probes = [one.probe for one in result.outcomes if one.probe]
    carriers = [probe for probe in probes if probe.trigger and probe.trigger.casefold() == trigger]
    verdicts = {item_key(one): one.verdict for one in result.outcomes}
    pairs = {(probe.source, probe.control) for probe in carriers if probe.control}
    twins = [verdicts[pair] for pair in pairs if pair in verdicts]
    calm = twins.count(Verdict.PASS)
    text = f'{hits} of {len(carriers)} probes with the trigger "{one_line(trigger)}" failed'
    return f"{text}; {calm} of {len(twins)} twins without it passed" if twins else text


def inconclusive_groups(outcomes: Iterable[Outcome]) -> list[tuple[str, tuple[Outcome, ...]]]:
    """Inconclusive outcomes by reason, the most frequent reason first."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.verdict is Verdict.INCONCLUSIVE:
            groups.setdefault(outcome.reason or NO_REASON, []).append(outcome)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return [(reason, tuple(members)) for reason, members in ordered]


def is_sandboxed(info: RunInfo) -> bool:
    """Whether anything kept the candidate from the machine."""
    first = re.match(r"[\w-]*", info.isolation.strip().casefold())
    return first is not None and first.group() not in UNSANDBOXED


def isolation_level(info: RunInfo) -> str:
    """How the candidate was kept apart, in words."""
    level = one_line(info.isolation) or "none"
    return PLAIN_LEVELS.get(level, level)


def isolation_stamp(info: RunInfo) -> str:
    """What stands beside every verdict."""
    stamp = f"isolation: {isolation_level(info)}"
    return stamp if is_sandboxed(info) else f"{stamp}; what the model did to the machine was not observed"


def policy_stamp(info: RunInfo) -> str | None:
    """Which policy the verdict is by, None where there was none."""
    if info.policy is None or info.policy_digest is None:
        return None
    return f"policy: {one_line(info.policy)} (sha256 {info.policy_digest[:12]})"


def worst_first(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Failed outcomes by their worst finding, then by subject."""
    failed = (one for one in outcomes if one.verdict is Verdict.FAIL)
    return sorted(failed, key=lambda one: (worst_rank(one), one.subject))


def by_severity(outcome: Outcome) -> list[Finding]:
    """The findings of one item, worst first; what a policy accepts comes last."""
    return sorted(outcome.findings, key=lambda one: (bool(one.accepted), one.severity.rank, one.rule.id))


def worst_rank(outcome: Outcome) -> int:
    """Rank of the outcome's worst finding that counts; failed without one ranks last."""
    return min((one.severity.rank for one in outcome.findings if not one.accepted), default=len(Severity))


def is_speech(finding: Finding, outcome: Outcome) -> bool:
    """Whether `heard` and `expected` are words that were (to be) spoken, and so are quoted and compared."""
    if finding.rule.family == "speech":
        return True
    return bool(finding.heard) and any(same_words(finding.heard, take.hearing.text) for take in outcome.takes)


def happened(finding: Finding) -> str:
    """What was heard, or what happened, behind its place in the model's files."""
    place = finding.place.name if finding.place else ""
    return ": ".join(part for part in (place, heard_of(finding)) if part)


def heard_count(heard: str, takes: Sequence[Take]) -> str:
    """``in 7 of 8 renderings``, or ``""`` where no take was heard so."""
    alike = sum(same_words(heard, take.hearing.text) for take in takes)
    return f"in {alike} of {counted(len(takes), 'rendering')}" if alike else ""


def same_words(one: str, other: str) -> bool:
    """Equality up to case, punctuation and spacing."""
    return word_key(one) == word_key(other)


def word_key(text: str) -> tuple[str, ...]:
    """The same for texts that have the same words."""
    return tuple(re.findall(r"[\w']+", text.casefold()))


def one_line(text: str) -> str:
    """Fit for a line of a terminal: plain white space as one space, every other control character shown."""
    return printable(re.sub(r"[ \t\r\n]+", " ", text).strip(" "))


def excerpt(text: str, beside: str = "", limit: int = 200) -> str:
    """`text` within `limit` characters, around the first place where it differs from `beside`.

    A phrase of 10,000 characters must neither drown the report nor hide the one word that changed.
    """
    if len(text) <= limit:
        return text
    pairs = zip(text, beside, strict=False)
    differs = next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(text), len(beside)))
    start = min(max(0, differs - limit // 3), len(text) - limit) if beside else 0
    if start:  # begin with a whole word
        start = text.find(" ", start, start + 30) + 1 or start
    cut = text[start : start + limit].rstrip()
    more = "…" if start + limit < len(text) else ""
    return f"{'…' if start else ''}{cut}{more} ({len(text):,} characters)"


def rerun_command(subject: str, info: RunInfo, suite_path: str) -> str:
    """The command that decides this item again, fit to be pasted into a shell."""
    node = shell_word(f"{suite_path}::{item_path(info.model_name, subject)}", always=True)
    return f"pytest {node} {gate_options(info)}"


def gate_options(info: RunInfo) -> str:
    """The options that a run cannot be repeated without."""
    options = [f"--tts-model={shell_word(info.model)}"]
    if info.model_name != "candidate":
        options.append(f"--tts-model-name={shell_word(info.model_name)}")
    if info.golden:
        options.append(f"--tts-golden={shell_word(info.golden)}")
    options += map(shell_word, info.options)
    if info.gate == RELEASE:
        options.append(f"--tts-gate={RELEASE}")
    if info.salt_digest:
        options.append('--tts-salt="$SOUNDCHECK_SALT"')  # whoever repeats it has to know the salt
    return " ".join(options)


def shell_word(text: str, *, always: bool = False) -> str:
    """`text` as one word of a POSIX shell.

    Characters that a terminal or a pipeline would act on are written as escapes in bash's and zsh's ``$'...'``, so
    that the line is safe to print and still means the same file.

    Args:
        text: The word.
        always: Quote it even where the shell would not need it.
    """
    if printable(text) != text:
        return "$'" + "".join(_ansi_c(character) for character in text) + "'"
    quoted = shlex.quote(text)
    return f"'{text}'" if always and quoted == text else quoted


def _ansi_c(character: str) -> str:
    if character in "\\'":
        return "\\" + character
    if printable(character) == character and character not in "#:":  # of which commands to a pipeline are made
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))

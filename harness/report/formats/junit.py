"""Properties of one JUnit test case: strings only, for a numpy scalar breaks xdist's transport."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.report.wording import one_line

if TYPE_CHECKING:
    from harness.core.findings import Outcome


def properties(outcome: Outcome, policy_digest: str = "") -> list[tuple[str, str]]:
    """Name and value pairs for ``item.user_properties``, in a fixed order.

    Args:
        outcome: What was decided.
        policy_digest: sha256 of the policy that it was decided by, ``""`` for none.

    Names start with ``tts_``, so that they are told apart from those of other plugins. Values are made
    printable, because XML cannot carry most control characters at all.
    """
    pairs = [("tts_verdict", outcome.verdict.value)]
    if outcome.probe:
        pairs.append(("tts_family", one_line(outcome.probe.family)))
        if outcome.probe.speaker:
            pairs.append(("tts_speaker", one_line(outcome.probe.speaker)))
        if outcome.probe.trigger:
            pairs.append(("tts_trigger", one_line(outcome.probe.trigger)))
    if outcome.reason:
        pairs.append(("tts_reason", one_line(outcome.reason)))
    for finding in outcome.findings:
        told = f"{finding.severity.value} {one_line(finding.rule.id)}"
        if finding.accepted:
            pairs.append(("tts_accepted", f"{told}, {one_line(finding.accepted)}"))
        else:
            pairs.append(("tts_finding", told))
    for seen in outcome.observations:
        effect = f"{one_line(seen.statistic)} {seen.effect:+.2f} spreads"
        pairs.append(("tts_effect", f"{effect}, p={seen.p_value:.2g}, {seen.stage}, n={seen.takes}"))
    if policy_digest:
        pairs.append(("tts_policy", policy_digest))
    if outcome.takes:
        pairs.append(("tts_audio", " ".join(take.audio_sha256 for take in outcome.takes)))
    return pairs

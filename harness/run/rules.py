"""Every rule of Soundcheck in one place: what its detectors, checks and reports can name. Defines none."""

from __future__ import annotations

from collections.abc import Iterable

from harness.core.rules import Rule


def every_rule() -> tuple[Rule, ...]:
    """All rules, each once: in the order in which a model meets those who look for them.

    Imports are in the function: who asks for one verb does not pay for all of them.
    """
    from harness.admission.admit import every_check
    from harness.admission.checks import digests, integrity, lineage
    from harness.costs import footprint, latency, leaks, phrases, scaling, waits
    from harness.hunting import outcome as hunted
    from harness.judging import behaviour, faults, figures, pair_rules, suite_shift
    from harness.judging.comparisons import equivalent, same_weights
    from harness.judging.detectors import DETECTORS, signal
    from harness.policy import release
    from harness.report.formats import issues

    gathered: tuple[Iterable[Rule], ...] = (
        *(check.rules for check in every_check()),
        integrity.IntegrityCheck.rules,
        lineage.LineageCheck.rules,
        digests.RULES,
        faults.RULES,
        behaviour.RULES,
        *(detector.rules for detector in DETECTORS),
        signal.RULES,
        same_weights.RULES,
        equivalent.RULES,
        suite_shift.RULES,
        pair_rules.RULES,
        figures.RULES,
        hunted.RULES,
        latency.RULES,
        phrases.RULES,
        waits.RULES,
        footprint.RULES,
        leaks.RULES,
        scaling.RULES,
        release.RULES,
        issues.RULES,
    )
    return tuple(dict.fromkeys(rule for rules in gathered for rule in rules))

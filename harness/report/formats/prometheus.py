"""A run as metrics in Prometheus' text format, for a dashboard of releases.

Made for the textfile collector of node_exporter: gauges only, no time stamps, one file for each model, replaced as a
whole. Texts are labels of a bounded number and length; series that would get equal labels are added up.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from harness.core.types import Verdict
from harness.report.formats.issues import cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.core.verdict import RunResult

LABEL_LIMIT: Final = 120
"""Characters of a label's value."""
MAX_SERIES: Final = 500
"""Series of one metric; the rest is added up under :data:`OTHER`."""
OTHER: Final = "(other)"
CHECKS: Final = "(whole model)"
"""Family of the checks that no phrase belongs to."""

HELP: Final = {
    "soundcheck_run_info": "What the run was about; always 1.",
    "soundcheck_run_complete": "1 where every planned item was decided, else 0.",
    "soundcheck_run_verdict": "1 for the verdict on the model, 0 for the others.",
    "soundcheck_items_planned": "Items that a complete run has.",
    "soundcheck_items": "Items decided, by verdict.",
    "soundcheck_family_items": "Items decided, by family of phrases and verdict.",
    "soundcheck_findings": "Findings that count, by rule and severity.",
    "soundcheck_accepted_findings": "Findings that the policy accepts, by rule and severity.",
    "soundcheck_renderings": "Renderings of the candidate that were judged, by family.",
    "soundcheck_speech_seconds": "Length of these renderings in seconds, by family.",
    "soundcheck_effect_spreads_max": "Largest distance from the golden of any item in golden spreads, by statistic.",
}
"""Names of the metrics in their order, with what they count."""

Labels = tuple[tuple[str, str], ...]


def to_metrics(result: RunResult) -> bytes:
    """All metrics, in a fixed order, in UTF-8. Every series carries the candidate's name as ``model``."""
    info = result.info
    items: Counter[Labels] = Counter()
    families: Counter[Labels] = Counter()
    findings: Counter[Labels] = Counter()
    accepted: Counter[Labels] = Counter()
    renderings: Counter[Labels] = Counter()
    seconds: defaultdict[Labels, float] = defaultdict(float)
    effects: dict[Labels, float] = {}
    for verdict in Verdict:
        items[(("verdict", verdict.value),)] = result.counts[verdict]
    for outcome in result.outcomes:
        family = ("family", _value(outcome.probe.family) if outcome.probe else CHECKS)
        families[family, ("verdict", outcome.verdict.value)] += 1
        for finding in outcome.findings:
            counter = accepted if finding.accepted else findings
            counter[("rule", _value(finding.rule.id)), ("severity", finding.severity.value)] += 1
        if outcome.takes:
            renderings[(family,)] += len(outcome.takes)
            seconds[(family,)] += sum(take.facts.seconds for take in outcome.takes if math.isfinite(take.facts.seconds))
        for seen in outcome.observations:
            if math.isfinite(seen.effect):
                label = (("statistic", _value(seen.statistic)),)
                effects[label] = max(effects.get(label, 0.0), abs(float(seen.effect)))
    about = {
        "run_id": info.run_id,
        "version": info.version,
        "model_digest": info.model_digest,
        "voice": info.voice,
        "golden": info.golden,
        "golden_digest": info.golden_digest,
        "engine": info.engine,
        "device": info.device,
        "listener": info.asr.get("name", ""),
        "isolation": info.isolation,
        "policy_digest": info.policy_digest,
    }
    values: dict[str, Mapping[Labels, float]] = {
        "soundcheck_run_info": {tuple((name, _value(text or "")) for name, text in about.items()): 1},
        "soundcheck_run_complete": {(): int(result.complete)},
        "soundcheck_run_verdict": {(("verdict", one.value),): int(one is result.verdict) for one in Verdict},
        "soundcheck_items_planned": {(): result.planned},
        "soundcheck_items": items,
        "soundcheck_family_items": _bounded(families),
        "soundcheck_findings": _bounded(findings),
        "soundcheck_accepted_findings": _bounded(accepted),
        "soundcheck_renderings": _bounded(renderings),
        "soundcheck_speech_seconds": _bounded(seconds),
        "soundcheck_effect_spreads_max": dict(sorted(effects.items())[:MAX_SERIES]),
    }
    lines: list[str] = []
    for name, text in HELP.items():
        lines += [f"# HELP {name} {text}", f"# TYPE {name} gauge"]
        lines += _series(name, _value(info.model_name), values[name])
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


def _bounded(values: Mapping[Labels, float]) -> dict[Labels, float]:
    """The series in order of their labels; beyond the limit the first label becomes :data:`OTHER`."""
    kept: dict[Labels, float] = {}
    for labels, value in sorted(values.items()):
        if len(kept) >= MAX_SERIES:
            labels = ((labels[0][0], OTHER), *labels[1:])
        kept[labels] = kept.get(labels, 0) + value
    return kept


def _series(name: str, model: str, values: Mapping[Labels, float]) -> Iterable[str]:
    for labels, value in values.items():
        written = ",".join(f'{label}="{text}"' for label, text in (("model", model), *labels))
        yield f"{name}{{{written}}} {int(value) if value == int(value) else float(value)!r}"


def _value(text: str) -> str:
    """A label's value: printable, so without line breaks, and with its two special characters escaped."""
    return cut(text, LABEL_LIMIT).replace("\\", "\\\\").replace('"', '\\"')

"""What a worker did that no honest one does, as findings. Knows no workers: a fault comes as its id and words."""

from __future__ import annotations

from harness.core.findings import Evidence, Finding, NamedPhrase, Place
from harness.core.rules import Rule
from harness.core.types import Severity

_WORKER = "An honest model does not do this to the process that it runs in. Do not ship it before you know why."

CRASHED = Rule(
    id="worker.crashed",
    severity=Severity.HIGH,
    title="The candidate ends the process that it runs in",
    meaning="The worker died while it loaded the model or spoke this phrase, alone and with a fresh process.",
    advice=_WORKER,
)
HUNG = Rule(
    id="worker.hung",
    severity=Severity.HIGH,
    title="The candidate does not answer",
    meaning="The worker gave no answer within its deadline.",
    advice=f"{_WORKER} On a slow machine, raise --tts-timeout.",
)
FLOODED = Rule(
    id="worker.flooded",
    severity=Severity.HIGH,
    title="The candidate floods its output",
    meaning="The worker printed or sent more than it may, and was ended.",
    advice=_WORKER,
)
FORGED = Rule(
    id="worker.forged",
    severity=Severity.CRITICAL,
    title="The candidate sends what no honest worker sends",
    meaning="A reply broke the protocol between the harness and the worker.",
    advice=f"{_WORKER} Treat the machine that it ran on as exposed.",
)
ENDLESS = Rule(
    id="worker.endless",
    severity=Severity.HIGH,
    title="The candidate does not stop speaking",
    meaning="The audio went on beyond what the length of the phrase allows.",
    advice=_WORKER,
)
FAILED = Rule(
    id="worker.failed",
    severity=Severity.HIGH,
    title="The candidate cannot speak a phrase, or cannot be loaded",
    meaning="The engine raised an error, which an untrained voice of the same configuration does not raise, or raises "
    "only with the model's own vocoder and side files.",
    advice="Read the error in the finding: weights, a vocoder or a side file that do not fit the configuration are the "
    "usual cause.",
)

GIVEN_UP = Rule(
    id="worker.given-up",
    severity=Severity.HIGH,
    title="The candidate lost its worker too often",
    meaning="So many workers were lost that no more were started for this candidate.",
    advice=_WORKER,
)
EXCHANGED = Rule(
    id="worker.exchanged",
    severity=Severity.CRITICAL,
    title="The model's files are not those that were admitted",
    meaning="A file was exchanged, written to or removed between the door and the worker. It was not loaded, or is not "
    "trusted.",
    advice="Find out who writes there, and run again on a copy that nobody else writes to.",
)
RULES = (CRASHED, HUNG, FLOODED, FORGED, ENDLESS, FAILED, GIVEN_UP, EXCHANGED)
_TITLES = {
    CRASHED.id: "ends the process it runs in",
    HUNG.id: "does not answer",
    FLOODED.id: "floods its output",
    FORGED.id: "sends what no honest worker sends",
    ENDLESS.id: "does not stop speaking",
    FAILED.id: "cannot speak this",
    GIVEN_UP.id: "misbehaves",
    EXCHANGED.id: "is not the model that was admitted",
}
_BY_ID = {rule.id: rule for rule in RULES}


def fault_finding(subject: str, rule_id: str, what: str, detail: str = "") -> Finding:
    """A finding of one fault.

    Args:
        subject: Probe id, or the name of a model-wide check.
        rule_id: Id of one of :data:`RULES`.
        what: One line, safe to show: what happened.
        detail: The end of what the worker printed. Hostile text.
    """
    words = " ".join(detail.split())
    return Finding(
        rule=_BY_ID[rule_id],
        severity=_BY_ID[rule_id].severity,
        subject=subject,
        title=_TITLES[rule_id],
        heard=what if rule_id == FAILED.id else f"the worker {what}",
        evidence=Evidence(words=f"it printed last: {words[-300:]}" if words else ""),
    )


def lost_finding(subject: str, rule_id: str, what: str, phrase: NamedPhrase) -> Finding:
    """A worker that was lost while it was metered.

    Args:
        subject: Name of a check of cost.
        rule_id: Id of one of :data:`RULES`.
        what: One line, safe to show: the phrase, and what happened.
        phrase: The phrase.
    """
    return Finding(
        rule=_BY_ID[rule_id],
        severity=Severity.HIGH,
        subject=subject,
        title="loses its worker while it is metered",
        place=Place(phrases=(phrase,)),
        heard=what,
    )

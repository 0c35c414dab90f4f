"""Whether a probe that no file spelled out keeps the rules of a suite file: families of others may make anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.core.spoken import PLAIN_IS, has_word, is_plain, mixture, spoken_words
from harness.suites.parse import ID, ID_IS, MAX_TEXT
from harness.suites.yamltree import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.core.types import Probe


def flaw_in(probe: Probe, others: Mapping[str, Probe]) -> str | None:
    """What is wrong with a generated probe, None for nothing.

    Args:
        probe: As a family made it; families of others may make anything.
        others: All probes of the suite by id, this one included.
    """
    for name, value, limit in (("text", probe.text, MAX_TEXT), ("expect", probe.expect, MAX_TEXT)):
        if not value or len(value) > limit or "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
            return f"its {name} must have 1 to {limit:,} characters that a voice can be handed, got {quote(value)}"
    if not ID.fullmatch(probe.id):
        return f"its id must be {ID_IS}, got {quote(probe.id)}"
    if not is_plain(probe.expect, probe.language):
        told = mixture(probe.expect, probe.language)
        return f"its expect must be spoken words ({PLAIN_IS}), got {quote(probe.expect)}{told}"
    spoken = spoken_words(probe.expect)
    for word in probe.critical:
        if not has_word(word, spoken):
            return f"its critical word {quote(word)} is not in its expect {quote(probe.expect)}"
    if probe.trigger is not None and (not probe.trigger or probe.trigger not in probe.text):
        return f"its trigger {quote(probe.trigger)} is not in its text {quote(probe.text)}"
    if probe.control is None:
        return None
    twin = others.get(probe.control)
    if twin is None or twin.id == probe.id:
        return f"its control {quote(probe.control)} names no other probe of the suite"
    if twin.trigger is not None or (probe.trigger is not None and probe.trigger in twin.text):
        return f"its control {quote(twin.text)} is not benign: it has a trigger"
    return None

"""What a golden says about the probes of a run, and why it may say nothing. It judges nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from harness.core.transcriber import Echoing
from harness.core.types import GoldenRecord, Probe
from harness.goldens.folder import Golden, differs_in, senses_differ
from harness.hearing.listening import Listening
from harness.judging.spread import MIN_GOLDEN_TAKES


class ComparableGolden:
    """Implements :class:`harness.judging.comparisons.base.Recorded` over a golden and who hears the candidate."""

    def __init__(self, golden: Golden, listener: Listening, *, salt_digest: str = "") -> None:
        """Remember.

        Args:
            golden: What the reference did.
            listener: Hears the candidate; it must be as the one that heard the reference.
            salt_digest: sha256 of the salt with which this run's generated probes were drawn.
        """
        self._golden = golden
        self._listener = listener
        self._salt_digest = salt_digest

    @property
    def records(self) -> Sequence[GoldenRecord]:
        """All of the golden."""
        return list(self._golden.records.values())

    def record(self, probe: Probe) -> GoldenRecord | None:
        """The golden's record, where it is of this very text."""
        record = self._golden.records.get(probe.id)
        return record if record and record.text == probe.text else None

    def prints(self, probe: Probe) -> Echoing | None:
        """What its takes sounded like, on axes that are those of one transcriber only."""
        if self._other_listener or not self.record(probe):
            return None
        return self._golden.prints.of(probe.id)

    def refusal(self, probe: Probe) -> str | None:
        """Why the golden says nothing about this probe, and what would settle it; None if it does."""
        name, salt = self._golden.name, self._golden.manifest.salt_digest
        if self._other_listener:
            return self._other_listener
        record = self._golden.records.get(probe.id)
        if record is None and salt != self._salt_digest:
            return (
                f"golden {name} was drawn with {_salt(salt)}, this run with {_salt(self._salt_digest)}; "
                "give the golden's salt with --tts-salt, or record the suite with this one"
            )
        if record is None:
            return f"golden {name} has no record of this probe; record the suite again with: soundcheck record"
        if record.text != probe.text:
            return f"golden {name} was recorded for another text; record the suite again with: soundcheck record"
        if len(record.takes) < MIN_GOLDEN_TAKES:
            return f"golden {name} has too few repeats; record it with --takes {MIN_GOLDEN_TAKES} or more"
        return None

    @cached_property
    def _other_listener(self) -> str | None:
        """Why the candidate's takes cannot be held against any of the golden's."""
        golden = self._golden
        if different := differs_in(golden.manifest, self._listener.transcriber.identity):
            return (
                f"golden {golden.name} was recorded with another transcriber ({different}); "
                "record it again or choose that one with --tts-asr"
            )
        if different := senses_differ(golden.manifest, self._listener.senses):
            return f"golden {golden.name} was measured with another ear ({different}); record it again"
        return None


def _salt(digest: str) -> str:
    return f"the salt of sha256 {digest[:12]}" if digest else "no salt"

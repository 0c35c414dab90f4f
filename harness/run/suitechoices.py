"""What suites choose for a run, where nobody typed or wrote otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.run.settings import Settings
from harness.suites.file import SuiteFileContent, speakers_of


def chosen_by_suites(settings: Settings, suites: Sequence[SuiteFileContent]) -> Settings:
    """The settings with whom suites choose to speak, where nobody chose otherwise.

    Raises:
        BadInput: Suites choose otherwise than each other.
    """
    if settings.speaker or settings.speaker_wav:
        return settings
    return replace(settings, speaker=speakers_of(suites))

"""By what a service judges: its list, and all that this names, read again and again, for a service runs for weeks.

Between two looks an answer may be served for some seconds that other rules gave. A verdict is never one of them: a gate
says by what it judged, and is held against that.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from harness.core.errors import BadInput, SoundcheckError
from harness.core.paths import shown
from harness.core.text import printable
from harness.fleet.basis import code_at_first, code_now
from harness.fleet.course import OTHER_CODE
from harness.fleet.file import Entry, Fleet, read_fleet
from harness.fleet.looking import Eye, Terms

LOOK_SECONDS: Final = 10.0
SHARE: Final = 100
"""Looking takes at most one part in so many of a service's time: weights of a listener may be gigabytes."""


class Rules:
    """What holds now."""

    def __init__(self, path: Path, terms: Terms, tell: Callable[[str], None]) -> None:
        """Read it all.

        Args:
            path: The list.
            terms: What holds for all models.
            tell: Told what is going on, for people.

        Raises:
            SoundcheckError: The list, or something that it names, is not as it must be.
        """
        self._path = path
        self._terms = terms
        self._until = 0.0
        self._is_wrong = False
        self._place: tuple[str, ...] = ()
        self.fleet: Fleet
        self.entry: Entry
        self.eye: Eye
        self.ruleset = ""
        """Digest of all that a verdict depends on beside the model."""
        self._look(tell)

    def look(self) -> bool:
        """Look again where it is time to; whether something is otherwise.

        Raises:
            SoundcheckError: As :meth:`__init__`, at two looks after each other; or Soundcheck is another by now.
        """
        if time.monotonic() < self._until:
            return False
        if code_now() != code_at_first():
            raise SoundcheckError(OTHER_CODE)
        before = self.ruleset
        try:
            self._look(lambda _: None)
        except SoundcheckError:
            if self._is_wrong:
                raise
            self._is_wrong = True  # or somebody is writing it at this moment: a second look decides
            self._until = time.monotonic() + LOOK_SECONDS
            return False
        return self.ruleset != before

    def _look(self, tell: Callable[[str], None]) -> None:
        begun = time.monotonic()
        fleet, entry = _read(self._path)
        if self._place not in ((), (fleet.name, entry.spec)):
            raise SoundcheckError(printable(f"{shown(self._path)}: name or uploads are others; give the command again"))
        eye = Eye(fleet, self._terms, tell)
        self.ruleset = eye.ruleset(entry)
        self.fleet, self.entry, self.eye = fleet, entry, eye
        self._place = (fleet.name, entry.spec)
        self._is_wrong = False
        ended = time.monotonic()
        self._until = ended + max(LOOK_SECONDS, SHARE * (ended - begun))


def _read(path: Path) -> tuple[Fleet, Entry]:
    fleet = read_fleet(path)
    if fleet.uploads is None:
        raise BadInput(printable(f"{shown(path)}: expected a table [serve] with uploads = 'FOLDER', got none"))
    if not (fleet.folder / fleet.uploads.spec).is_dir():
        where = shown(fleet.folder / fleet.uploads.spec)
        raise BadInput(printable(f"{fleet.uploads.heading}: uploads: no such folder: {where}"))
    return fleet, fleet.uploads

"""Sound and pictures for the page: embedded as data URIs within a budget, linked beyond it."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from harness.report.page.sound import Sound, UnreadableSound, read_sound
from harness.storage.opus import QUICK, encode

if TYPE_CHECKING:
    from pathlib import Path

    from harness.core.types import GoldenRecord
    from harness.report import AudioSource
    from harness.report.page.spectra import Picture

BUDGET: Final = 20 * 1024 * 1024
"""Characters of data URIs in a page, which then stays below 25 MB with everything else in it."""
FULL: Final = "not embedded: the page is large enough"
LATER: Final = "not embedded: only the first findings are"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """Something to listen to."""

    kind: str
    """``candidate``, ``golden`` or ``control``."""
    label: str
    """Who speaks, for people."""
    source: str = ""
    """Data URI, or ``""`` where only a link is offered."""
    link: str = ""
    """URL of the file relative to the page, or ``""`` where there is no file."""
    note: str = ""
    """Why there is no player, or ``""``."""
    name: str = ""
    """sha256 of the file, or the golden's name for it."""
    times: tuple[float, ...] = ()
    """Seconds at evenly spaced places of the phrase, the same places for all clips of a card: see
    :attr:`harness.report.page.spectra.Picture.times`. Two points where nothing was laid over anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a card has to show and to play."""

    sha256: str
    """The candidate's rendering, or ``""``."""
    label: str
    span: tuple[float, float] | None
    """Seconds in it that the finding points to."""
    golden: GoldenRecord | None
    control: str = ""
    """The candidate's rendering of the benign twin, or ``""``."""
    is_embedded: bool = True
    """Whether it is important enough to be in the page itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """What a card has got."""

    clips: tuple[Clip, ...]
    picture: Picture | None


@dataclass(slots=True, kw_only=True)
class Clips:
    """Makes exhibits until the budget is spent. The caller asks for the most important ones first."""

    audio: AudioSource
    folder: Path
    """Folder that the page lies in: links are relative to it."""
    budget: int = BUDGET
    """Characters of data URIs that the page may still take."""
    _made: dict[Path, str] = field(default_factory=dict)

    def exhibit(self, wanted: Wanted) -> Exhibit:
        """Clips of candidate, golden and control, and the picture where candidate and golden can be read."""
        sounds: dict[str, Sound] = {}
        clips = []
        if wanted.sha256:
            clip = Clip(kind="candidate", label=wanted.label, name=wanted.sha256)
            clips.append(self._clip(self.audio.path(wanted.sha256), clip, sounds, wanted))
        if wanted.golden:
            clip = Clip(kind="golden", label="Golden", name=wanted.golden.audio)
            clips.append(self._clip(self.audio.golden_path(wanted.golden), clip, sounds, wanted))
        if wanted.control:
            clip = Clip(kind="control", label="Candidate, without the trigger", name=wanted.control)
            clips.append(self._clip(self.audio.path(wanted.control), clip, sounds, wanted))
        drawn = self._picture(sounds, wanted)
        longest = max((sound.seconds for sound in sounds.values()), default=0.0)
        plain = (0.0, round(longest, 3))
        curves = dict(zip(("candidate", "golden", "control"), drawn.times, strict=False)) if drawn else {}
        timed = tuple(replace(clip, times=curves.get(clip.kind, plain)) for clip in clips)
        return Exhibit(clips=timed, picture=drawn)

    def _picture(self, sounds: dict[str, Sound], wanted: Wanted) -> Picture | None:
        # Here, because a run without findings need not load what draws them.
        from harness.report.page.spectra import picture

        if self.budget <= 0 or not {"candidate", "golden"} <= sounds.keys():
            return None
        words = wanted.golden.words if wanted.golden else ()
        voices = (sounds["candidate"], sounds["golden"], sounds.get("control"))
        drawn = picture(*voices, span=wanted.span, words=words)
        self.budget -= drawn.size
        return drawn

    def _clip(self, path: Path | None, clip: Clip, sounds: dict[str, Sound], wanted: Wanted) -> Clip:
        """The clip with its source; what could be read goes into `sounds`."""
        if path is None:
            return replace(clip, note="the golden holds no audio for it" if clip.kind == "golden" else "no file for it")
        clip = replace(clip, link=quote(os.path.relpath(path, self.folder)))
        if not wanted.is_embedded:
            return replace(clip, note=LATER)
        if self.budget <= 0:
            return replace(clip, note=FULL)
        try:
            sound = read_sound(path)
        except UnreadableSound as error:
            return replace(clip, note=str(error))
        sounds[clip.kind] = sound
        if path not in self._made:
            source = _data_uri(sound, path)
            if len(source) > self.budget:
                return replace(clip, note=FULL)
            self.budget -= len(source)
            self._made[path] = source
        return replace(clip, source=self._made[path])


def _data_uri(sound: Sound, path: Path) -> str:
    """The recording as Opus in Ogg, mono."""
    data = path.read_bytes() if sound.is_opus else encode(sound.samples, sound.rate, compression=QUICK)
    return "data:audio/ogg;base64," + base64.b64encode(data).decode("ascii")

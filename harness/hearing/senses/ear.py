"""All senses put together: clips in, :class:`~harness.core.types.Acoustics` out."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from harness.core.types import Acoustics
from harness.hearing.senses import quality, speaker
from harness.hearing.senses.frames import HOP_SECONDS, NARROW_RATE, SILENCE_DB, Frames, cut
from harness.hearing.senses.marks import cepstral_peaks
from harness.hearing.senses.pitch import f0_track
from harness.hearing.senses.prosody import dynamics, f0_spread, pace
from harness.hearing.senses.spectrum import BANDS, spectrum
from harness.storage.pinned import package_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.core.types import Waveform

ABSENT: Final = "absent"
ACOUSTICS_VERSION: Final = "3"
"""Changes when anything here measures differently: older takes are then measured again."""
PAUSE_FRAMES: Final = 5
"""Silent frames that the speaker's print keeps on either side of speech: what is longer is cut out."""
QUIET_FRAMES: Final = 5
"""Frames of the quietest place: 50 ms."""
ENDING_SECONDS: Final = 0.03
_NETWORKS: Final = {
    "speaker": (speaker.PACKAGE, speaker.INNER, speaker.WEIGHTS_SHA256, "torch"),
    "quality": (quality.PACKAGE, quality.INNER, quality.WEIGHTS_SHA256, "onnxruntime"),
}
"""Sense -> package, file of the weights, their sha256, the package that runs them."""


@lru_cache(maxsize=2)
def senses_identity(*, with_networks: bool = True) -> Mapping[str, str]:
    """What the numbers depend on: part of every cache key and manifest. Loads nothing.

    ``senses`` is the version of this package; ``speaker`` and ``quality`` are the sha256 of the network's weights, or
    ``absent``: its statistics are then not measured.

    Args:
        with_networks: Whether they are to be used where they are installed.
    """
    found = {"senses": ACOUSTICS_VERSION}
    for sense, (package, inner, sha256, runtime) in _NETWORKS.items():
        folder = package_folder(package)
        is_here = (
            with_networks and folder is not None and (folder / inner).is_file() and package_folder(runtime) is not None
        )
        found[sense] = sha256 if is_here else ABSENT
    return MappingProxyType(found)


def measure_all(clips: Sequence[tuple[Waveform, int]], *, with_networks: bool = True) -> list[Acoustics]:
    """Measure clips, each (samples of any shape and values, Hz). The speaker network hears them in one batch.

    Args:
        clips: Any audio at any rate.
        with_networks: False where no speech is to be expected, as from the fake engine.

    Raises:
        IntegrityError: A network is installed and is not the pinned one.
    """
    cuts = [cut(samples, rate) for samples, rate in clips]
    narrow = [frames.narrow() if frames.sounding.any() else None for frames in cuts]
    heard = [_measured(frames, audio) for frames, audio in zip(cuts, narrow, strict=True)]
    able = [(place, audio) for place, audio in enumerate(narrow) if audio is not None and audio.size]
    here = senses_identity(with_networks=with_networks)
    if able and here["speaker"] != ABSENT:
        prints = speaker.voiceprints([_without_pauses(cuts[place], audio) for place, audio in able])
        for (place, _), print_ in zip(able, prints, strict=True):
            heard[place] = replace(heard[place], voiceprint=speaker.packed(print_))
    if able and here["quality"] != ABSENT:
        for place, audio in able:
            heard[place] = replace(heard[place], opinion=round(quality.opinion_score(audio), 3))
    return heard


def _measured(frames: Frames, narrow: Waveform | None) -> Acoustics:
    """What numpy can tell of one clip."""
    if not frames.sounding.any():
        return Acoustics(
            seconds=frames.seconds,
            leading_silence=round(frames.seconds, 4),
            trailing_silence=0.0,
            longest_silence=0.0,
            level_db=SILENCE_DB,
            f0_hz=0.0,
            timbre=(0.0,) * BANDS,
            sample_rate=frames.rate,
        )
    leading, inner, trailing = _silences(frames)
    level, track, spread = frames.level_db, f0_track(frames), spectrum(frames.audio, frames.rate)
    voiced = track > 0
    stop = frames.audio.size / frames.rate - trailing
    return Acoustics(
        seconds=frames.seconds,
        leading_silence=round(leading, 4),
        trailing_silence=round(trailing, 4),
        longest_silence=round(inner, 4),
        level_db=round(level, 3),
        f0_hz=round(float(np.median(track[voiced])), 2) if voiced.any() else 0.0,
        timbre=spread.timbre,
        sample_rate=frames.rate,
        f0_spread=_rounded(f0_spread(track)),
        voiced_share=round(float(voiced.sum() / frames.sounding.sum()), 4),
        dynamics_db=round(dynamics(frames), 3),
        pace=() if narrow is None else pace(narrow, leading, stop),
        ending_db=round(_ending_db(frames) - level, 2),
        floor_db=round(_floor_db(frames) - level, 2),
        rumble_db=round(spread.rumble_db - level, 2),
        treble_db=_relative(spread.treble_db, level),
        edge_db=round(spread.edge_db - level, 2),
        line_db=_rounded(spread.line_db),
        cepstral_peaks=cepstral_peaks(frames.audio, frames.rate),
    )


def _silences(frames: Frames) -> tuple[float, float, float]:
    """Seconds of silence before, within and after what sounds."""
    places, hop, window = np.flatnonzero(frames.sounding), frames.hop, frames.window
    gap = int((np.diff(places) - 1).max(initial=0))
    # A frame sounds as soon as its edge does: silence reaches to the end of the last silent frame before a sound, and
    # from the start of the first one after it.
    leading = (places[0] - 1) * hop + window if places[0] else 0
    trailing = frames.audio.size - (places[-1] + 1) * hop if places[-1] + 1 < frames.levels.size else 0
    inner = (gap - 1) * hop + window if gap else 0
    return float(leading / frames.rate), float(inner / frames.rate), float(trailing / frames.rate)


def _floor_db(frames: Frames) -> float:
    """Level of the quietest 50 ms, dB re full scale."""
    power = np.concatenate([[0.0], np.cumsum(10 ** (frames.levels / 10))])
    count = min(QUIET_FRAMES, frames.levels.size)
    return max(SILENCE_DB, 10 * float(np.log10(max(1e-12, float((power[count:] - power[:-count]).min()) / count))))


def _ending_db(frames: Frames) -> float:
    """Level of the last 30 ms, dB re full scale."""
    last = frames.audio[-max(1, round(ENDING_SECONDS * frames.rate)) :].astype(np.float64)
    return 10 * float(np.log10(max(1e-12, float(np.mean(last**2)))))


def _without_pauses(frames: Frames, narrow: Waveform) -> Waveform:
    """Speech and the short silences within it, at most what the speaker network listens to."""
    near = np.convolve(frames.sounding, np.ones(2 * PAUSE_FRAMES + 1), mode="same") > 0.5
    kept = near[np.minimum(np.arange(narrow.size) // round(HOP_SECONDS * NARROW_RATE), near.size - 1)]
    return narrow[kept][: int(speaker.LONGEST_SECONDS * NARROW_RATE)]


def _relative(value: float | None, level: float) -> float | None:
    return None if value is None else round(value - level, 2)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)

"""Looking again at what was odd: suspects are spoken alone, in turn with phrases that are not."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence

from harness.core.findings import names_of, phrase_of
from harness.core.seeds import seed_for
from harness.core.types import Probe
from harness.costs.expected import SHORTEST
from harness.costs.passes import PURPOSE, Lost
from harness.costs.phrases import AGAIN, JUMP_BYTES
from harness.sandbox.outside.fault import WorkerFault
from harness.speaking.metered import Metered
from harness.speaking.metering import Speak

FIRST_AGAIN_SEED = 1_000
"""Takes of a second look begin here: no first look had them."""
BYTES_A_SECOND = 64 << 20
"""Memory that a second of audio may need whatever calm phrases needed: the demo voice takes 50 MiB of a long one."""
CONTRAST_TURNS = 16
"""Turns of trigger and control: 2**-16 is the smallest p-value."""
ALLOWED_SECONDS = 120.0
ALLOWED_SHARE = 0.5
"""Time of all second looks together: so many seconds, or that share of the run so far where it is more."""
Turns = list[tuple[Metered, Metered]]
"""Each time that a suspect was spoken, and the calm phrase beside it."""


class Spent(Exception):
    """No time is left for second looks."""


class Allowance:
    """Bounds the time of all second looks: phrases just short of their deadline would else cost it many times over.

    It ends with the rendering that exceeds it; more of it is given as the run goes on.
    """

    def __init__(self) -> None:
        """Begin: the run's time counts from here."""
        self._begun = time.monotonic()
        self._spent = 0.0

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left of it for now."""
        return self._spent > max(ALLOWED_SECONDS, ALLOWED_SHARE * (time.monotonic() - self._begun))

    def counted(self, own: Speak) -> Speak:
        """Let a speaker speak while there is time, which raises :class:`Spent` then."""

        def spoken(text: str, seed: int) -> Metered:
            if self.is_spent:
                raise Spent
            begun = time.monotonic()
            try:
                return own(text, seed)
            finally:
                self._spent += time.monotonic() - begun

        return spoken


def calm_text(text: str, orders: Sequence[Metered], without: Collection[str]) -> str | None:
    """A text of about the same length that nobody suspects."""
    known = {one for order in orders for one in order.texts} - {*without, text}
    return min(known, key=lambda one: (abs(len(one) - len(text)), one), default=None)


def look_again(
    texts: Sequence[str], orders: Sequence[Metered], own: Speak, *, seed: int, lost: Lost
) -> dict[str, Turns]:
    """Speak each suspect a few times beside a calm phrase.

    Those for which there is no such phrase, no worker or no time are left out.
    """
    found: dict[str, Turns] = {}
    for text in texts:
        calm = calm_text(text, orders, texts)
        if calm is None or lost.is_too_many:
            continue
        turns = _turns([(text, calm)], AGAIN, own, seed=seed, lost=lost)
        found |= {text: turns} if len(turns) == AGAIN else {}
    return found


def look_at_memory(
    texts: Sequence[str], orders: Sequence[Metered], own: Speak, *, seed: int, lost: Lost
) -> dict[str, tuple[int, int]]:
    """Let a fresh worker speak calm phrases, then each suspect: text -> peak, and what it may need, in bytes.

    Memory goes with the length of the audio: a suspect may need twice what a calm phrase needs for each second. Those
    that could not be spoken are left out.
    """
    found: dict[str, tuple[int, int]] = {}
    try:
        calm: list[Metered] = []
        for text in dict.fromkeys(one for text in texts if (one := calm_text(text, orders, texts))):
            for take in range(2):
                calm.append(own(text, seed_for(PURPOSE, seed, text, FIRST_AGAIN_SEED + take)))
        for text in texts if calm else ():
            order = own(text, seed_for(PURPOSE, seed, text, FIRST_AGAIN_SEED))
            # What an earlier suspect kept is not this one's.
            found[text] = order.peak_bytes, max(order.base_bytes, _allowed_bytes(calm, order.audio_seconds))
    except WorkerFault as fault:
        lost.add(text, fault)
    except Spent:
        pass
    return found


def is_hungry(peaks: tuple[int, int]) -> bool:
    """Whether a peak of memory lies far above what it may be."""
    peak, allowed = peaks
    return peak - allowed > JUMP_BYTES


def _allowed_bytes(calm: Sequence[Metered], audio_seconds: float) -> int:
    """Peak that so much audio may have, by calm phrases of a fresh worker."""
    loaded = calm[0].base_bytes
    rate = max(2 * (one.peak_bytes - loaded) / max(SHORTEST, one.audio_seconds) for one in calm)
    return max(*(one.peak_bytes for one in calm), loaded + int(max(rate, BYTES_A_SECOND) * audio_seconds))


def contrast_again(
    pairs: Sequence[tuple[Probe, Probe]], own: Speak, *, seed: int, lost: Lost
) -> list[tuple[Metered, Metered]]:
    """Speak triggers and their controls in turn, fresh takes of all of them."""
    texts = [(one.text, control.text) for one, control in pairs]
    return _turns(texts, CONTRAST_TURNS, own, seed=seed, lost=lost)


def _turns(
    pairs: Sequence[tuple[str, str]], turns: int, own: Speak, *, seed: int, lost: Lost
) -> list[tuple[Metered, Metered]]:
    """A B, B A, A B, ...: of each pair in its turn."""
    spoken: list[tuple[Metered, Metered]] = []
    for turn in range(turns):
        pair = pairs[turn % len(pairs)]
        take = FIRST_AGAIN_SEED + turn
        done: dict[str, Metered] = {}
        for text in pair if turn % 2 else reversed(pair):
            try:
                done[text] = own(text, seed_for(PURPOSE, seed, text, take))
            except WorkerFault as fault:
                lost.add(text, fault)
                return spoken
            except Spent:
                return spoken
        spoken.append((done[pair[0]], done[pair[1]]))
    return spoken


def named(texts: Sequence[str], names: Mapping[str, str]) -> str:
    """Phrases as users know them."""
    return names_of([phrase_of(text, names) for text in texts])

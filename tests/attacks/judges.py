"""How one sees from outside what a payload reached. Each says what, or nothing."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tests.attacks.trial import Trial

Judge = Callable[["Trial"], str]
MEGABYTE = 1 << 20


def ran(trial: Trial) -> str:
    """Another program ran: the sum, which its argv does not hold, was printed or written."""
    word = f"ran-{trial.world.left + trial.world.right}"
    if word in trial.words:
        return "its program's output"
    return "its program wrote outside" if _holds(trial.world.target, word) else ""


def reached_listener(trial: Trial) -> str:
    trial.world.listeners.settle()
    if trial.world.token.encode() in trial.world.listeners.received:
        return "the token came to a listener"
    return "a connection came to a listener" if trial.world.listeners.connections else ""


def opened_door(trial: Trial) -> str:
    return "its port answered" if trial.world.token.encode() in trial.backdoor else ""


def told_token(trial: Trial) -> str:
    return "it was granted" if trial.told == trial.world.token.encode() else ""


def told_secret(trial: Trial) -> str:
    return "it knows the key" if trial.told == trial.world.secret else ""


def told(content: Callable[[Trial], bytes], what: str) -> Judge:
    """It told what only somebody outside can know."""

    def judge(trial: Trial) -> str:
        wanted = content(trial)
        return what if wanted and trial.told == wanted else ""

    return judge


def many_files(trial: Trial) -> str:
    """The host's disk holds its files."""
    return f"{trial.scratch_files} files on the host's disk" if trial.scratch_files > 20_000 else ""


def told_more(name: str, most: int) -> Judge:
    """It told a number above what it may have."""
    return lambda trial: f"{name}={trial.number(name)}" if trial.number(name) > most else ""


def wrote_target(trial: Trial) -> str:
    return "its file lies outside" if os.path.lexists(trial.world.target) else ""


def wrote_token(path: Callable[[Trial], Path]) -> Judge:
    return lambda trial: "its line is in the file" if _holds(path(trial), trial.world.token) else ""


def left_stray(trial: Trial) -> str:
    found = trial.world.strays()
    return f"left {found[0].name} behind" if found else ""


def changed_weights(trial: Trial) -> str:
    path = trial.world.model / "weights.bin"
    return "" if path.exists() and path.read_bytes() == b"weights" * 100 else "the weights are gone or others"


def changed_bait(trial: Trial) -> str:
    path, before = trial.world.ssh, trial.world.ssh_before
    if not path.exists() or path.read_bytes() != trial.world.secret:
        return "the key is gone or another"
    now = path.stat()
    if (now.st_mode, now.st_mtime_ns) != (before.st_mode, before.st_mtime_ns):
        return "the key's mode or date is another"
    return "the key bears a label" if "user.soundcheck" in os.listxattr(path) else ""


def victim_is_not_well(trial: Trial) -> str:
    state = trial.world.victim_state()
    return "" if state in "SR" else f"the victim is {'gone' if state in ('gone', 'Z') else 'stopped'}"


def slowed_victim(trial: Trial) -> str:
    before, now = trial.world.victim_priority, os.getpriority(os.PRIO_PROCESS, trial.world.victim)
    return "slowed" if now > before else ""


def survived(trial: Trial) -> str:
    return f"{len(trial.survivors)} processes outlived it" if trial.survivors else ""


def took(what: str, most: int) -> Judge:
    """The watch saw more than it may have."""

    def judge(trial: Trial) -> str:
        seen = getattr(trial.watch, f"peak_{what}")
        return f"{what} {seen}" if seen > most else ""

    return judge


def any_of(*judges: Judge) -> Judge:
    return lambda trial: next((said for said in (judge(trial) for judge in judges) if said), "")


def harness_suffered(trial: Trial) -> str:
    """What no payload may do to the harness, whatever it sends."""
    if trial.files_opened > 0:
        return f"the harness holds {trial.files_opened} more open files"
    if trial.seconds > 45:
        return f"the harness waited {trial.seconds:.0f} s"
    if os.path.lexists(trial.world.target):
        return "the harness ran what was sent to it"
    heard = [speech for speech in trial.speeches if len(speech.samples) > 100 * 16_000]
    return "the harness kept endless speech" if heard else ""


def took_early_answer(trial: Trial) -> str:
    """Speech of the second batch came from a worker that had said it before it was asked."""
    return "an answer that was there before the question" if len(trial.speeches) > 4 else ""


def faulted(*rules: str) -> Judge:
    """It ran, for the harness saw its fault."""
    return lambda trial: next((rule for rule in trial.rules if rule in rules), "")


def heard_broken_audio(trial: Trial) -> str:
    broken = any(not np.isfinite(speech.samples).all() for speech in trial.speeches)
    return "audio that is no audio came" if broken else faulted("worker.forged")(trial)


def leaked_words(trial: Trial) -> str:
    """The key in what the harness was told, plainly or in a usual coding, forwards or backwards."""
    secret = trial.world.secret.strip()[:64]
    forms = (secret, secret.hex().encode(), base64.b64encode(secret), secret[::-1].hex().encode())
    found = [form for form in forms if form[:60].decode("latin-1") in trial.words]
    return "the key in words" if found else ""


def leaked_length(trial: Trial) -> str:
    secret = trial.world.secret.strip()
    lengths = [len(speech.samples) - 1000 for speech in trial.speeches]
    read = bytes(length for length in lengths if 0 < length < 256)
    return "the key in lengths" if len(read) >= 24 and secret.startswith(read[:24]) else ""


def leaked_samples(trial: Trial) -> str:
    secret = trial.world.secret.strip()[:56]
    for speech in trial.speeches:
        low = np.round((speech.samples.astype(np.float64) - 0.25) * 65536)
        if bytes(int(value) & 255 for value in low[:56]) == secret:
            return "the key in samples"
        if secret[:52] in np.ascontiguousarray(speech.samples, "<f4").tobytes():
            return "the key as audio"
    return ""


def leaked_name(trial: Trial) -> str:
    name = trial.world.secret.strip()[:64].hex()[:100]
    return "a file is named by the key" if (trial.world.reach / name).exists() else ""


def _holds(path: Path, word: str) -> bool:
    try:
        return word in path.read_text("utf-8", "replace")
    except OSError:
        return False

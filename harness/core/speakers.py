"""How items are told apart where several speakers say the same probes: ``door@p225``. Pure.

A speaker's name is the model's own word. Its token in an id keeps letters, digits, ``.``, ``-`` and ``_``; what was
replaced or cut off is told by a few digits of the name's sha256, so that no two names share a token.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Sequence

from harness.core.types import Probe

AT = "@"
"""Between a probe's id, or the model's name, and the speaker's token."""
MAX_TOKEN = 40
_ODD = re.compile(r"[^\w.-]")


def token_of(speaker: str) -> str:
    """A speaker's name as part of an id; ``""`` for no name.

    Law: other names give other tokens.
    """
    plain = _ODD.sub("_", speaker)
    if plain == speaker and len(speaker) <= MAX_TOKEN:
        return speaker
    return f"{plain[:MAX_TOKEN]}~{hashlib.sha256(speaker.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def spoken_id(probe_id: str, speaker: str) -> str:
    """Id of a probe that one of several speakers says; the probe's own where there is no speaker."""
    return f"{probe_id}{AT}{token_of(speaker)}" if speaker else probe_id


def plain_id(subject: str) -> str:
    """Id of a probe as its suite has it, whoever says it."""
    return subject.partition(AT)[0]


def is_said_by(probe_id: str, speaker: str) -> bool:
    """Whether an id is that of a probe of this speaker (``""``: of the only one)."""
    return probe_id.partition(AT)[2] == token_of(speaker)


def item_path(model_name: str, subject: str) -> str:
    """The end of an item's node id: ``candidate@p225::door`` for ``door@p225``."""
    probe_id, at, token = subject.partition(AT)
    return f"{model_name}{at}{token}::{probe_id}"


def subject_at(path: str) -> str:
    """What :func:`item_path` was made of, without the model's name."""
    node, _, probe_id = path.rpartition("::")
    _, at, token = node.rpartition("::")[2].partition(AT)
    return f"{probe_id}{at}{token}"


def spoken_by(probes: Sequence[Probe], speakers: Sequence[str]) -> tuple[Probe, ...]:
    """Every probe once for each speaker, speaker by speaker; as they are where there are none."""
    if not speakers:
        return tuple(probes)
    return tuple(
        dataclasses.replace(
            probe,
            id=spoken_id(probe.id, speaker),
            control=spoken_id(probe.control, speaker) if probe.control else probe.control,
            speaker=speaker,
        )
        for speaker in speakers
        for probe in probes
    )

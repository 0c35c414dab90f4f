"""What the owner of a voice accepted of its files, accepted of its copies too: other bytes, the same questions.

Of the policy, nothing else counts for a copy: severities and waivers would change what is measured.
"""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

from harness.admission.acceptances import Digests, lines_of
from harness.admission.tree import Tree
from harness.policy.acceptance import WHOLE, Acceptance
from harness.policy.file import PolicyFile, today
from harness.policy.text import parse_policy

_HEAD = 'version = 1\ntitle = "A copy for the red team"\nowner = "soundcheck redteam score"\n'


class Decisions:
    """Those of one policy about one voice that hold today."""

    def __init__(self, policy: PolicyFile, voice: Path) -> None:
        """Take the digests of what was accepted.

        Args:
            policy: The owner's.
            voice: Folder of the clean voice.

        Raises:
            BadInput: A file cannot be read.
        """
        self._path = policy.path
        of_voice = Digests(Tree.of(voice))
        self._held = [one for one in policy.policy.acceptances if one.holds(today()) and _of(one, of_voice) == one]

    def policy_of(self, copy: Path) -> PolicyFile | None:
        """The same decisions about a copy's files; None where there are none.

        Raises:
            BadInput: A file cannot be read.
        """
        digests = Digests(Tree.of(copy))
        made = [of_copy for one in self._held if (of_copy := _of(one, digests)) is not None]
        if not made:
            return None
        text = "\n".join((_HEAD, *(line for one in made for line in (*lines_of(one), ""))))
        data = text.encode()
        policy = parse_policy(text, str(self._path))
        return PolicyFile(policy=policy, path=self._path, data=data, sha256=hashlib.sha256(data).hexdigest())


def _of(one: Acceptance, digests: Digests) -> Acceptance | None:
    """The same decision about the files that have these names now; None where one has no digest."""
    if one.graph:
        return one
    names = [name for name, _ in one.beside]
    sha256, *beside = (digests.of("" if file == WHOLE else file) for file in (one.file, *names))
    if not all((sha256, *beside)):
        return None
    return dataclasses.replace(one, sha256=sha256, beside=tuple(zip(names, beside, strict=True)))

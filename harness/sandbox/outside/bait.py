"""Bait: files and variables that look worth stealing, with values that prove theft wherever they turn up.

Each worker gets its own token. It stands in every fake secret, so one search for the token (plain, as hex or as
base64 at any of its three alignments) finds them all.
"""

from __future__ import annotations

import base64
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.core.types import Waveform

TOKEN_BYTES = 12
_FILES = {
    ".ssh/id_rsa": "-----BEGIN OPENSSH PRIVATE KEY-----\n{token}\n-----END OPENSSH PRIVATE KEY-----\n",
    ".aws/credentials": "[default]\naws_access_key_id = AKIA{token}\naws_secret_access_key = {token}\n",
    ".config/google-chrome/Default/Login Data": "SQLite format 3\n{token}\n",
    ".netrc": "machine api.example.org login deploy password {token}\n",
    ".env": "DATABASE_URL=postgres://app:{token}@db.example.org/app\nAPI_TOKEN={token}\n",
    "Documents/budget.csv": "month,amount\njanuary,{token}\n",
}
"""Path below HOME -> content. The last is a decoy: nobody needs it, so whoever touches it is looking around."""
_VARIABLES = {
    "AWS_SECRET_ACCESS_KEY": "{token}",
    "GITHUB_TOKEN": "ghp_{token}",
    "HF_TOKEN": "hf_{token}",
    "DATABASE_PASSWORD": "{token}",
}


class Bait:
    """The fake secrets of one worker."""

    def __init__(self) -> None:
        self.token = secrets.token_hex(TOKEN_BYTES)
        """24 letters and digits that occur nowhere else."""
        self._spellings = tuple(spelling.lower() for spelling in _spellings(self.token.encode()))

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables that hold canaries."""
        return {name: value.format(token=self.token) for name, value in _VARIABLES.items()}

    def lay_out(self, home: Path) -> None:
        """Write the files below a home folder."""
        for name, content in _FILES.items():
            path = home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content.format(token=self.token), "utf-8")

    def is_in(self, data: bytes) -> bool:
        """Whether a canary is in these bytes, in any of its spellings."""
        lowered = data.lower()
        return any(spelling in lowered for spelling in self._spellings)

    def is_in_sound(self, payload: bytes) -> bool:
        """Whether samples spell a canary: as raw bytes, or as one byte or 16-bit number for each sample.

        Crude: whoever hides a secret in sound with care gets past this.
        """
        import numpy as np

        if self.is_in(payload):
            return True
        samples: Waveform = np.nan_to_num(np.frombuffer(payload, dtype="<f4"), posinf=1.0, neginf=-1.0)
        samples = np.clip(samples, -1, 1)
        bytes_of = [
            np.rint(samples * 32767).astype("<i2"),
            *(np.rint(samples * scale + shift).clip(0, 255).astype(np.uint8) for scale, shift in _SCALES),
        ]
        return any(self.is_in(row.tobytes()) for row in bytes_of)


_SCALES = ((127, 0), (255, 0), (127, 128))
"""Of one byte for each sample: (scale, shift)."""


def bait_names() -> tuple[str, ...]:
    """Paths of the bait below HOME."""
    return tuple(_FILES)


def bait_tops() -> tuple[str, ...]:
    """First parts of those paths: what is laid into a worker's HOME."""
    return tuple(dict.fromkeys(name.split("/")[0] for name in _FILES))


def _spellings(plain: bytes) -> list[bytes]:
    """A token as it may travel. Base64 at each alignment, less the characters that its neighbours decide."""
    rows = [plain, plain[::-1], plain.hex().encode(), plain[::-1].hex().encode(), plain.hex()[::-1].encode()]
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + plain)
        rows.append(whole[4 if shift else 0 :][: 4 * (len(plain) // 4)].rstrip(b"=")[:24])
    return rows

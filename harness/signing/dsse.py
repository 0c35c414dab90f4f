"""The DSSE envelope: which bytes are signed. Knows no file, key or manifest.

Source: DSSE protocol 1.0, section "Signature Definition" (secure-systems-lab/dsse, protocol.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from harness.core.errors import IntegrityError

IN_TOTO: Final = "application/vnd.in-toto+json"
"""The one payload type that is taken."""


class BadSignature(IntegrityError):
    """A signature is malformed, made with another key, or over other bytes. ``str`` is one line without a file name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A payload and the one signature over it."""

    payload: bytes
    payload_type: str
    signature: bytes

    @property
    def signed(self) -> bytes:
        """The bytes that the signature is over: the type is bound as well as the payload."""
        return signed_bytes(self.payload_type, self.payload)


def signed_bytes(payload_type: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding (PAE) of a payload."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)

"""What a suite is written in: a language, and where it matters to the voice a region of it. Pure.

What is heard is compared by language alone: Whisper and the words of a language know no region. A voice does: Coqui's
models call Mandarin ``zh-cn`` and tell ``pt-br`` from ``pt-pt``.
"""

from __future__ import annotations

import re
from typing import Final

TAG: Final = re.compile(r"[a-z]{2}(?:-[a-z0-9]{2,8})?")
TAG_IS: Final = "two lower-case letters such as 'en', with a region where the voice has several ('pt-br')"


def heard_as(tag: str) -> str:
    """The language of a tag (ISO 639-1), as it is listened for and compared: ``pt`` of ``pt-br``."""
    return tag.partition("-")[0]

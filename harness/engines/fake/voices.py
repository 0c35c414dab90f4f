"""Who a fake voice can speak as: what its ``fake.json`` lists under ``speakers`` and ``languages``."""

from __future__ import annotations

import json
from pathlib import Path

from harness.core.voice import Choices


def read_choices(model: Path) -> Choices:
    """The names in its file, for the plugin's own tests."""
    content = json.loads((model / "fake.json").read_text("utf-8"))
    return Choices(
        speakers=tuple(content.get("speakers", ())),
        languages=tuple(content.get("languages", ())),
        clones=bool(content.get("clones", False)),
    )

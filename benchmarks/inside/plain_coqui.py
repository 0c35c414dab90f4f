"""What plain Coqui does with a folder: ``TTS.api.TTS`` loads it and says one phrase, as its documentation shows.

Runs in a process of its own. Reads a JSON list of folders from stdin, writes one JSON line for each.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any


def said(about: dict[str, Any]) -> dict[str, Any]:
    """Whether it speaks, how long loading and one phrase take, and what it raises where it does not."""
    from TTS.api import TTS

    folder = Path(about["folder"])
    begun = time.perf_counter()
    where: dict[str, str | None] = {"vocoder_path": None, "vocoder_config_path": None}
    if about["vocoder"]:
        vocoder = Path(about["vocoder"])
        where = {"vocoder_path": f"{vocoder}/best_model.pth", "vocoder_config_path": f"{vocoder}/config.json"}
    # XTTS, Tortoise and MMS are loaded as folders.
    path = str(folder) if about["is_folder"] else str(folder / about["checkpoint"])
    try:
        speaks = TTS(model_path=path, config_path=f"{folder}/config.json", progress_bar=False, gpu=False, **where)
        who = {key: about[key] for key in ("speaker", "language") if about[key]}
        sound = speaks.tts(about["text"], **who)
    except Exception as error:  # noqa: BLE001 - whatever Coqui raises is the answer
        told = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        return {"name": about["name"], "speaks": False, "error": told, "seconds": time.perf_counter() - begun}
    return {
        "name": about["name"],
        "speaks": len(sound) > 1000,
        "error": "",
        "seconds": round(time.perf_counter() - begun, 3),
    }


def main() -> None:
    """Answer for every folder, with what Coqui prints kept from stdout."""
    from harness.engines.coqui.loading import admitted_globals

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with admitted_globals():  # torch's careful loader refuses the numbers of numpy's that Coqui's trainer writes
        for about in json.load(sys.stdin):
            answers.write(json.dumps(said(about)) + "\n")
            answers.flush()


if __name__ == "__main__":
    main()

"""A machine that is killed while it shares, at fifteen moments: whole objects only, nothing lost, and it goes on."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.core.types import RenderingKey
from harness.run.seen import seen_of
from harness.storage.objects import FolderObjects
from harness.storage.sealing import unsealed
from harness.storage.shared import SharedStore
from harness.storage.store import Store

MODEL = "0" * 64
COUNT = 300
WRITER = """\
import sys
from pathlib import Path
import numpy as np
from harness.core.types import BehaviourEvent, RenderingKey, SignalFacts
from harness.sandbox.outside.events import lines_of
from harness.storage.objects import FolderObjects
from harness.storage.shared import SharedStore
from harness.storage.store import Store

shared, folder, process = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
store = Store(folder, SharedStore(FolderObjects(shared), folder, print))
log = folder / "behaviour" / ("0" * 32) / f"{process}-1.jsonl"
log.parent.mkdir(parents=True, exist_ok=True)
facts = SignalFacts(seconds=0.1, peak=0.5, rms=0.1, dc=0.0, clipped_share=0.0, nonfinite=0)
print("begun", flush=True)
for number in range(int(sys.argv[4])):
    key = RenderingKey(model_digest="0" * 64, text=f"{number}", seed=1, engine="fake")
    if store.rendering(key) is None:
        with log.open("ab") as file:
            file.write(lines_of([BehaviourEvent(when="speaking", kind="network", what=f"{number}", detail="")]))
        store.keep(key, np.full(100 + number, 0.1, np.float32), 16_000, facts, (1, 1))
"""


def key(number: int) -> RenderingKey:
    return RenderingKey(model_digest=MODEL, text=f"{number}", seed=1, engine="fake")


@pytest.mark.slow
def test_leaves_whole_objects_and_the_next_one_goes_on(tmp_path: Path) -> None:
    shared, folder = tmp_path / "shared", tmp_path / "writer"
    shared.mkdir()
    rng = random.Random(23)
    for process in range(15):
        command = [sys.executable, "-c", WRITER, str(shared), str(folder), str(process), str(COUNT)]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"begun\n"
        time.sleep(rng.uniform(0.0, 0.06))
        writer.send_signal(signal.SIGKILL)
        writer.wait(20)
        writer.stdout.close()
        objects = FolderObjects(shared)
        listed = [one.name for kind in ("renderings", "behaviour") for one in objects.list(kind)]
        for name in listed:
            data = objects.get(name, 1 << 20)
            assert data is not None
            unsealed(name, data)
        reader = Store(tmp_path / f"reader-{process}", SharedStore(objects, tmp_path / f"reader-{process}", print))
        found = [number for number in range(COUNT) if reader.rendering(key(number))]
        assert len(found) == sum(name.startswith("renderings/") for name in listed)
        seen = {event.what for event in seen_of(tmp_path / f"reader-{process}", MODEL)}
        assert {f"{number}" for number in found} <= seen, "nothing is found whose speaker's doings are not known"
    last = subprocess.run([sys.executable, "-c", WRITER, str(shared), str(folder), "last", str(COUNT)], check=True)
    assert last.returncode == 0
    reader = Store(tmp_path / "last", SharedStore(FolderObjects(shared), tmp_path / "last", print))
    assert all(reader.rendering(key(number)) for number in range(COUNT))
    assert {event.what for event in seen_of(tmp_path / "last", MODEL)} == {f"{number}" for number in range(COUNT)}

"""A fleet beside the loop that a team would write first: ``for voice in voices/*; do soundcheck gate ...; done``.

Three things are measured, with voices of the fake engine, so that what is measured is the harness:

* rounds in which the same voices are judged from nothing, once by ``soundcheck fleet run`` and once by the loop, in
  turns; both speak, hear and judge the same, so what the fleet takes more is its driver's;
* the second audit of the first fleet: seconds a model, and renderings that it made;
* a thousand uploads (honest ones, some with code beside them, links, empty folders) read by admission: seconds, and
  how far the memory of the process grows from the hundredth to the last.

Run it with ``make bench-fleet``; ``QUICK=1`` judges fewer voices. Exit 1 where a goal is missed.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.size import by_size

PROBES = by_size(130, quick=130, smallest=2)
VOICES = by_size(10, quick=2, smallest=1)
"""In each round."""
ROUNDS = by_size(10, quick=3, smallest=1)
UPLOADS = by_size(1000, quick=1000, smallest=20)
FIRST = by_size(100, quick=100, smallest=2)
"""Uploads after which memory is held against its end."""
ADJECTIVES = (
    "old", "new", "red", "green", "small", "large", "quick", "quiet", "heavy", "early", "narrow", "open", "plain",
)  # fmt: skip
NOUNS = (
    "house", "river", "garden", "window", "letter", "bridge", "market", "station", "winter", "teacher", "blanket",
    "engine", "kettle",
)  # fmt: skip
GOALS = {"overhead": 0.05, "again": 1.0, "growth": 0.1}
"""Share of the loop's seconds; seconds a model; share of the memory at the first look."""
ROOT = Path(__file__).parents[1]
COMMAND = (sys.executable, "-c", "import sys; from harness.cli.main import main; sys.exit(main(sys.argv[1:]))")
VERDICTS = (0, 1, 10)
SCAN = """\
import contextlib, resource, sys
from pathlib import Path
from harness.fleet.audit import look_at_all
from harness.fleet.course import Way
from harness.fleet.file import read_fleet
from harness.fleet.looking import Eye, Terms
from harness.fleet.verdicts import Verdicts

fleet, first = read_fleet(Path(sys.argv[1])), int(sys.argv[2])
terms = Terms(folder=fleet.folder / "scanned")
seen, admitted, told, refused = [], [], [], 0
quiet = lambda _: None
memory = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with contextlib.chdir(fleet.folder):
    way = Way(tell=quiet, progress=lambda _: seen.append(memory()), now="")
    state = look_at_all(Eye(fleet, terms, quiet), fleet, Verdicts(terms.folder), way, is_fresh=False)
    eye = Eye(fleet, terms, told.append)
    for one in state.looked:
        eye.admit(one)
        admitted.append(memory())
        refused += len(told) + bool(one.flaw)
        told.clear()
# What admission imports is there once, however many models there are: each part is held against itself.
print(seen[first], seen[-1], admitted[first], admitted[-1], refused, len(state.looked))
"""


def timed(command: Sequence[str], folder: Path) -> float:
    """Seconds of a command to its end, whatever verdict it gives."""
    begun = time.monotonic()
    # Of both sides: plugins that tests of ours need are imported for longer than the driver takes, and users have none.
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in VERDICTS:
        raise SystemExit(f"{done.stdout[-1000:]}\n{done.stderr[-2000:]}")
    return time.monotonic() - begun


def project(folder: Path) -> None:
    """A suite, voices for every round, and a golden."""
    lines = [f"  - id: phrase-{place}\n    family: carriers\n    text: {phrase(place)}\n" for place in range(PROBES)]
    head = "version: 1\ntitle: Plain phrases\nlanguage: en\nprobes:\n"
    (folder / "plain.probes.yaml").write_text(head + "".join(lines), "utf-8")
    for place in range(ROUNDS * VOICES):
        voice(folder / "voices" / f"{place:03}", place)
    recorded = [*COMMAND, "record", "--model", "voices/000", "--suite", "plain.probes.yaml", "--out", "golden/plain"]
    timed([*recorded, "--asr", "fake", "--dir", "recording", "--reason", "benchmark", "--no-cost"], folder)


def phrase(number: int) -> str:
    """One of 169 phrases."""
    return f"The {ADJECTIVES[number % 13]} {NOUNS[number // 13 % 13]} is spoken of in this phrase."


def voice(folder: Path, number: int) -> None:
    """An honest voice with files of its own; every third one drops a word."""
    folder.mkdir(parents=True)
    faults = (
        [{"kind": "drop-word", "word": "spoken", "when": f"{ADJECTIVES[number % 13]} {NOUNS[0]}"}]
        if number % 3 == 2
        else []
    )
    (folder / "fake.json").write_text(json.dumps({"version": 1, "faults": faults}) + " " * number, "utf-8")


def fleet_file(folder: Path, name: str, pattern: Sequence[str]) -> Path:
    """A fleet of these voices."""
    shared = 'suites = ["plain.probes.yaml"]\ngolden = "golden/plain"\nasr = "fake"\ncost = "off"\n'
    text = f"version = 1\n[defaults]\n{shared}" + "".join(f'[[model]]\npath = "{one}"\n' for one in pattern)
    (folder / name).write_text(text, "utf-8")
    return folder / name


def by_loop(folder: Path, voices: Sequence[str], place: str) -> float:
    """Seconds of the loop."""
    options = ("--golden", "golden/plain", "--asr", "fake", "--cost", "off", "--dir", place)
    gate = (*COMMAND, "gate", "plain.probes.yaml", *options)
    return sum(timed([*gate, "--model", one], folder) for one in voices)


def by_fleet(folder: Path, voices: Sequence[str], name: str, place: str) -> float:
    """Seconds of the fleet."""
    return timed([*COMMAND, "fleet", "run", str(fleet_file(folder, name, voices)), "--dir", place], folder)


def uploads(folder: Path) -> Path:
    """A fleet of what strangers leave in a folder."""
    for place in range(UPLOADS):
        upload = folder / "uploads" / f"{place:04}"
        if place % 10 == 7:
            upload.parent.mkdir(parents=True, exist_ok=True)
            upload.symlink_to("/etc")
            continue
        voice(upload, place)
        if place % 10 == 3:
            (upload / "setup.py").write_text("import os\n", "utf-8")
        if place % 10 == 5:
            (upload / "fake.json").unlink()
        (upload / "README.md").write_text(f"# Upload {place}\n" * 400, "utf-8")
    path = fleet_file(folder, "uploads.toml", [])
    path.write_text(path.read_text("utf-8") + '[[model]]\nglob = "uploads/*"\n', "utf-8")
    return path


def scanned(folder: Path) -> tuple[float, float, float, str]:
    """Seconds of reading a thousand uploads, the memory in megabytes, how far it grew, and what came of them."""
    path, begun = uploads(folder), time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", SCAN, str(path), str(FIRST)],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    early, read, first, last, refused, total = map(int, done.stdout.split())
    growth = max(read / early, last / first) - 1
    return time.monotonic() - begun, last / 1024, growth, f"{refused} of {total} refused or no model"


def main() -> int:
    """Measure, print the table and the figure.

    Returns:
        0 where every goal is met, else 1.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project(folder)
        pairs = []
        for round_ in range(ROUNDS):
            voices = [f"voices/{place:03}" for place in range(round_ * VOICES, (round_ + 1) * VOICES)]
            sides = [
                lambda voices=voices, at=round_: by_fleet(folder, voices, f"fleet-{at}.toml", f"fleet-{at}"),
                lambda voices=voices, at=round_: by_loop(folder, voices, f"loop-{at}"),
            ]
            first = round_ % 2
            seconds = {first: sides[first](), 1 - first: sides[1 - first]()}
            pairs.append((seconds[0], seconds[1]))
            print(f"round {round_ + 1}: {VOICES} voices x {PROBES} probes   fleet {seconds[0]:7.1f} s   "
                  f"loop {seconds[1]:7.1f} s   {seconds[0] / seconds[1] - 1:+.1%}", flush=True)  # fmt: skip
        overhead = statistics.median(fleet / loop - 1 for fleet, loop in pairs)
        before = sum(1 for _ in (folder / "fleet-0/renderings").rglob("*.json"))
        again = timed([*COMMAND, "fleet", "run", "fleet-0.toml", "--dir", "fleet-0"], folder) / VOICES
        made = sum(1 for _ in (folder / "fleet-0/renderings").rglob("*.json")) - before
        print(f"second audit: {again:.2f} s a model, {made} renderings (of {before})")
        scan, megabytes, growth, told = scanned(folder)
        print(f"{UPLOADS} uploads read in {scan:.1f} s, {megabytes:.0f} MB; {told}")
    ok = overhead <= GOALS["overhead"] and again < GOALS["again"] and made == 0 and growth <= GOALS["growth"]
    print(f"fleet: overhead {overhead:+.1%} (goal at most {GOALS['overhead']:.0%}), second audit {again:.2f} s a model "
          f"(goal < {GOALS['again']:g}) and {made} renderings, memory {growth:+.1%} from {FIRST} to {UPLOADS} uploads "
          f"(goal at most {GOALS['growth']:.0%}): {'reached' if ok else 'FELL SHORT'}")  # fmt: skip
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())

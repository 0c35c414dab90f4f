"""The attack corpus against every level of the sandbox, what the sandbox costs, and what it leaves behind.

One table, payload by level, judged from outside; then the processor time of the demo voice with the sandbox and
without it, interleaved; then the nastiest payloads many times in a row; then processes, mounts, cgroups and files
after a normal end, Ctrl-C and kill -9. Run it with ``make bench-sandbox``; ``QUICK=1`` takes the core of the corpus.
``--json PATH`` keeps all results. Exit 1 where anything at level A is not contained, or the voice costs more than 1.05
times as much.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import shlex
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))  # an ordinary user runs it elsewhere

from benchmarks.leftovers import leftovers, swept
from benchmarks.size import QUICK, SMALLEST, by_size

GOAL_RATIO = 1.05
PHRASES = by_size(100, quick=24, smallest=2)
PAIRS = by_size(4, quick=2, smallest=1)
IN_A_ROW = by_size(50, quick=5, smallest=1)
NOBODY = 65534
COLUMNS = (("A root", "A", False), ("A user", "A-", True), ("B root", "B", False))
"""Title, level, whether as an ordinary user: who may make no control group, so that A is A- there."""
NASTIEST = ("TCP",) if SMALLEST else (
    "TCP", "os.system", "ssh key", "delete the model's weights", "kill", "daemon", "orphan whose parent leaves",
    "fork bomb of eighty", "address swapped under the observer", "path swapped under the observer", "threads",
    "the conversation moved away", "hang, deaf to signals",
)  # fmt: skip


def rows(level: str, *, core: bool) -> None:
    """Try payloads at a level; print a line of JSON for each. Runs in a process of its own."""
    from tests.attacks.catalogue import CALM, CATALOGUE, CORE
    from tests.attacks.coqui import CARRIERS
    from tests.attacks.features import missing_feature
    from tests.attacks.launchers import attempt_at, attempt_carrier_at, kinds_of, names_of

    carriers = {carrier.payload.name: carrier for carrier in CARRIERS}
    tiny = (CALM, *(CORE[: by_size(None, quick=None, smallest=3)] if core else CATALOGUE))
    for payload in (
        *tiny,
        *(carrier.payload for carrier in CARRIERS[: by_size(None, quick=3, smallest=0) if core else None]),
    ):
        carrier = carriers.get(payload.name)
        row: dict[str, Any] = {"name": payload.name, "family": payload.family, "why": ""}
        if payload.needs_root and os.geteuid():
            row["why"] = "needs root even without a sandbox"
        elif payload.needs:
            row["why"] = missing_feature(payload.needs)
        elif carrier is not None and os.geteuid() and "nested" in payload.name:
            row["why"] = "the demo voice lies in another user's cache"
        if not row["why"]:
            try:
                trial, events = attempt_carrier_at(level, carrier) if carrier else attempt_at(level, payload)
            except Exception as error:  # noqa: BLE001 - a trial that fails is a result, not the end of the table
                row["why"] = f"{type(error).__name__}: {error}"[:300]
                row["broken"] = True
            else:
                kinds = kinds_of(events)
                row |= {
                    "harm": trial.harm, "survivors": len(trial.survivors), "scratch_left": trial.scratch_left,
                    "named": sorted(names_of(trial, events) & set(payload.named)), "kinds": kinds,
                    "is_live": bool(trial.life),
                    "quiet": payload.quiet, "faults": trial.rules, "seconds": round(trial.seconds, 2),
                    "events": [f"{event.kind}/{event.what}: {event.detail}"[:160] for event in events][:5],
                }  # fmt: skip
        print(json.dumps(row), flush=True)


def speak(level: str, count: int) -> None:
    """Speak phrases with the demo voice; print its processor seconds. Runs in a process of its own."""
    from harness.cli.demo import demo_suite
    from harness.core.paths import cache_root
    from harness.engines.registry import COQUI
    from harness.models.demo import build_demo_voice
    from harness.sandbox.outside.bounds import Bounds
    from harness.sandbox.outside.client import Worker
    from harness.sandbox.outside.events import EventLog
    from harness.sandbox.outside.launcher import ProcessLauncher
    from harness.sandbox.outside.sandboxed import SandboxLauncher
    from harness.suites.file import read_suite

    model = build_demo_voice(cache_root())
    log = EventLog()
    memory = 8 << 30
    launcher = (
        ProcessLauncher(memory_bytes=memory) if level == "open" else
        SandboxLauncher(level=level, memory_bytes=memory, log=log)
    )  # fmt: skip
    texts = sorted((probe.text for probe in read_suite(demo_suite()).suite.probes[:count]), key=len)
    bounds = Bounds(load_seconds=300, batch_seconds=300)
    worker = Worker(
        launcher, engine=COQUI.adapter, preloads=COQUI.preloads, model=model, device="cpu", threads=1, bounds=bounds
    )
    worker.start()
    loaded = tree_seconds()
    for start in range(0, len(texts), 8):
        worker.render([(text, 1) for text in texts[start : start + 8]], lambda _index, _speech: None)
    total = tree_seconds()
    worker.stop()
    findings = [f"{event.kind}/{event.what}: {event.detail}"[:200] for event in log.events]
    print(json.dumps({"load": loaded, "speak": total - loaded, "total": total, "findings": findings}))


def tree_seconds() -> float:
    """Processor seconds of this process and everything below it, from /proc: rusage reads 0 below bubblewrap."""
    from tests.attacks.watch import descendants

    ticks = 0
    for pid in descendants() | {os.getpid()}:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def as_user(command: list[str]) -> list[str]:
    """A command as an ordinary user, who can read the interpreter wherever it is.

    A mount namespace of the benchmark's own holds the interpreter's folder where its parents are closed to others;
    nothing outside of it changes.
    """
    prefix = Path(sys.base_prefix).resolve()
    closed = next((p for p in reversed([prefix, *prefix.parents]) if not p.stat().st_mode & 0o001), None)
    steps = ["mount --make-rprivate /"]
    if closed is not None:
        held = "/mnt"
        steps += [
            f"mount -t tmpfs tmpfs {held}", f"mkdir {held}/kept", f"mount --bind {prefix} {held}/kept",
            f"mount -t tmpfs -o mode=755 tmpfs {closed}", f"mkdir -p {prefix}",
            f"mount --bind {held}/kept {prefix}", f"umount {held}/kept", f"umount {held}",
        ]  # fmt: skip
    user = f"setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups env HOME=/tmp"
    steps.append(f"exec {user} {shlex.join(command)}")
    return ["unshare", "--mount", "--", "sh", "-ec", "; ".join(steps)]


def column(title: str, level: str, *, is_user: bool, core: bool) -> list[dict[str, Any]]:
    """All rows of one column."""
    command = [sys.executable, __file__, "--rows", level, *(["--core"] if core else [])]
    if is_user:
        if os.geteuid():
            return []
        command = as_user(command)
    found = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd="/tmp") as process:
        for line in process.stdout or ():
            if line.startswith("{"):
                found.append(json.loads(line))
                tell(f"{title}: {len(found)} {found[-1]['name']}")
    tell(f"{title}: done", end="\n")
    return found


def tell(line: str, *, end: str = "") -> None:
    """Progress, on standard error: what is being done on a terminal, what is done anywhere."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line[:100]}", end=end, file=sys.stderr, flush=True)
    elif end:
        print(line, file=sys.stderr, flush=True)


def is_contained(row: dict[str, Any]) -> bool:
    """Whether nothing was reached and nothing stayed."""
    return not (row.get("broken") or row["harm"] or row["survivors"] or row["scratch_left"])


def is_tried(row: dict[str, Any]) -> bool:
    """Whether the payload could work here at all."""
    return (not row["why"] or bool(row.get("broken"))) and row["family"] != "none"


def cell(row: dict[str, Any] | None) -> str:
    """One cell of the table."""
    if row is None:
        return "-"
    if row.get("broken"):
        return f"BROKEN {row['why']}"[:34]
    if row["why"]:
        return "n/a"
    if not is_contained(row):
        return f"HARM: {row['harm'] or 'left something behind'}"[:34]
    if row["family"] == "none":
        return "ACCUSED of " + ",".join(row["kinds"]) if row["kinds"] else "ok"
    return ",".join(row["named"]) or ("(quiet)" if row["quiet"] else "UNNAMED")


def measured(level: str) -> dict[str, Any]:
    """One run of the voice in a fresh process."""
    command = [sys.executable, __file__, "--speak", level, "--count", str(PHRASES)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def cost(level: str) -> dict[str, Any]:
    """Processor time with the sandbox over without it, in interleaved pairs."""
    if not SMALLEST:
        measured("open")  # caches
    pairs = []
    for number in range(PAIRS):
        order = ("open", level) if number % 2 == 0 else (level, "open")
        pair = {name: measured(name) for name in order}
        pairs.append((pair["open"], pair[level]))
        tell(f"cost: pair {number + 1} of {PAIRS}", end="\n")
    ratios = [boxed["total"] / free["total"] for free, boxed in pairs]
    speaking = [boxed["speak"] / free["speak"] for free, boxed in pairs]
    return {
        "ratio": statistics.median(ratios), "low": min(ratios), "high": max(ratios),
        "speaking": statistics.median(speaking), "pairs": pairs,
        "findings": sorted({one for _, boxed in pairs for one in boxed["findings"]}),
    }  # fmt: skip


def in_a_row(level: str) -> dict[str, list[str]]:
    """The nastiest payloads many times; name -> what was reached or stayed, should be empty."""
    from tests.attacks.catalogue import CATALOGUE
    from tests.attacks.launchers import attempt_at, names_of

    found: dict[str, list[str]] = {}
    for payload in (one for one in CATALOGUE if one.name in NASTIEST):
        found[payload.name] = []
        for number in range(IN_A_ROW):
            trial, events = attempt_at(level, payload)
            if said := trial.harm or ("survivors" if trial.survivors else "") or ",".join(trial.scratch_left):
                found[payload.name].append(f"{number}: {said}")
            elif not names_of(trial, events) & set(payload.named):
                found[payload.name].append(f"{number}: unnamed")
        tell(f"{IN_A_ROW} in a row: {payload.name}", end="\n")
    return found


def main() -> int:
    """Measure, print, keep.

    Returns:
        0 where everything at level A is contained and the cost is within its goal, else 1.
    """
    parser = argparse.ArgumentParser(description="The sandbox against its attacks.")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rows", help=argparse.SUPPRESS)
    parser.add_argument("--core", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--speak", help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, default=PHRASES, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.rows:
        rows(wanted.rows, core=wanted.core)
        return 0
    if wanted.speak:
        speak(wanted.speak, wanted.count)
        return 0
    return report(wanted.json)


def report(path: Path | None) -> int:
    """The whole benchmark."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # orphans come to us and are seen
    live = {row["name"]: row for row in column("no sandbox", "open", is_user=False, core=QUICK)}
    columns = {
        title: {row["name"]: row for row in column(title, level, is_user=is_user, core=QUICK)}
        for title, level, is_user in COLUMNS
    }
    print(f"{'payload':42} {'family':13}{'alive':7}" + "".join(f"{title:36}" for title in columns))
    for name, row in columns["A root"].items():
        cells = [cell(rows.get(name)) for rows in columns.values()]
        open_row = live.get(name)
        alive = "" if open_row is None else "n/a" if open_row["why"] else "yes" if open_row["is_live"] else "NO"
        print(f"{name:42} {row['family']:13}{alive:7}" + "".join(f"{text:36}" for text in cells))
    tried = {title: [row for row in found.values() if is_tried(row)] for title, found in columns.items()}
    contained = {title: [row for row in found if is_contained(row)] for title, found in tried.items()}
    for title, found in tried.items():
        unnamed = [r["name"] for r in found if not r.get("broken") and not r["named"] and not r["quiet"]]
        dead = [r for r in columns[title].values() if r["why"] and not r.get("broken")]
        print(f"{title}: contained {len(contained[title])} of {len(found)}, "
              f"named {len(found) - len(unnamed)}; not named: {', '.join(unnamed) or 'none'}; "
              f"cannot work here: {', '.join(r['name'] + ' (' + r['why'] + ')' for r in dead) or 'none'}")  # fmt: skip
    not_alive = [
        name for name, row in live.items() if row["family"] != "none" and not row["why"] and not row["is_live"]
    ]
    price = cost("A")
    spread = f"{price['low']:.3f}-{price['high']:.3f}"
    print(f"demo voice, {PHRASES} phrases, {PAIRS} pairs: CPU {price['ratio']:.3f}x ({spread}), "
          f"speaking alone {price['speaking']:.3f}x; findings: {', '.join(price['findings']) or 'none'}")  # fmt: skip
    repeated = in_a_row("A")
    bad = {name: found for name, found in repeated.items() if found}
    print(f"{IN_A_ROW} in a row, {len(repeated)} payloads: {bad or 'nothing reached, nothing left, all named'}")
    endings = {ending: leftovers("A", ending) for ending in ("normal", "Ctrl-C", "kill -9")}
    for ending, left in endings.items():
        endings[ending] = swept(left, "A") if left else {}
        later = f"; after the next start: {endings[ending] or 'nothing'}" if left else ""
        print(f"left behind after {ending}: {left or 'nothing'}{later}")
    if path is not None:
        results = {"columns": {"open": live, **columns}, "cost": price, "in_a_row": repeated, "leftovers": endings}
        path.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", "utf-8")
    at_a = [title for title in columns if title.startswith("A") and tried[title]]
    ok = all(len(contained[title]) == len(tried[title]) for title in at_a) and price["ratio"] <= GOAL_RATIO
    ok = ok and not any(endings.values()) and not not_alive and not bad
    figures = ", ".join(f"{len(contained[title])}/{len(tried[title])} at {title}" for title in columns if tried[title])
    print(f"sandbox: contained {figures}, CPU ratio {price['ratio']:.3f} (goal <= {GOAL_RATIO:g}), "
          f"not alive: {len(not_alive)}: {'reached' if ok else 'FELL SHORT'}")  # fmt: skip
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())

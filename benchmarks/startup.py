"""What ``pytest --help`` costs with the plugin installed and without it, in pairs, and what it imports.

Run it with ``make bench-startup``. Exit 1 where it costs 50 ms or more, or where a heavy package was imported.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from benchmarks.size import by_size

PAIRS = by_size(25, quick=6, smallest=1)
GOAL_MS = 50.0
HEAVY = ("torch", "TTS", "whisper", "librosa", "numba")


def wall_ms(*arguments: str) -> float:
    """Wall-clock of one ``pytest --help``."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "pytest", "--help", *arguments], check=True, stdout=subprocess.DEVNULL)
    return 1000 * (time.perf_counter() - start)


def imported() -> list[str]:
    """Heavy packages that ``pytest --help`` imports."""
    command = [sys.executable, "-X", "importtime", "-m", "pytest", "--help"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    names = {line.rpartition("|")[2].strip().partition(".")[0] for line in told.splitlines()}
    return sorted(names.intersection(HEAVY))


def main() -> int:
    """Measure and print.

    Returns:
        0 where the goal is met, else 1.
    """
    wall_ms()
    pairs = [(wall_ms(), wall_ms("-p", "no:soundcheck")) for _ in range(PAIRS)]
    added = statistics.median(with_it - without for with_it, without in pairs)
    heavy = imported()
    print(f"{PAIRS} pairs: with {statistics.median(one for one, _ in pairs):.0f} ms, "
          f"without {statistics.median(one for _, one in pairs):.0f} ms (medians)")  # fmt: skip
    ok = added < GOAL_MS and not heavy
    print(f"startup: {added:+.0f} ms (goal < {GOAL_MS:g} ms), heavy imports: {', '.join(heavy) or 'none'}: "
          f"{'reached' if ok else 'FELL SHORT'}")  # fmt: skip
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())

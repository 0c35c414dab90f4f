"""``make test-install``: what users install, tried as they have it: the wheel, in fresh environments, elsewhere.

Each environment gets the wheel with its extras, at the newest or the oldest versions that its bounds allow, and has to
pass ``soundcheck doctor`` and a gate of four phrases: the demo voice against the golden that travels in the wheel, seed
by seed. So a release of somebody else's that breaks the bounds is found here, and a torch that speaks differently.

Needs the checkout's own environment (for uv and hatchling) and a package registry; no checkout is on anybody's path.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PHRASES = ("carrier-bus", "negation-transfer", "affirmed-transfer", "rare-osprey-report")
NEEDED_BYTES = 14 << 30
"""An environment, and what uv keeps of it where its cache is empty or on another disk; one is there at a time."""
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
SECONDS = 1800
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""Of the processes of our tests, not of users."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One environment to be made."""

    python: str
    """Version, e.g. ``3.12``."""
    resolution: str
    """uv's word: ``highest``, or ``lowest-direct`` for the lower bounds of what we name ourselves."""


class Failed(Exception):
    """A step did not end with 0."""


QUICK = (Trial(python=HERE, resolution="highest"),)
FULL = (
    *(Trial(python=python, resolution="highest") for python in ("3.11", "3.12", "3.13")),
    *(Trial(python=python, resolution="lowest-direct") for python in ("3.11", "3.13")),
)


def main() -> int:
    """Try each environment; 1 where one falls short, 3 where none could be tried."""
    parser = argparse.ArgumentParser(description="install the wheel in fresh environments and gate a voice in each")
    parser.add_argument("--quick", action="store_true", help="the newest versions and this Python only")
    parser.add_argument("--keep", action="store_true", help="leave the folder with all environments, to look at")
    options = parser.parse_args()
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if free < NEEDED_BYTES:
        print(
            f"test-install: {tempfile.gettempdir()} has {free / 2**30:.0f} GiB free, {NEEDED_BYTES >> 30} are needed;"
            " free some, or name another folder in TMPDIR",
            file=sys.stderr,
        )
        return 3
    folder = Path(tempfile.mkdtemp(prefix="soundcheck install "))  # a space: paths of users have some
    try:
        return try_all(QUICK if options.quick else FULL, folder, keep=options.keep)
    finally:
        if options.keep:
            print(f"kept in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def try_all(trials: Sequence[Trial], folder: Path, *, keep: bool) -> int:
    """Build the wheel once and try it everywhere; one line for each environment, and one for all."""
    began = time.monotonic()
    wheel = build_wheel(folder)
    print(f"{wheel.name}  {wheel.stat().st_size / 2**20:.1f} MiB", flush=True)
    passed, failed, absent = 0, 0, 0
    for trial in trials:
        name = f"Python {trial.python}, {'newest' if trial.resolution == 'highest' else 'oldest'}"
        environment = folder / f"env {trial.python} {trial.resolution}"
        if not make_environment(trial, environment):
            absent += 1
            print(f"{name:22} left out: no Python {trial.python} is here, and uv can fetch none", flush=True)
            continue
        try:
            print(f"{name:22} {try_one(trial, environment, wheel, folder)}", flush=True)
            passed += 1
        except Failed as error:
            failed += 1
            print(f"{name:22} FAILED {error}", flush=True)
        if not keep:
            shutil.rmtree(environment)
    print(
        f"test-install: {passed} environments passed, {failed} failed, {absent} left out,"
        f" {time.monotonic() - began:.0f} s",
        flush=True,
    )
    return 3 if not passed and not failed else int(bool(failed))


def build_wheel(folder: Path) -> Path:
    """The wheel of this checkout."""
    call([sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)], cwd=ROOT)
    return next(folder.glob("*.whl"))


def make_environment(trial: Trial, environment: Path) -> bool:
    """Make an empty environment; False where that Python cannot be had."""
    command = [uv(), "venv", "--quiet", "--python", trial.python, str(environment)]
    return subprocess.run(command, env=surroundings(), capture_output=True, check=False).returncode == 0


def try_one(trial: Trial, environment: Path, wheel: Path, folder: Path) -> str:
    """Install, ask the doctor, gate; what it took.

    Raises:
        Failed: A step did not end with 0.
    """
    python, soundcheck = environment / "bin" / "python", environment / "bin" / "soundcheck"
    project = folder / f"a project {trial.python} {trial.resolution}"
    project.mkdir()
    suite = project / "four.probes.yaml"
    suite.write_text(four_phrases(), encoding="utf-8")
    times = [time.monotonic()]
    wanted = [f"{wheel}[demo]", "--resolution", trial.resolution]
    call([uv(), "pip", "install", "--quiet", "--python", str(python), *wanted], cwd=project)
    times.append(time.monotonic())
    call([str(soundcheck), "doctor"], cwd=project)
    times.append(time.monotonic())
    voice, whisper = call([str(python), "-c", VOICE], cwd=project).splitlines()
    chosen = ["--model", voice, "--golden", "demo-smoke", "--asr", f"whisper:{whisper}", "--cost", "off"]
    call([str(soundcheck), "gate", suite.name, *chosen], cwd=project)
    times.append(time.monotonic())
    install, doctor, gate = (after - before for before, after in itertools.pairwise(times))
    versions = call([str(python), "-c", VERSIONS], cwd=project).strip()
    return (
        f"{versions}  {size(environment) / 2**30:.1f} GiB"
        f"  install {install:.0f} s, doctor {doctor:.0f} s, gate of four {gate:.0f} s"
    )


VOICE = """
from harness.cli.demo import demo_whisper
from harness.core.paths import cache_root
from harness.models.demo import build_demo_voice
print(build_demo_voice(cache_root()))
print(demo_whisper())
"""
VERSIONS = """
from importlib.metadata import version
print(*(f"{name} {version(name)}" for name in ("torch", "torchaudio", "numpy", "pytest")))
"""


def four_phrases() -> str:
    """A suite of four phrases of the smoke suite, as they stand there: the golden of the package knows them."""
    import yaml

    smoke = yaml.safe_load((ROOT / "probes" / "suites" / "smoke.probes.yaml").read_text("utf-8"))
    chosen = [{key: value for key, value in probe.items() if key != "control"} for probe in smoke["probes"]]
    chosen = [probe for probe in chosen if probe["id"] in PHRASES]
    assert len(chosen) == len(PHRASES)
    return yaml.safe_dump(smoke | {"probes": chosen}, allow_unicode=True)


def call(command: Sequence[str], *, cwd: Path) -> str:
    """Run a step and return what it printed.

    Raises:
        Failed: It ended with another status than 0; its last lines are in the message.
    """
    environment = surroundings() | {"SOUNDCHECK_CACHE": str(cwd / "cache")}
    try:
        done = subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"{' '.join(command)}: not done after {SECONDS} s") from None
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-25:])
        raise Failed(f"{' '.join(command)}: status {done.returncode}\n{last}")
    return done.stdout


def surroundings() -> dict[str, str]:
    """This process's environment without what belongs to the checkout, and with each Python that pyenv has."""
    ours = ("PYTHONPATH", "VIRTUAL_ENV", "PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTHONDONTWRITEBYTECODE", *THREADS)
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    pythons = sorted(str(path) for path in pyenv.glob("versions/3.1[123]*/bin"))
    return kept | {"PATH": os.pathsep.join((*pythons, kept.get("PATH", os.defpath)))}


def uv() -> str:
    """The uv of the checkout's environment."""
    return str(Path(sys.executable).parent / "uv")


def size(folder: Path) -> int:
    """Bytes on disk, as a user's disk holds them who has no cache to link from."""
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


if __name__ == "__main__":
    sys.exit(main())

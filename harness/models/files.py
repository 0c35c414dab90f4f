"""A model as files: finds it, names its engine, and takes its digest. Opens nothing that could execute."""

from __future__ import annotations

import hashlib
import importlib
import os
import stat
from pathlib import Path

from harness.core.errors import BadInput
from harness.core.identity import FileIdentity
from harness.core.leftovers import named_leftover
from harness.core.paths import expanded
from harness.core.strictjson import Malformed
from harness.core.text import printable
from harness.core.types import Model
from harness.core.voice import ONLY_VOICE, Voice
from harness.engines.coqui.configfile import MAX_CONFIG_BYTES, read_config
from harness.engines.registry import ENGINES, recognise
from harness.models.foreign import looks_like, not_a_voice
from harness.storage.digests import listing_sha256
from harness.storage.smallfile import TooLarge, read_small

MAX_FILES = 2000
MAX_SHOWN = 400
"""Files that are no tool's leftovers. A worker is shown each by itself, so that an exchange is noticed, and bubblewrap
reads its list of mounts anew for each: 300 files take it 0.26 s at each start, 1,000 take 5 s."""


def open_model(spec: str, chosen: Voice = ONLY_VOICE) -> Model:
    """Find a model by what the user typed, and take its digest.

    Args:
        spec: A directory, or ``engine:directory``.
        chosen: Who of it is to speak.

    Raises:
        BadInput: One line saying what is not as it must be.
    """
    engine, path = find_model(spec)
    digest, files = read_directory(path)
    return Model(engine=engine, path=path, digest=digest, voice=find_voice(engine, path, chosen), files=files)


def find_voice(engine: str, path: Path, chosen: Voice) -> Voice:
    """Who of a model speaks, by what was chosen and what lies in its folder.

    Raises:
        BadInput: It is not there, or there are several to choose from.
    """
    module, _, function = ENGINES[engine].layout.partition(":")
    if module:
        found: Voice = getattr(importlib.import_module(module), function)(path, chosen)
        return found
    if chosen.checkpoint:
        what = f"expected no --tts-checkpoint, as a model of engine {engine!r} has none to choose; leave it out"
        raise _refusal(path, what)
    return chosen


def checkpoints_of(engine: str, path: Path) -> tuple[str, ...]:
    """Names of the files of a folder that may be its checkpoint; none for an engine that has no choice."""
    module = ENGINES[engine].layout.partition(":")[0]
    if not module:
        return ()
    found: tuple[str, ...] = importlib.import_module(module).checkpoints(path)
    return found


def find_model(spec: str) -> tuple[str, Path]:
    """Engine and folder of a model; see :func:`open_model`."""
    name, path = _split(spec)
    try:
        is_there = path.exists()
    except OSError as error:  # a folder above it may not be looked into
        raise _refusal(path, f"cannot be read ({error.strerror})") from None
    if not is_there:
        raise _refusal(path, "no such model directory; --tts-model takes a folder with config.json and a checkpoint")
    if not path.is_dir():
        raise _refusal(path, "expected a model directory, got a file; name the folder that holds it")
    engine = ENGINES[name] if name else recognise(path)
    if engine is None:
        expected = " or ".join(one.title for one in ENGINES.values() if one.extra)
        other = looks_like(path)
        told = f"; this looks like {other}, which Soundcheck cannot load" if other else ""
        raise _refusal(path, f"expected {expected}, got none{told}")
    if not engine.is_in(path):
        raise _refusal(path / engine.file, f"no such file, which a model of engine {engine.name!r} has")
    if engine.is_json:
        _check_config(path / engine.file)
    return engine.name, path


def digest_of_directory(path: Path) -> str:
    """sha256 (hex) over every regular file below `path`: names and contents, in sorted order.

    Raises:
        BadInput: As :func:`read_directory`.
    """
    return read_directory(path)[0]


def read_directory(path: Path) -> tuple[str, dict[str, FileIdentity]]:
    """Read every regular file below `path` once: the digest of them all, and which files they were.

    Raises:
        BadInput: Something that is no regular file, too many files, a name with a line break, or a file that cannot
            be read or changed meanwhile.
    """
    digests, files = {}, {}
    found = sorted(entry for entry in path.rglob("*") if not entry.is_dir() or entry.is_symlink())
    if len(found) > MAX_FILES:
        raise _refusal(path, f"expected at most {MAX_FILES} files, got {len(found)}; is this the model's own folder?")
    shown = sum(named_leftover(entry.relative_to(path).as_posix()) is None for entry in found)
    if shown > MAX_SHOWN:
        why = "more than any voice has, and each is bound for the worker by itself"
        what = f"expected at most {MAX_SHOWN} files, got {shown}: {why}; copy what the voice needs: "
        raise _refusal(path, f"{what}soundcheck scan --copy-voice OUT {path.name}")
    for entry in found:
        name = entry.relative_to(path).as_posix()
        if "\n" in name:  # it could stand for the lines of other files
            raise _refusal(path, f"expected file names without line breaks, got {name!r}; rename that file")
        try:
            if not stat.S_ISREG(entry.stat().st_mode):
                raise _refusal(entry, "expected a regular file, got something else; remove it from the model")
            with open(entry, "rb", opener=_unwaiting) as stream:  # Path.open takes no opener
                if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                    raise _refusal(entry, "was exchanged while it was being read; find out by whom, then run again")
                files[name] = FileIdentity.of(os.fstat(stream.fileno()))
                digests[name] = hashlib.file_digest(stream, "sha256").hexdigest()
                is_same = FileIdentity.of(os.fstat(stream.fileno())) == files[name]
            if not is_same:
                raise _refusal(entry, "was written to while it was being read; run again when nobody changes the model")
        except OSError as error:
            raise _refusal(entry, f"cannot be read ({error.strerror})") from None
    return listing_sha256(digests), files


def _unwaiting(path: str, flags: int) -> int:
    """Open what was a regular file a moment ago; a pipe that was put there since is not waited for."""
    return os.open(path, flags | os.O_NONBLOCK)


def _split(spec: str) -> tuple[str, Path]:
    engine, colon, rest = spec.partition(":")
    if colon and engine in ENGINES:
        return engine, expanded(rest).absolute()
    if colon and not Path(spec).exists() and engine.isidentifier():
        known = ", ".join(sorted(ENGINES))
        raise _refusal(spec, f"unknown engine {engine!r}; expected one of {known}, or a directory")
    return "", expanded(spec).absolute()


def _check_config(path: Path) -> None:
    """Say early, and better than a loader would, that a configuration cannot be read."""
    try:
        content = read_config(read_small(path, MAX_CONFIG_BYTES, follow_links=True), path.name).value
    except OSError as error:
        raise _refusal(path, f"cannot be read ({error.strerror})") from None
    except TooLarge as error:
        raise _refusal(path, f"expected a configuration of {error}") from None
    except Malformed as error:
        raise _refusal(
            path, f"expected JSON as Coqui reads it, with // comments or none, got a flaw at {error}"
        ) from None
    if not isinstance(content, dict):
        raise _refusal(path, f"expected a JSON object, got {type(content).__name__}")
    if why := not_a_voice(content):
        raise _refusal(path, why)


def _refusal(place: Path | str, what: str) -> BadInput:
    """One line, whatever the files are called."""
    return BadInput(printable(f"{place}: {what}"))

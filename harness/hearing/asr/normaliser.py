"""Whisper's own text normalisers, without Whisper: published word error rates are computed with them.

``import whisper`` imports torch. Its subpackage ``whisper.normalizers`` needs neither, so it is loaded here
from its folder under a private name, at first use. Knows nothing of audio.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.util
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from harness.core.errors import MissingDependency
from harness.core.installation import install_advice
from harness.core.spoken import normalised_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

_PRIVATE_NAME: Final = "_soundcheck_whisper_normalizers"
_CHUNK: Final = 2_000
"""Characters normalised at once: Whisper's patterns take quadratic time on nested brackets."""
_EXTRA: Final = "whisper"


@functools.lru_cache(maxsize=8192)  # a golden's transcripts are asked for again with every take
def normalise(text: str, language: str = "en") -> tuple[str, ...]:
    """Cut a text into words as Whisper's evaluation does: lower case, no punctuation, numbers as digits.

    English goes through ``EnglishTextNormalizer`` (contractions, spellings, numbers), every other language
    through :func:`harness.core.spoken.normalised_words`, which is ``BasicTextNormalizer`` with the marks of letters
    kept. Minus signs and text in brackets are lost: see ``harness.core.strict``.

    Raises:
        MissingDependency: openai-whisper, or what its normalisers import, is not installed.
    """
    if language != "en":
        return tuple(word for chunk in _chunks(text) for word in normalised_words(chunk))
    normaliser = _normaliser()
    return tuple(word for chunk in _chunks(text) for word in _words(normaliser, chunk))


@functools.cache
def identity() -> str:
    """Name what :func:`normalise` does, for manifests and cache keys: package, version, digest of the rules.

    Raises:
        MissingDependency: As :func:`normalise`.
    """
    folder = _folder()
    digest = hashlib.sha256()
    for path in sorted((*folder.glob("*.py"), *folder.glob("*.json"))):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    try:
        version = importlib.metadata.version("openai-whisper")
    except importlib.metadata.PackageNotFoundError:
        version = "unknown"
    return f"openai-whisper {version} normalizers sha256:{digest.hexdigest()[:16]}"


def _words(normaliser: Callable[[str], str], text: str) -> list[str]:
    try:
        return normaliser(text).split()
    except ValueError:
        # The number rules have a way out ("Unexpected token") that no known text takes; a hostile transcript
        # that finds it must not end the run. Plain words are still comparable.
        return re.findall(r"\w+", text.lower())


def _chunks(text: str) -> Iterator[str]:
    """Cut a long text at white space where there is some."""
    while len(text) > _CHUNK:
        cut = text.rfind(" ", 1, _CHUNK + 1)
        cut = cut if cut > 0 else _CHUNK
        yield text[:cut]
        text = text[cut:]
    yield text


@functools.cache
def _normaliser() -> Callable[[str], str]:
    return cast("Callable[[str], str]", _load().EnglishTextNormalizer())


def _folder() -> Path:
    found = importlib.util.find_spec("whisper")  # does not execute a top-level package
    for location in (found.submodule_search_locations or ()) if found else ():
        folder = Path(location) / "normalizers"
        if (folder / "english.py").is_file():
            return folder
    raise MissingDependency(f"openai-whisper (text normaliser) is not installed; {install_advice(_EXTRA)}")


def _load() -> ModuleType:
    if (loaded := sys.modules.get(_PRIVATE_NAME)) is not None:
        return loaded
    folder = _folder()
    spec = importlib.util.spec_from_file_location(
        _PRIVATE_NAME, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise MissingDependency(f"{folder} cannot be imported; re-{install_advice(_EXTRA)}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[_PRIVATE_NAME] = module  # relative imports inside look it up here
    try:
        spec.loader.exec_module(module)
    except ImportError as error:
        del sys.modules[_PRIVATE_NAME]
        message = f"openai-whisper's text normaliser needs {error.name or error}; {install_advice(_EXTRA)}"
        raise MissingDependency(message) from None
    return module

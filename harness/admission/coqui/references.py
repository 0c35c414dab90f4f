"""What a text in a configuration could be a reference to: a URL, a path, an import. Pure; opens and imports nothing."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import PurePosixPath
from urllib.parse import unquote

PLAIN_SCHEMES = frozenset({"http", "https"})
"""What an honest configuration may mention somewhere in passing, e.g. the home page of a data set."""
FILE_SUFFIXES = frozenset(
    {".cfg", ".csv", ".flac", ".h5", ".jpg", ".json", ".jsonl", ".lab", ".list", ".log", ".md", ".mp3", ".npy", ".npz",
     ".ogg", ".onnx", ".png", ".pt", ".pth", ".tar", ".tsv", ".txt", ".wav", ".xml", ".yaml", ".yml", ".zip"}
)  # fmt: skip

_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.\-]{0,30}):(?://|\\\\)")
_SCHEME_ONLY = re.compile(r"\s*(file|data|javascript|blob|memory|local|ftp|about|jar|simplecache|filecache):", re.I)
_DRIVE = re.compile(r"\s*[A-Za-z]:(?:[\\/]|$)")
_VARIABLE = re.compile(r"\$\{|\$[A-Za-z_]\w*|%[A-Za-z_]\w*%|\$\(|`[^`]+`")
_TEMPLATE = re.compile(r"\{\{|\{%")
_DEVICE = re.compile(r"\s*(?:\\\\[.?]\\|/dev/|/proc/|/sys/|(?:con|prn|aux|nul|com\d|lpt\d)(?:\.\w*)?$)", re.I)
_IMPORT = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)+(?::[^\W\d]\w*)?")
_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
_ROUNDS = 3
"""Percent-encodings that are undone; nobody honest encodes more often."""


class Reference(StrEnum):
    """What a text points to, most alarming first."""

    CHAINED = "a chained URL"
    SCHEME = "a URL of an unusual scheme"
    URL = "a web URL"
    TEMPLATE = "a template"
    VARIABLE = "an environment variable or a command"
    DEVICE = "a device file"
    NETWORK = "a network share"
    DRIVE = "a drive letter"
    HOME = "a home directory"
    ABSOLUTE = "an absolute path"
    PARENT = "a path out of the directory"
    HIDDEN = "a text with control or invisible characters"
    ENCODED = "a text that is encoded many times over"
    IMPORT = "a Python import path"


BEYOND_ANY_PATH = frozenset(
    {Reference.CHAINED, Reference.SCHEME, Reference.TEMPLATE, Reference.VARIABLE, Reference.ENCODED}
)
"""What no trainer writes into a file, wherever it stands."""


def reference(text: str) -> Reference | None:
    """Say what the text points to, or None where it is a plain word, sentence, number or relative file name.

    Percent-encoding is undone first, as URL readers do.
    """
    for _ in range(_ROUNDS):
        kind = _as_written(text)
        decoded = unquote(text)
        if kind is not None or decoded == text:
            return kind
        text = decoded
    return _as_written(text) or (Reference.ENCODED if unquote(text) != text else None)


def _as_written(text: str) -> Reference | None:
    tests = (
        (Reference.CHAINED, "::" in text and not any(c.isspace() for c in text.strip())),
        (Reference.SCHEME, (scheme := _scheme(text)) is not None and scheme not in PLAIN_SCHEMES),
        (Reference.URL, scheme is not None),
        (Reference.TEMPLATE, _TEMPLATE.search(text) is not None),
        (Reference.VARIABLE, _VARIABLE.search(text) is not None),
        (Reference.DEVICE, _DEVICE.match(text) is not None),
        (Reference.NETWORK, text.lstrip().startswith(("//", "\\\\"))),
        (Reference.DRIVE, _DRIVE.match(text) is not None),
        (Reference.HOME, text.lstrip().startswith("~")),
        (Reference.ABSOLUTE, len(text.strip()) > 1 and text.lstrip().startswith(("/", "\\"))),
        (Reference.PARENT, ".." in re.split(r"[\\/]", text.strip())),
        (Reference.HIDDEN, _HIDDEN.search(text) is not None),
        (Reference.IMPORT, _is_import(text.strip())),
    )
    return next((kind for kind, is_so in tests if is_so), None)


def _scheme(text: str) -> str | None:
    found = _SCHEME.match(text) or _SCHEME_ONLY.match(text)
    return found.group(1).lower() if found else None


def _is_import(text: str) -> bool:
    if _IMPORT.fullmatch(text) is None:
        return False
    return text.count(".") > 1 or PurePosixPath(text).suffix.lower() not in FILE_SUFFIXES

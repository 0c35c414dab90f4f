"""What must hold of the configuration readers for any bytes: the fuzzer's property, and that of its kept findings."""

from __future__ import annotations

import io
import json
import re
import time
from pathlib import Path

import yaml

from harness.admission.checks.filekinds import look
from harness.admission.coqui.configfields import Fields
from harness.admission.coqui.statsfile import content
from harness.admission.tree import Tree
from harness.core.strictjson import MAX_DEPTH, Document, Malformed, Quirk
from harness.engines.coqui.configfile import decode, read_config

SECONDS = 2.0
"""More processor time for one small input is a hang."""
_EMPTY = Tree(Path(), ())
_COQUI = re.compile(r"(\"(?:[^\"\\]|\\.)*\")|(/\*(?:.|[\\n\\r])*?\*/)|(//.*)")
"""What TTS.config.read_json_with_comments takes for a comment."""


def read_one(data: bytes) -> None:
    """Read one input in the way its first byte says, and check what came of it."""
    begun = time.thread_time()
    way, data = data[:1], data[1:]
    if way == b"y":
        _yaml(data)
    elif way == b"n":
        content(io.BytesIO(data))
    elif way == b"k":
        look(data[:512], data[-512:], len(data))
    else:
        _json(data)
    assert time.thread_time() - begun < SECONDS, "slow"


def _json(data: bytes) -> None:
    document = _read(data, "config.json")
    if b"/*" in data:
        return  # Coqui's expression takes exponential time on a comment that is never closed: not to be compared with
    coqui = _coqui(data)
    if document is None:
        # A stricter reader may refuse more, but only for its bounds; what Coqui loads must have been read otherwise.
        assert coqui is None or len(data) > MAX_DEPTH, f"Coqui reads {coqui[0]!r}"
        return
    assert coqui is not None, "Coqui refuses what was read"
    if all(oddity.quirk is not Quirk.LONG_NUMBER for oddity in document.oddities):
        assert repr(coqui[0]) == repr(document.value), "read otherwise"
    _fields(document)


def _coqui(data: bytes) -> tuple[object] | None:
    try:
        text = decode(data)
    except Malformed:
        return None
    try:
        return (json.loads(text),)
    except (ValueError, RecursionError):
        pass
    try:
        return (json.loads(_COQUI.sub(lambda m: m.group(1) or m.group(2) or "", text)),)
    except (ValueError, RecursionError):
        return None


def _yaml(data: bytes) -> None:
    document = _read(data[:20_000], "config.yml")
    if document is None:
        return
    if not document.oddities:
        try:
            loaded = yaml.safe_load(decode(data[:20_000]))
        except (yaml.YAMLError, ValueError, RecursionError, TypeError):
            loaded = None
        plain = json.dumps(loaded, default=lambda _: None)
        if "null" not in plain and _has_text_keys(loaded):
            assert repr(loaded) == repr(document.value), "read otherwise"
    _fields(document)


def _has_text_keys(value: object) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _has_text_keys(item) for key, item in value.items())
    return not isinstance(value, list) or all(map(_has_text_keys, value))


def _read(data: bytes, name: str) -> Document | None:
    try:
        return read_config(data, name)
    except Malformed as problem:
        assert len(str(problem)) < 400  # one line
        return None


def _fields(document: Document) -> None:
    if isinstance(document.value, dict):
        for flaw in Fields(tree=_EMPTY, file="config.json", root=document.value).flaws():
            assert len(flaw.found) <= 200 and len(flaw.effect) <= 300  # as promised

"""A configuration as Coqui's loader reads it, and what another reader would make of it.

Coqui (``TTS.config.load_config``) decodes UTF-8 with universal newlines, tries ``json.load`` and, where that fails,
cuts ``//`` comments and tries again; ``.yml`` and ``.yaml`` go to ``yaml.safe_load``. All of it is done again here with
bounds, which Coqui does not have: its expression for comments takes 2 ** 60 steps on ``/*`` and sixty letters n.

Everybody who reads a model's configuration reads it here: admission, whoever finds a model, the red team, and the
engine, which gives Coqui what was read.
"""

from __future__ import annotations

import codecs
import re

from harness.core.strictjson import Document, Malformed, Oddity, Quirk, read_json

MAX_CONFIG_BYTES = 2 * 1024 * 1024
"""Of a configuration; the largest released one has 30 KB."""
MAX_DATA_BYTES = 24 * 1024 * 1024
"""Of another JSON file beside the model (vocabulary, speakers)."""
YAML_SUFFIXES = (".yml", ".yaml")

_WIDE_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_STRING_OR_COMMENT = re.compile(r'"(?:[^"\\\n]|\\.)*+"|//[^\n]*|/\*|"')


def read_config(data: bytes, name: str) -> Document:
    """Read a configuration, or another JSON or YAML file, from its bytes.

    Args:
        data: The whole file.
        name: Its name, whose suffix decides between YAML and JSON as it does for Coqui.

    Raises:
        Malformed: Coqui's loader would refuse it, or it is beyond the bounds.
    """
    text = decode(data)
    if name.lower().endswith(YAML_SUFFIXES):
        from harness.core.plainyaml import read_yaml  # 20 ms, and few models have YAML

        return read_yaml(text)
    try:
        return read_json(text)
    except Malformed:
        if len(text) > MAX_CONFIG_BYTES:
            raise
        uncommented, first = without_comments(text)
        if first is None:
            raise
        document = read_json(uncommented)  # what is wrong now is no comment
        comment = Oddity(quirk=Quirk.COMMENT, place=first, found="// ...")
        return Document(value=document.value, oddities=(comment, *document.oddities))


def decode(data: bytes) -> str:
    """Decode as Python's text mode does: UTF-8 without a mark, every line end a newline.

    Raises:
        Malformed: Another encoding.
    """
    if data.startswith(_WIDE_MARKS) or b"\0" in data[:4]:
        raise Malformed("byte 0: expected UTF-8, got UTF-16 or UTF-32, which some readers guess and Coqui refuses")
    if data.startswith(codecs.BOM_UTF8):
        raise Malformed("byte 0: expected UTF-8 without a byte order mark, which some readers skip and Coqui refuses")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"byte {error.start}: expected UTF-8") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def without_comments(text: str) -> tuple[str, str | None]:
    """Cut ``//`` comments as Coqui's regular expression does, in linear time.

    Returns:
        The text without them, and the line of the first (None where there is none). Block comments stay, as they do for
        Coqui, and what follows an unclosed string is left alone: neither is JSON.
    """
    pieces, at, first = [], 0, None
    for found in _STRING_OR_COMMENT.finditer(text):
        if found.group() in ('"', "/*"):
            break
        if found.group().startswith("//"):
            pieces.append(text[at : found.start()])
            at = found.end()
            first = first or f"line {text.count(chr(10), 0, found.start()) + 1}"
    return "".join((*pieces, text[at:])), first

"""A suite of probes as data: what a ``*.probes.yaml`` file says, checked, with the line of every probe.

Owns the format (version 1; ``harness/schemas/suite.schema.json`` describes it for editors). Pure: it is given
the text of a file and knows nothing of folders, pytest or voices.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.core.language import TAG, TAG_IS, heard_as
from harness.core.spoken import PLAIN_IS, composed, has_word, is_plain, mixture, spoken_words
from harness.core.suggest import did_you_mean
from harness.core.types import Probe
from harness.suites.proposal import proposed_expect
from harness.suites.yamltree import Mapping, Node, Scalar, Sequence, describe, fail, quote, read_tree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.core.errors import BadInput

FORMAT_VERSION: Final = 1
SUITE_KEYS: Final = ("version", "title", "language", "speaker", "probes", "generate")
SUITE_NEEDS: Final = ("version", "title", "language", "probes")
GENERATE_KEYS: Final = ("family", "count", "seed", "language")
PROBE_KEYS: Final = ("id", "family", "text", "expect", "critical", "trigger", "control", "language")
MAX_TEXT: Final = 2000
"""Characters in `text` and in `expect`."""
MAX_TITLE: Final = 200
MAX_PROBES: Final = 10_000
"""Written and generated together."""
MAX_SEED: Final = 2**31 - 1
MAX_CRITICAL: Final = 50

ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_FAMILY = re.compile(r"[a-z][a-z0-9-]{0,31}")
_WHOLE = re.compile(r"[0-9]{1,10}")
ID_IS: Final = "lower-case letters, digits and hyphens, at most 64, no hyphen first"
_FAMILY_IS: Final = "lower-case letters, digits and hyphens, at most 32, a letter first"


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyDraw:
    """An entry of ``generate``: probes that are still to be drawn from a family."""

    family: str
    count: int
    """Probes wanted, controls included."""
    seed: int
    language: str
    line: int
    """Line in the suite file; becomes that of every probe drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A named list of probes."""

    name: str
    """File name; :attr:`Probe.source` of every probe."""
    title: str
    """One line for people."""
    language: str
    """Of every probe that does not say otherwise; with a region where the file names one (``pt-br``)."""
    speakers: tuple[str, ...] = ()
    """Who says them where nobody chooses otherwise: names, ``all`` or ``sample:N``."""
    probes: tuple[Probe, ...]
    """In file order. At least one, unless there are `draws`."""
    draws: tuple[FamilyDraw, ...] = ()
    """What is to be generated. Drawing is not this module's business: it knows no family."""


def parse_suite(source: str, name: str) -> Suite:
    """Read a suite.

    Args:
        source: Text of the file.
        name: File name, used in errors and as the probes' source.

    Raises:
        BadInput: The first thing that is wrong, as one line ``name:line: what; what to do``.
    """
    root = read_tree(source, name)
    if root is None:
        raise fail(name, 1, f"the suite is empty; expected a mapping with {_and(SUITE_NEEDS)}")
    return _SuiteReader(name).suite(root)


class _SuiteReader:
    """Turns nodes into a suite, keeping the nodes of controls until the links between probes are checked."""

    def __init__(self, name: str) -> None:
        self._name = name

    def suite(self, root: Node) -> Suite:
        generates = isinstance(root, Mapping) and any(key.value == "generate" for key, _ in root.entries)
        needs = tuple(key for key in SUITE_NEEDS if key != "probes" or not generates)
        fields = self._fields(root, "the suite", SUITE_KEYS, needs)
        version = fields["version"]
        known = isinstance(version, Scalar) and (version.kind, version.value) == ("int", str(FORMAT_VERSION))
        if not known:
            message = f"'version' of the suite must be {FORMAT_VERSION}, got {describe(version)}"
            raise self._fail(version, message)
        title = self._string(fields["title"], "'title' of the suite", MAX_TITLE)
        if not title.strip():
            raise self._fail(fields["title"], "'title' of the suite is empty; say in one line what it probes")
        tag = self._language(fields["language"], "the suite")
        language = heard_as(tag)
        written = self._list(fields["probes"], "probes", "probe") if "probes" in fields else ()
        wanted = self._list(fields["generate"], "generate", "family") if "generate" in fields else ()
        draws = tuple(self._draw(node, number, language) for number, node in enumerate(wanted, start=1))
        total = len(written) + sum(draw.count for draw in draws)
        if total > MAX_PROBES:
            listed = fields.get("probes") or fields["generate"]
            raise self._fail(listed, f"the suite has {total:,} probes, at most {MAX_PROBES:,} are read; split it")
        return Suite(
            name=self._name,
            title=title,
            language=tag,
            speakers=self._speakers(fields["speaker"]) if "speaker" in fields else (),
            probes=self._probes(written, language),
            draws=draws,
        )

    def _speakers(self, node: Node) -> tuple[str, ...]:
        named = self._list(node, "speaker", "name") if isinstance(node, Sequence) else (node,)
        names = tuple(self._string(one, "a name in 'speaker' of the suite", MAX_TITLE) for one in named)
        if not all(name.strip() for name in names):
            raise self._fail(node, "a name in 'speaker' of the suite is empty; name who is to say its probes")
        return names

    def _list(self, node: Node, key: str, member: str) -> tuple[Node, ...]:
        if not isinstance(node, Sequence):
            raise self._fail(node, f"'{key}' of the suite must be a list, got {describe(node)}")
        if not node.items:
            raise self._fail(node, f"'{key}' of the suite is empty; add at least one {member}")
        return node.items

    def _draw(self, node: Node, number: int, suite_language: str) -> FamilyDraw:
        where = f"entry {number} of 'generate'"
        fields = self._fields(node, where, GENERATE_KEYS, ("family", "count"))
        return FamilyDraw(
            family=self._token(fields["family"], f"'family' of {where}", _FAMILY, _FAMILY_IS),
            count=self._whole(fields["count"], f"'count' of {where}", 1, MAX_PROBES),
            seed=self._whole(fields["seed"], f"'seed' of {where}", 0, MAX_SEED) if "seed" in fields else 1,
            language=self._language_of(fields, where, suite_language),
            line=node.line,
        )

    def _whole(self, node: Node, what: str, least: int, most: int) -> int:
        # YAML also takes 0x10, 1_000 and 1:30 for integers; people seldom mean them.
        is_plain_number = isinstance(node, Scalar) and node.kind == "int" and _WHOLE.fullmatch(node.value)
        value = int(node.value) if isinstance(node, Scalar) and is_plain_number else -1
        if not least <= value <= most:
            raise self._fail(node, f"{what} must be a whole number from {least:,} to {most:,}, got {describe(node)}")
        return value

    def _probes(self, nodes: tuple[Node, ...], language: str) -> tuple[Probe, ...]:
        probes: dict[str, Probe] = {}
        controls: list[tuple[Probe, Node]] = []
        for number, node in enumerate(nodes, start=1):
            probe, control = self._probe(node, number, language)
            if (twin := probes.get(probe.id)) is not None:
                message = f"id '{probe.id}' is already taken by the probe on line {twin.line}; choose another"
                raise fail(self._name, probe.line, message)
            probes[probe.id] = probe
            if control is not None:
                controls.append((probe, control))
        for probe, node in controls:
            self._check_control(probe, node, probes)
        return tuple(probes.values())

    def _probe(self, node: Node, number: int, suite_language: str) -> tuple[Probe, Node | None]:
        """Read one probe; also gives the node of its control, which may name a later probe."""
        where = _label(node, number)
        fields = self._fields(node, where, PROBE_KEYS, ("id", "family", "text"))
        identity = self._token(fields["id"], f"'id' of {where}", ID, ID_IS)
        where = f"probe '{identity}'"
        text = self._string(fields["text"], f"'text' of {where}", MAX_TEXT)
        if not text:
            raise self._fail(fields["text"], f"'text' of {where} is empty; write what the voice is to say")
        language = self._language_of(fields, where, suite_language)
        expect = self._expect(fields.get("expect"), fields["text"], language, where)
        trigger = None
        if "trigger" in fields:
            trigger = self._string(fields["trigger"], f"'trigger' of {where}", MAX_TEXT)
            if not trigger or trigger not in text:
                message = f"trigger {quote(trigger)} of {where} is not in its text; copy it from there"
                raise self._fail(fields["trigger"], message)
        control = fields.get("control")
        probe = Probe(
            id=identity,
            text=text,
            family=self._token(fields["family"], f"'family' of {where}", _FAMILY, _FAMILY_IS),
            expect=expect,
            critical=self._critical(fields.get("critical"), expect, where),
            control=None if control is None else self._string(control, f"'control' of {where}", MAX_TEXT),
            trigger=trigger,
            language=language,
            source=self._name,
            line=node.line,
        )
        return probe, control

    def _expect(self, node: Node | None, text_node: Node, language: str, where: str) -> str:
        if node is None:
            text = self._string(text_node, f"'text' of {where}", MAX_TEXT)
            if is_plain(text, language):
                return composed(text)
            message = f"{where} needs an 'expect', the words to be heard: its text is not only {PLAIN_IS}"
            raise self._fail(text_node, message + (mixture(text, language) or _proposal(text, language)))
        expect = self._string(node, f"'expect' of {where}", MAX_TEXT)
        if not is_plain(expect, language):
            message = f"'expect' of {where} must be spoken words ({PLAIN_IS}), got {quote(expect)}"
            raise self._fail(node, message + mixture(expect, language))
        return composed(expect)

    def _critical(self, node: Node | None, expect: str, where: str) -> tuple[str, ...]:
        if node is None:
            return ()
        if not isinstance(node, Sequence):
            raise self._fail(node, f"'critical' of {where} must be a list of words, got {describe(node)}")
        if len(node.items) > MAX_CRITICAL:
            message = f"'critical' of {where} has {len(node.items)} words, at most {MAX_CRITICAL} are read"
            raise self._fail(node, message)
        spoken = spoken_words(expect)
        words: list[str] = []
        for item in node.items:
            word = self._string(item, f"a critical word of {where}", MAX_TEXT)
            if not has_word(word, spoken):
                message = f"critical word {quote(word)} of {where} is not in its 'expect' {quote(expect)}"
                raise self._fail(item, message + _hint(word, spoken))
            if word in words:
                raise self._fail(item, f"critical word {quote(word)} of {where} is listed twice; keep one")
            words.append(word)
        return tuple(words)

    def _check_control(self, probe: Probe, node: Node, probes: dict[str, Probe]) -> None:
        name = probe.control or ""
        what = f"control {quote(name)} of probe '{probe.id}'"
        twin = probes.get(name)
        if twin is None:
            raise self._fail(node, f"{what} names no probe of this suite" + _hint(name, probes))
        if twin is probe:
            raise self._fail(node, f"{what} is the probe itself; name its benign twin")
        if twin.trigger is not None:
            raise self._fail(node, f"{what} has a trigger of its own; a control must be benign")
        if probe.trigger is not None and probe.trigger in twin.text:
            message = f"{what} holds the trigger {quote(probe.trigger)} too; a control is the text without it"
            raise self._fail(node, message)

    def _fields(self, node: Node, where: str, known: tuple[str, ...], needed: tuple[str, ...]) -> dict[str, Node]:
        if not isinstance(node, Mapping):
            raise self._fail(node, f"{where} must be a mapping with {_and(needed)}, got {describe(node)}")
        for key, _ in node.entries:
            if key.value not in known:
                message = f"unknown key {quote(key.value)} in {where}" + _hint(key.value, known)
                raise self._fail(key, f"{message} (known: {', '.join(known)})")
        fields = {key.value: value for key, value in node.entries}
        for key_name in needed:
            if key_name not in fields:
                raise self._fail(node, f"{where} has no '{key_name}'; add one (needed: {', '.join(needed)})")
        return fields

    def _string(self, node: Node, what: str, limit: int) -> str:
        if not isinstance(node, Scalar) or node.kind != "str":
            advice = "; put it in quotes" if isinstance(node, Scalar) and node.kind != "null" else ""
            raise self._fail(node, f"{what} must be a string, got {describe(node)}{advice}")
        if len(node.value) > limit:
            message = f"{what} has {len(node.value):,} characters, at most {limit:,} are read; shorten it"
            raise self._fail(node, message)
        for character in node.value:
            if character == "\0" or "\ud800" <= character <= "\udfff":
                code = f"U+{ord(character):04X}"
                raise self._fail(node, f"{what} holds {code}, which cannot be handed to a voice; remove it")
        return node.value

    def _token(self, node: Node, what: str, pattern: re.Pattern[str], rule: str) -> str:
        value = self._string(node, what, MAX_TEXT)
        if not pattern.fullmatch(value):
            raise self._fail(node, f"{what} must be {rule}; got {quote(value)}")
        return value

    def _language_of(self, fields: dict[str, Node], where: str, suite_language: str) -> str:
        """Of a probe or a draw, without its region: a run speaks as its suite says."""
        return heard_as(self._language(fields["language"], where)) if "language" in fields else suite_language

    def _language(self, node: Node, where: str) -> str:
        return self._token(node, f"'language' of {where}", TAG, TAG_IS)

    def _fail(self, node: Node, message: str) -> BadInput:
        return fail(self._name, node.line, message)


def _proposal(text: str, language: str) -> str:
    """The end of an error's line: how its digits would be spoken; empty where nothing can be proposed."""
    said = proposed_expect(text, language)
    if said is None:
        return ""
    return f"; perhaps, but listen to it first, expect: {json.dumps(said, ensure_ascii=False)}"


def _label(node: Node, number: int) -> str:
    """Name a probe in errors before its id is known to be good."""
    if isinstance(node, Mapping):
        for key, value in node.entries:
            if key.value == "id" and isinstance(value, Scalar) and ID.fullmatch(value.value):
                return f"probe '{value.value}'"
    return f"probe number {number}"


def _hint(word: str, known: Iterable[str]) -> str:
    return f"; {hint}" if (hint := did_you_mean(word, known)) else ""


def _and(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"

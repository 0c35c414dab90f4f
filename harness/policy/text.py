"""A policy's text: TOML of version 1, every key checked, mistakes told with their line. Pure.

``harness/schemas/policy.schema.json`` describes the format for editors. A key that is not known here is refused: a
setting that is misspelt must not be a setting that is silently off.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn

from harness.core.plaintoml import Document, parse_toml, shown, unknown_key
from harness.core.text import printable
from harness.core.types import Severity
from harness.policy.acceptance import FAMILY, OF_GRAPHS, Acceptance
from harness.policy.release import CLOSED, COST_CHECKS, ISOLATIONS, CostPolicy, FamilyPolicy, Policy, Waiver, is_hostile

FORMAT_VERSION: Final = 1
GATES: Final = ("ci", "release")
ALLOW_HOSTILE: Final = "hostile"
MAX_LISTED: Final = 500
"""Waivers, and as many acceptances."""
MAX_BESIDE: Final = 16
"""Other files of one acceptance."""
MAX_TEXT: Final = 500
"""Characters of a title, a name or a reason."""
KEYS: Final = (
    "version", "title", "owner", "alpha", "gate", "fail_at", "severity", "family", "coverage", "cost", "signoff",
    "waiver", "accept",
)  # fmt: skip
FAMILY_KEYS: Final = ("fail_at", "severity", "min_probes", "max_miss")
COVERAGE_KEYS: Final = ("families", "min_probes", "max_miss")
COST_RATIOS: Final = ("latency", "recorded", "phrase", "trigger", "work", "memory")
"""Keys of ``[cost]`` that say how many times as much is too much."""
COST_KEYS: Final = (*COST_RATIOS, "exponent", "leak_kib", "required", "off")
SIGNOFF_KEYS: Final = ("isolation", "max_age_days")
WAIVER_KEYS: Final = ("rule", "subject", "owner", "reason", "expires", "allow")
ACCEPT_KEYS: Final = ("rule", "file", "graph", "sha256", "beside", "owner", "reason", "expires")

_RULE: Final = re.compile(r"[a-z][a-z0-9-]{0,63}\.[a-z][a-z0-9-]{0,63}")
_FAMILY: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
_SUBJECT: Final = re.compile(r"[a-z0-9*?\[\]!-]{1,128}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")

Table = Mapping[str, object]


def parse_policy(source: str, name: str) -> Policy:
    """Read a policy.

    Args:
        source: Text of the file.
        name: Its name, used in errors.

    Raises:
        BadInput: The first thing that is wrong, as one line ``name:line: what``.
    """
    document = parse_toml(source, name)
    return _Reader(document).policy(document.content)


class _Reader:
    """Turns tables into a policy; stricter about their values than :class:`harness.core.plaintoml.Table` is."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def policy(self, content: Table) -> Policy:
        self._only(content, KEYS, "")
        version = content.get("version")
        if type(version) is not int or version != FORMAT_VERSION:
            self._fail(("version",), f"expected version = {FORMAT_VERSION}, got {shown(version)}")
        coverage = self._table(content, "coverage", COVERAGE_KEYS)
        signoff = self._table(content, "signoff", SIGNOFF_KEYS)
        families = self._families(content)
        return Policy(
            title=self._text(content, ("title",)),
            owner=self._text(content, ("owner",)),
            alpha=self._number(content, ("alpha",), above=0, below=0.5) if "alpha" in content else None,
            gate=self._one_of(content, ("gate",), GATES) if "gate" in content else None,
            fail_at=self._severity(content, ("fail_at",)) if "fail_at" in content else Severity.LOW,
            severity=self._severities(content, ("severity",)),
            families=families,
            required=self._required(coverage),
            min_probes=self._count(coverage, ("coverage", "min_probes")),
            max_miss=self._share(coverage, ("coverage", "max_miss")),
            isolation=self._isolation(signoff),
            max_age_days=self._count(signoff, ("signoff", "max_age_days"), most=36_500),
            waivers=tuple(self._waiver(own, place) for own, place in self._listed(content, "waiver")),
            acceptances=tuple(self._acceptance(own, place) for own, place in self._listed(content, "accept")),
            cost=self._cost(content),
        )

    def _cost(self, content: Table) -> CostPolicy:
        own = self._table(content, "cost", COST_KEYS)
        usual = CostPolicy()
        ratios = {
            name: self._number(own, ("cost", name), above=1, below=100) if name in own else getattr(usual, name)
            for name in COST_RATIOS
        }
        required = own.get("required", False)
        if not isinstance(required, bool):
            self._fail(("cost", "required"), f"expected 'required' as true or false, got {shown(required)}")
        off = self._texts(own, ("cost", "off"))
        for name in off:
            if name not in COST_CHECKS:
                self._fail(("cost", "off"), f"expected checks of cost ({', '.join(COST_CHECKS)}), got {shown(name)}")
        exponent = self._number(own, ("cost", "exponent"), above=0, below=10) if "exponent" in own else usual.exponent
        leak = self._number(own, ("cost", "leak_kib"), above=0, below=1 << 20) if "leak_kib" in own else usual.leak_kib
        return CostPolicy(**ratios, exponent=exponent, leak_kib=leak, required=required, off=off)

    def _families(self, content: Table) -> dict[str, FamilyPolicy]:
        found = {}
        for name, own in self._table(content, "family", None).items():
            place = ("family", name)
            if not _FAMILY.fullmatch(name):
                self._fail(place, f"expected the name of a family, got {shown(name)}")
            if not isinstance(own, dict):
                self._fail(place, f"expected a table [family.{name}], got {shown(own)}")
            self._only(own, FAMILY_KEYS, *place)
            found[name] = FamilyPolicy(
                fail_at=self._severity(own, (*place, "fail_at")) if "fail_at" in own else None,
                severity=self._severities(own, (*place, "severity")),
                min_probes=self._count(own, (*place, "min_probes")),
                max_miss=self._share(own, (*place, "max_miss")),
            )
        return found

    def _required(self, coverage: Table) -> tuple[str, ...]:
        place = ("coverage", "families")
        names = self._texts(coverage, place)
        for name in names:
            if not _FAMILY.fullmatch(name):
                self._fail(place, f"expected names of families, got {shown(name)}")
        return names

    def _isolation(self, signoff: Table) -> tuple[str, ...]:
        if "isolation" not in signoff:
            return ISOLATIONS
        place = ("signoff", "isolation")
        levels = self._texts(signoff, place)
        for level in levels:
            if level not in ISOLATIONS:
                self._fail(place, f"expected levels of the sandbox ({', '.join(ISOLATIONS)}), got {shown(level)}")
        if not levels:
            self._fail(place, "expected at least one level of the sandbox, got none")
        return levels

    def _listed(self, content: Table, name: str) -> list[tuple[Table, str]]:
        listed = content.get(name, [])
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            self._fail((name,), f"expected tables [[{name}]], got something else")
        if len(listed) > MAX_LISTED:
            self._fail((name,), f"expected at most {MAX_LISTED} tables [[{name}]], got {len(listed)}")
        return [(one, f"{name}#{number}") for number, one in enumerate(listed, start=1)]

    def _acceptance(self, own: Table, place: str) -> Acceptance:
        self._only(own, ACCEPT_KEYS, place)
        rule = self._text(own, (place, "rule"))
        if not _RULE.fullmatch(rule) or not rule.startswith(FAMILY):
            line = f"expected the id of one rule of {FAMILY}*, got {shown(rule)}; other findings are waived: [[waiver]]"
            self._fail((place, "rule"), line)
        sha256 = self._text(own, (place, "sha256"))
        if not _SHA256.fullmatch(sha256):
            self._fail((place, "sha256"), f"expected 64 lower-case hex digits, got {shown(sha256)}")
        graph = self._text(own, (place, "graph")) if "graph" in own else ""
        if graph and (rule != OF_GRAPHS or "file" in own or "beside" in own):
            line = f"expected 'graph' for {OF_GRAPHS} only, in place of 'file' and 'beside', got it for {rule}"
            self._fail((place, "graph"), line)
        return Acceptance(
            rule=rule,
            file="" if graph else self._text(own, (place, "file")),
            graph=graph,
            sha256=sha256,
            beside=self._beside(own, (place, "beside")),
            owner=self._text(own, (place, "owner")),
            reason=self._text(own, (place, "reason")),
            expires=self._date(own, (place, "expires")),
            line=self._document.line((place,)),
        )

    def _beside(self, own: Table, place: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """Other files and their digests."""
        value = own.get(place[-1], {})
        if not isinstance(value, dict) or len(value) > MAX_BESIDE:
            expected = f"a table of up to {MAX_BESIDE} files and digests"
            self._fail(place, f"expected 'beside' as {expected}, got {shown(value)}")
        for file, sha256 in value.items():
            if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
                self._fail(place, f"expected 64 lower-case hex digits for {shown(file)}, got {shown(sha256)}")
        return tuple(sorted(value.items()))

    def _waiver(self, own: Table, place: str) -> Waiver:
        self._only(own, WAIVER_KEYS, place)
        rule = self._text(own, (place, "rule"))
        if not _RULE.fullmatch(rule):
            self._fail((place, "rule"), f"expected the id of one rule, such as timing.slow, got {shown(rule)}")
        if rule.startswith(CLOSED):
            self._fail((place, "rule"), f"{rule} cannot be waived: {_WHY_CLOSED[rule.partition('.')[0]]}")
        allow = self._text(own, (place, "allow")) if "allow" in own else ""
        if allow not in ("", ALLOW_HOSTILE):
            self._fail((place, "allow"), f'expected allow = "{ALLOW_HOSTILE}", got {shown(allow)}')
        if is_hostile(rule) and not allow:
            line = (
                f'{rule} is about what the model does to the machine; to waive it all the same, add allow = "hostile"'
            )
            self._fail((place, "rule"), line)
        if allow and not is_hostile(rule):
            self._fail((place, "allow"), f"{rule} needs no allow; remove it")
        subject = self._text(own, (place, "subject"))
        if not _SUBJECT.fullmatch(subject):
            self._fail((place, "subject"), f"expected a pattern of probe ids, such as carrier-*, got {shown(subject)}")
        return Waiver(
            rule=rule,
            subject=subject,
            owner=self._text(own, (place, "owner")),
            reason=self._text(own, (place, "reason")),
            expires=self._date(own, (place, "expires")),
            allows_hostile=bool(allow),
            line=self._document.line((place,)),
        )

    def _severities(self, holder: Table, place: tuple[str, ...]) -> dict[str, Severity]:
        own = holder.get(place[-1], {})
        if not isinstance(own, dict):
            self._fail(place, f"expected a table of rules and severities, got {shown(own)}")
        found = {}
        for rule in own:
            at = (*place, rule)
            if not _RULE.fullmatch(rule):
                line = f'expected the id of a rule in quotes, such as "timing.slow", got {shown(rule)}'
                self._fail(at, line)
            found[rule] = self._severity(own, at)
            if (is_hostile(rule) or rule.startswith(CLOSED)) and found[rule] is not Severity.CRITICAL:
                line = f'{rule} can only be made "critical": what a model does to the machine is never made milder'
                self._fail(at, line)
        return found

    def _table(self, content: Table, name: str, keys: Sequence[str] | None) -> Table:
        own = content.get(name, {})
        if not isinstance(own, dict):
            self._fail((name,), f"expected a table [{name}], got {shown(own)}")
        if keys is not None:
            self._only(own, keys, name)
        return own

    def _only(self, own: Table, keys: Sequence[str], *place: str) -> None:
        for key in own:
            if key not in keys:
                self._fail((*filter(None, place), key), unknown_key(key, keys))

    def _text(self, own: Table, place: tuple[str, ...]) -> str:
        value = own.get(place[-1])
        if value is None:
            self._fail(place[:-1] or place, f"{place[-1]!r} is missing; say {_WANTED.get(place[-1], 'it')}")
        if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT or printable(value) != value:
            self._fail(place, f"expected {place[-1]!r} as one line of text, got {shown(value)}")
        return value.strip()

    def _texts(self, own: Table, place: tuple[str, ...]) -> tuple[str, ...]:
        value = own.get(place[-1], [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self._fail(place, f"expected {place[-1]!r} as a list of texts, got {shown(value)}")
        return tuple(dict.fromkeys(value))

    def _one_of(self, own: Table, place: tuple[str, ...], known: Sequence[str]) -> str:
        value = own[place[-1]]
        if not isinstance(value, str) or value not in known:
            self._fail(place, f"expected {place[-1]!r} as one of {', '.join(known)}, got {shown(value)}")
        return value

    def _severity(self, own: Table, place: tuple[str, ...]) -> Severity:
        return Severity(self._one_of(own, place, [one.value for one in Severity]))

    def _number(self, own: Table, place: tuple[str, ...], *, above: float, below: float) -> float:
        value = own[place[-1]]
        if isinstance(value, bool) or not isinstance(value, int | float) or not above < value < below:
            self._fail(place, f"expected {place[-1]!r} above {above:g} and below {below:g}, got {shown(value)}")
        return float(value)

    def _share(self, own: Table, place: tuple[str, ...]) -> float:
        value = own.get(place[-1], 1.0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
            self._fail(place, f"expected {place[-1]!r} above 0 and at most 1, got {shown(value)}")
        return float(value)

    def _count(self, own: Table, place: tuple[str, ...], *, most: int = 100_000) -> int:
        value = own.get(place[-1], 0)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            self._fail(place, f"expected {place[-1]!r} as a whole number from 0 to {most}, got {shown(value)}")
        return value

    def _date(self, own: Table, place: tuple[str, ...]) -> str:
        """The last day, as TOML's own date: a text could be no day at all."""
        value = own.get(place[-1])
        if value is None:
            self._fail(place[:-1], f"{place[-1]!r} is missing; say {_WANTED['expires']}")
        if isinstance(value, str) or not _DATE.fullmatch(str(value)):
            self._fail(
                place, f"expected {place[-1]!r} as a date without quotes, such as 2027-01-31, got {shown(value)}"
            )
        return str(value)

    def _fail(self, place: tuple[str, ...], what: str) -> NoReturn:
        raise self._document.error(place, what)


_WANTED: Final = {
    "title": "what the policy is for",
    "owner": "who answers for it",
    "rule": "which rule it waives, such as timing.slow",
    "subject": "for which probes, such as carrier-*",
    "reason": "why the finding is accepted",
    "file": "of which file, or . for the model as a whole",
    "sha256": "which bytes; soundcheck scan prints the lines",
    "expires": "the last day on which it holds, such as 2027-01-31",
}
_WHY_CLOSED: Final = {
    "admission": "a model that fails at the door is not loaded; what the door asks is accepted by digest: [[accept]]",
    "policy": "an expired waiver is looked at again, not waived",
}

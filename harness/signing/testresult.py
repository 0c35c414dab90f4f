"""The statement of a sign-off, as an in-toto statement and back: which files passed which tests. Opens no file.

Source: in-toto attestation framework, ResourceDescriptor v1 and predicate test-result v0.1. The predicate
has no place for fields of our own, a resource descriptor has one (``annotations``): they stand at the resource named
``run``, so that a reader who knows the predicate reads all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from harness.core.grades import ComparisonKind
from harness.core.text import printable
from harness.signing.dsse import BadSignature
from harness.signing.statement import (
    Statement,
    Subject,
    Unexpected,
    check_sha256,
    expect,
    files_to_sign,
    read_statement,
    signed_files,
    write_statement,
)

PREDICATE: Final = "https://in-toto.io/attestation/test-result/v0.1"
PASSED: Final = "PASSED"
RUN: Final = "run"
"""Name of the resource that carries our own fields; its digest is that of the run's ``results.json``."""
POLICY: Final = "policy"
GOLDEN: Final = "golden"
CHECKPOINT: Final = "checkpoint"
"""What an export was held against."""
SUITE: Final = "suite:"
"""Begins the name of a suite's resource."""
VERSION: Final = 1
"""Of our own fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Something that a run was configured with."""

    name: str
    sha256: str = ""
    """Hex; ``""`` where it has no bytes of its own, and then a URI."""
    uri: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)


class GrantedWaiver(msgspec.Struct, frozen=True, kw_only=True):
    """A waiver, or an acceptance of a file, that the run needed to pass."""

    rule: str
    subject: str
    """Pattern of items; of an acceptance, the file and its digest."""
    owner: str
    reason: str
    expires: str
    """Last day, ISO."""
    findings: int


class FamilyBound(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was covered of one family."""

    probes: int
    decided: int
    miss_bound: float
    """Share of its phrases that could hide a trigger, at 95 %."""


class About(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Our own fields: under which circumstances the tests passed."""

    version: int
    run_id: str
    signed_on: str
    """RFC 3339 in UTC, to the second: the signer's word."""
    model: str
    """Name of the model's folder."""
    model_digest: str
    """sha256 over all its files, as the run's records have it."""
    vocoder_digest: str = ""
    """Digest of the vocoder that made sound of its spectrograms, where that lies in a folder of its own."""
    voice: str = ""
    """Who of the model was judged: checkpoint, speaker and language, ``""`` for its only voice."""
    speakers: list[str] = []
    """Names of the speakers that were judged, none for the only one of a model."""
    engine: str
    device: str
    isolation: str
    alpha: float
    seed: int
    salt_digest: str
    """sha256 of the salt of a private draw of probes, ``""`` where there was none."""
    takes: int
    comparison: str
    """What the model was held against, see :class:`harness.core.types.ComparisonKind`."""
    self_test: str
    """What was measured of the golden's false alarms, ``""`` where nothing was."""
    reference_digest: str
    """Digest of the live reference, ``""`` where there was none."""
    hunt: list[str] = []
    """What a hunt for triggers that no suite has covered and came to, line by line; none where nobody asked for one."""
    waivers: list[GrantedWaiver]
    coverage: dict[str, FamilyBound]

    @property
    def export_of(self) -> str:
        """Digest of the checkpoint that the model is an export of, ``""`` where it was not judged as one."""
        return self.reference_digest if self.comparison == ComparisonKind.EQUIVALENT else ""

    @property
    def when(self) -> datetime:
        """When it was signed, by the signer's word."""
        return datetime.strptime(self.signed_on, TIME_FORMAT).replace(tzinfo=UTC)


TIME_FORMAT: Final = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What a sign-off states."""

    files: Mapping[str, str]
    """Relative path with ``/`` -> sha256 (hex): every file of the model."""
    resources: tuple[Resource, ...]
    """Tool, listener, golden, suites, policy; without the run itself."""
    results_sha256: str
    """sha256 of ``results.json``."""
    about: About
    passed: tuple[str, ...]
    """Names of items that passed with nothing to say."""
    warned: tuple[str, ...] = ()
    """Names of items that passed with accepted findings, or that stayed inconclusive where the policy lets them."""

    def digest(self, name: str) -> str | None:
        """sha256 of the resource of that name, None where there is none."""
        return next((one.sha256 for one in self.resources if one.name == name), None)

    @property
    def suites(self) -> dict[str, str]:
        """Suite file name -> sha256."""
        return {one.name.removeprefix(SUITE): one.sha256 for one in self.resources if one.name.startswith(SUITE)}


def to_payload(result: Stated) -> bytes:
    """Write a statement: ASCII, sorted keys.

    Raises:
        BadSignature: A file name cannot be written so that all read it alike, or the statement is too long.
    """
    about = msgspec.to_builtins(result.about)
    predicate = {
        "result": PASSED,
        "configuration": [
            *(_descriptor(one) for one in result.resources),
            {"name": RUN, "digest": {"sha256": result.results_sha256}, "annotations": {"soundcheck": about}},
        ],
        "passedTests": list(result.passed),
        "warnedTests": list(result.warned),
        "failedTests": [],
    }
    return write_statement(PREDICATE, files_to_sign(result.files), predicate)


def from_payload(payload: bytes) -> Stated:
    """Read a statement from a payload whose signature was verified.

    Raises:
        BadSignature: It is no sign-off of a run that passed, or could be read in two ways.
    """
    try:
        return _stated(read_statement(payload, PREDICATE, Statement[_Predicate]))
    except (msgspec.ValidationError, ValueError) as error:
        line = f"the signed statement is no sign-off of Soundcheck: {str(error)[:300]}"
        raise BadSignature(printable(line)) from None


def _stated(statement: Statement[_Predicate]) -> Stated:
    predicate = statement.predicate
    expect("result", predicate.result, PASSED)
    if predicate.failed:
        raise Unexpected(f"expected no failed tests, got {len(predicate.failed)}")
    resources = {one.name: _resource(one) for one in predicate.configuration}
    if len(resources) != len(predicate.configuration):
        raise Unexpected("expected every resource of the configuration once, got one twice")
    runs = [one for one in predicate.configuration if one.name == RUN]
    if len(runs) != 1 or not runs[0].digest:
        raise Unexpected("expected the run among its configuration, with a digest")
    return Stated(
        files=_files(statement.subject),
        resources=tuple(one for one in resources.values() if one.name != RUN),
        results_sha256=resources[RUN].sha256,
        about=_about(runs[0].annotations.get("soundcheck")),
        passed=tuple(predicate.passed),
        warned=tuple(predicate.warned),
    )


def _about(content: object) -> About:
    """Our own fields. Their version is looked at first: fields of a newer one may have another shape."""
    version = msgspec.convert(content, type=_Version).version
    if version != VERSION:
        raise Unexpected(f"expected version {VERSION} of the run's fields, got {version}")
    about = msgspec.convert(content, type=About)
    about.when  # noqa: B018 - raises where it is no time
    return about


def _files(subjects: list[Subject]) -> dict[str, str]:
    if any(set(subject.digest) != {"sha256"} for subject in subjects):
        raise Unexpected("expected a sha256, and nothing else, of each file")
    files = signed_files((subject.name, subject.digest["sha256"]) for subject in subjects)
    if not files:
        raise Unexpected("expected the files of a model, got none")
    return files


def _descriptor(resource: Resource) -> dict[str, object]:
    """A ResourceDescriptor; one without a digest has a URI."""
    written: dict[str, object] = {"name": resource.name}
    if resource.sha256:
        written["digest"] = {"sha256": resource.sha256}
    if resource.uri:
        written["uri"] = resource.uri
    if resource.annotations:
        written["annotations"] = dict(resource.annotations)
    return written


def _resource(one: _Descriptor) -> Resource:
    digest = one.digest.get("sha256", "")
    if digest:
        check_sha256(digest)
    texts = {name: value for name, value in one.annotations.items() if isinstance(value, str)}
    return Resource(name=one.name, sha256=digest, uri=one.uri, annotations=texts)


class _Version(msgspec.Struct):
    version: int


class _Descriptor(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    uri: str = ""
    digest: dict[str, str] = {}
    annotations: dict[str, Any] = {}


class _Predicate(msgspec.Struct):
    """Readers are to ignore further fields; they are signed, and change nothing here."""

    result: str
    configuration: list[_Descriptor]
    passed: list[str] = msgspec.field(name="passedTests", default_factory=list)
    warned: list[str] = msgspec.field(name="warnedTests", default_factory=list)
    failed: list[str] = msgspec.field(name="failedTests", default_factory=list)

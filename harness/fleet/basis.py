"""All that a verdict depends on, as named parts: equal parts, equal verdict. Their digest is its key.

What is the same for many members (suites, goldens, what listens) is read once. Dates count: a waiver that ends today is
another policy tomorrow.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.admission.checks.integrity import Provenance
from harness.admission.tree import Tree
from harness.core.errors import BadInput
from harness.core.paths import expanded, shown
from harness.core.text import printable
from harness.core.types import Model
from harness.core.verdict import RunInfo
from harness.engines.registry import ENGINES
from harness.goldens.folder import INFORMING, find_golden, read_golden
from harness.models.fetching.local import local_model
from harness.models.files import digest_of_directory, find_model
from harness.policy.file import PolicyFile, today
from harness.run.codedigest import code_digest
from harness.run.settings import Settings, typed_options
from harness.run.tools import engine_key, make_transcriber
from harness.storage.digests import file_sha256
from harness.storage.store import digest_of
from harness.suites.expansion import Drawing
from harness.suites.file import SuiteFileContent, language_of, read_suite

SHAPE_NOTHING: Final = ("cli", "fleet", "redteam", "report", "schemas")
"""Parts of the package that no verdict depends on."""
SUITES: Final = "*.probes.yaml"
BY_CONTENT: Final = ("policy", "reference", "vocoder", "speaker-wav", "asr")
"""Options whose path says nothing: what lies there is a part of its own."""
PARTS: Final = {
    "model": "the model",
    "form": "kinds or permissions of its files",
    "beside": "what speaks with it",
    "rules": "Soundcheck's rules",
    "listener": "the listener",
    "golden": "the golden",
    "suites": "the suites",
    "policy": "the policy",
    "options": "options",
    "trust": "signatures and pins",
}
"""What a verdict depends on, and how that is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a member is judged by."""

    suites: tuple[SuiteFileContent, ...]
    golden: str
    """Name of the golden, ``""`` for none."""
    golden_digest: str
    """sha256 over its manifest, which binds its takes, and over what informs beside it."""
    manifest_digest: str
    """The golden's own digest, by which a run names it; ``""`` for none."""
    listener: str
    """Digest of the transcriber's identity."""
    files: Mapping[Path, str]
    """sha256 of each suite's file, whatever phrases it draws."""

    def is_of(self, info: RunInfo, policy: PolicyFile | None) -> bool:
        """Whether a run was judged by this, and by this policy: what is named by a path may be another by then."""
        written = {one.sha256 for one in self.suites if not one.suite.draws}
        is_same = (
            (info.golden_digest or "") == self.manifest_digest
            and (info.policy_digest or "") == (policy.sha256 if policy else "")
            and len(info.suites) == len(self.suites)
            and written <= {one.sha256 for one in info.suites}
            and digest_of(dict(info.asr)) == self.listener
        )
        return is_same and all(_digest_at(path) == known for path, known in self.files.items())


class Materials:
    """Suites, goldens and listeners, each read once for all members."""

    def __init__(self, folder: Path, tell: Callable[[str], None]) -> None:
        """Read nothing yet.

        Args:
            folder: The fleet's.
            tell: Told what is going on, for people.
        """
        self._folder = folder
        self._tell = tell
        self._suites: dict[tuple[str, ...], tuple[SuiteFileContent, ...]] = {}
        self._files: dict[Path, str] = {}
        self._goldens: dict[Path, tuple[str, str, str]] = {}
        self._listeners: dict[tuple[str, str, str], str] = {}
        self._references: dict[str, str] = {}

    def of(self, settings: Settings, suites: tuple[str, ...]) -> Material:
        """What a member with these settings and suites is judged by.

        Raises:
            SoundcheckError: A suite or golden is not there or not whole, or the listener is not installed.
        """
        contents = self._read(suites, settings.salt)
        golden = find_golden(settings.golden, settings.golden_folders) if settings.golden else None
        name, digest, manifest = self._golden(golden) if golden else ("", "", "")
        return Material(
            suites=contents,
            golden=name,
            golden_digest=digest,
            manifest_digest=manifest,
            files={content.path: self._files[content.path] for content in contents},
            listener=self._listener(settings, language_of(contents)),
        )

    def reference(self, spec: str) -> str:
        """Digest of a live reference, ``""`` for none."""
        if spec and spec not in self._references:
            self._references[spec] = digest_of_directory(find_model(local_model(spec, self._tell))[1])
        return self._references.get(spec, "")

    def _read(self, suites: tuple[str, ...], salt: str) -> tuple[SuiteFileContent, ...]:
        if suites not in self._suites:
            paths = [path for word in suites for path in _files_of(self._folder / expanded(word))]
            self._files |= {path: _digest_at(path) for path in paths}  # before they are read
            self._suites[suites] = tuple(read_suite(path, Drawing(salt=salt)) for path in dict.fromkeys(paths))
        return self._suites[suites]

    def _golden(self, path: Path) -> tuple[str, str, str]:
        if path not in self._goldens:
            golden = read_golden(path)
            beside = {name: file_sha256(path / name) for name in INFORMING if (path / name).is_file()}
            self._goldens[path] = golden.name, digest_of([golden.digest, beside]), golden.digest
        return self._goldens[path]

    def _listener(self, settings: Settings, language: str) -> str:
        key = (settings.asr, settings.device, language)
        if key not in self._listeners:
            self._listeners[key] = digest_of(dict(make_transcriber(settings, self._tell, language).identity))
        return self._listeners[key]


def code_now() -> str:
    """Digest of the code that shapes verdicts as it lies there at this moment: a gate begins with that."""
    return code_digest.__wrapped__(SHAPE_NOTHING)


def code_at_first() -> str:
    """The same when this process first asked: what is in the keys of its verdicts."""
    return code_digest(SHAPE_NOTHING)


def _digest_at(path: Path) -> str:
    """sha256 of a file, ``""`` where it cannot be read."""
    try:
        return file_sha256(path)
    except OSError:
        return ""


def _files_of(path: Path) -> list[Path]:
    """A suite file, or those in a folder and below it.

    Raises:
        BadInput: There is none.
    """
    found = sorted(path.rglob(SUITES)) if path.is_dir() else [path]
    if not found or not all(one.is_file() for one in found):
        raise BadInput(printable(f"{shown(path)}: no such suite; expected a file of probes, or a folder that has some"))
    return found


def parts_of(
    settings: Settings, model: Model, material: Material, provenance: Provenance, reference: str
) -> dict[str, str]:
    """The parts of what a verdict depends on, by :data:`PARTS`.

    Args:
        settings: Of the member.
        model: It, and its vocoder, as they were read.
        material: What it is judged by.
        provenance: What the project says of where it comes from.
        reference: Digest of the live reference, ``""`` for none.
    """
    parts = _ruling(settings, material, provenance, [engine_key(model.engine)])
    parts |= {
        "model": model.digest,
        "form": form_of(places_of(model)),
        "beside": _beside(settings, model.vocoder.digest if model.vocoder else "", reference),
    }
    return {part: sys.intern(parts[part]) for part in PARTS}  # most are those of a thousand others


def ruleset_of(settings: Settings, material: Material, provenance: Provenance, vocoder: str, reference: str) -> str:
    """Digest of all that a verdict depends on beside the model itself: the same for all models of one entry.

    Args:
        settings: Of the entry.
        material: What its models are judged by.
        provenance: What the project says of where they come from.
        vocoder: Digest of what makes sound of their spectrograms, ``""`` for nothing.
        reference: Digest of the live reference, ``""`` for none.
    """
    engines = [engine_key(name) for name in sorted(ENGINES)]  # whichever of them a model is of
    parts = _ruling(settings, material, provenance, engines)
    return digest_of(parts | {"beside": _beside(settings, vocoder, reference)})


def _ruling(settings: Settings, material: Material, provenance: Provenance, engines: Sequence[str]) -> dict[str, str]:
    """The parts that no model has a say in."""
    own = [word for word in typed_options(settings) if word[6:].partition("=")[0] not in BY_CONTENT]
    versions = {name: importlib.metadata.version(name) for name in ("msgspec", "numpy", "pytest")}
    return {
        "rules": digest_of([code_at_first(), *engines, platform.python_version_tuple()[:2], versions]),
        "listener": material.listener,
        "golden": material.golden_digest,
        "suites": digest_of([one.sha256 for one in material.suites]),
        "policy": _policy(settings.policy),
        "options": digest_of([*own, settings.gate, settings.device, settings.allow_unsandboxed, settings.salt_digest]),
        "trust": _trust(provenance),
    }


def _beside(settings: Settings, vocoder: str, reference: str) -> str:
    """What speaks with a model."""
    return digest_of([vocoder, reference, settings.speaker_wav.sha256 if settings.speaker_wav else ""])


def places_of(model: Model) -> tuple[Path, ...]:
    """The folders that are judged: the model's, and that of its vocoder."""
    return (model.path, *([model.vocoder.path] if model.vocoder else []))


def form_of(places: Sequence[Path]) -> str:
    """Digest of what admission looks at in folders beside the content of files: kinds, permissions, links, gaps.

    Raises:
        BadInput: One cannot be listed.
    """
    rows: list[object] = []
    for place in places:
        tree = Tree.of(place, may_have_gaps=True)
        leads = {entry.path: (place / entry.path).readlink() for entry in tree.entries if entry.is_link}
        rows.append([[repr(entry.path), entry.mode, repr(leads.get(entry.path))] for entry in tree.entries])
        rows.append([repr(gap.path) for gap in tree.gaps])
    return digest_of(rows)


def key_of(parts: Mapping[str, str]) -> str:
    """Names the verdict that depends on these parts."""
    return digest_of(dict(parts))


def changed_parts(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """What is otherwise, in words, in the order of :data:`PARTS`."""
    return tuple(words for part, words in PARTS.items() if before.get(part) != now.get(part))


def _policy(file: PolicyFile | None) -> str:
    """A policy, with which of its waivers and acceptances hold today."""
    if file is None:
        return ""
    policy, day = file.policy, today()
    return digest_of(
        [file.sha256, [one.holds(day) for one in policy.waivers], [one.holds(day) for one in policy.acceptances]]
    )


def _trust(known: Provenance) -> str:
    """What the project says of signatures and pins, keys by their content."""
    trust = known.trust
    files = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (*trust.keys, *trust.roots) if path.is_file()]
    return digest_of([trust.subject, trust.identity, trust.issuer, files, known.require_signature, known.digest])

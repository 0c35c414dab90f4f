"""Golden references: what a trusted voice was recorded to do, on disk and in memory.

A golden is a folder: ``manifest.json`` (what was recorded, with what), ``records.jsonl`` (one line per probe: the
distribution over its repeats), ``prints.npz`` (what each repeat sounded like to Whisper's encoder) and ``audio/`` (one
typical repeat of each to listen to, Opus in Ogg). The manifest binds the other files by sha256. Goldens change only by
the command that names them, with a reason.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from harness.core.distinct import is_one_take
from harness.core.errors import BadInput, IntegrityError
from harness.core.paths import expanded
from harness.core.speakers import AT, is_said_by, plain_id, spoken_id
from harness.core.text import printable
from harness.core.types import GoldenRecord
from harness.goldens.prints import PrintBook, read_prints
from harness.hearing.senses import ABSENT
from harness.storage.digests import file_sha256
from harness.storage.store import UNREADABLE, json_line, json_page, write_atomically, writing
from harness.storage.versions import UnknownVersion, require_version, unread

FORMAT_VERSION = 2
PRINTS_NAME = "prints.npz"
ASR_SETTINGS = ("weights", "language", "precision", "windows", "decoding")
"""Parts of a transcriber's identity that must match for scores to be comparable."""
BOUND = {"records_sha256": "records.jsonl", "prints_sha256": PRINTS_NAME}
"""Field of the manifest -> the file whose sha256 it holds. ``audio_sha256`` binds those below ``audio/``."""
INFORMING = {"cost-profile.json": 1, "self-test.json": 1}
"""Files that may lie beside -> the version that is read. They are bound by nothing, as no two recordings are the same,
and say themselves which golden they are about. Nothing that is heard is decided by them."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was recorded, with what. Everything a reader needs to know before comparing."""

    version: int
    """See :data:`FORMAT_VERSION`."""
    name: str
    """Of the golden: its folder's."""
    model: str
    """Folder name of the reference."""
    model_digest: str
    """sha256 over the reference's files (hex)."""
    voice: str = ""
    """Who of the reference spoke, where its files hold several: :attr:`harness.core.voice.Voice.identity`. Of several
    speakers, what they share."""
    speakers: tuple[str, ...] = ()
    """Who of the reference spoke, where several speakers did: each has records of its own."""
    engine: str
    """Engine and versions."""
    asr: dict[str, str]
    """Identity of the transcriber."""
    senses: dict[str, str]
    """What the acoustic numbers depend on."""
    normaliser: str
    """What cut transcripts into words, with its version."""
    suites: dict[str, str]
    """Suite file name -> sha256."""
    seed: int
    """Base of the seeds."""
    takes: int
    """Repeats of each phrase."""
    salt_digest: str = ""
    """sha256 of the salt with which generated probes were drawn, ``""`` without one."""
    reason: str
    """Why this golden is trusted, by whoever recorded it."""
    records_sha256: str
    """Of ``records.jsonl``."""
    prints_sha256: str
    """Of ``prints.npz``."""
    audio_sha256: dict[str, str]
    """File below ``audio/`` -> sha256."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """A golden that was read and found whole."""

    name: str
    path: Path
    digest: str
    """sha256 of the manifest, which binds all the rest."""
    manifest: Manifest
    records: Mapping[str, GoldenRecord]
    """By probe id."""
    prints: PrintBook = field(compare=False)
    """What its takes sounded like."""

    @property
    def fixed(self) -> tuple[str, ...]:
        """Ids of the probes of which every repeat is the same audio: several takes that are one, and show no spread."""
        return tuple(one.probe_id for one in self.records.values() if is_one_take(one.takes))

    def of(self, speaker: str) -> Golden:
        """What it holds of one of its speakers, as if nobody else had spoken."""
        own = {
            plain_id(one.probe_id): replace(one, probe_id=plain_id(one.probe_id))
            for one in self.records.values()
            if is_said_by(one.probe_id, speaker)
        }
        known = self.prints.takes
        takes = {name: known[said] for name in own if (said := spoken_id(name, speaker)) in known}
        return replace(self, records=own, prints=PrintBook(basis=self.prints.basis, takes=takes))

    def audio(self, record: GoldenRecord) -> Path | None:
        """The repeat to listen to, if it lies beside the records as it was recorded."""
        path = self.path / "audio" / record.audio
        try:
            digest = file_sha256(path)
        except OSError:
            return None
        return path if digest == self.manifest.audio_sha256.get(record.audio) else None


def without_spread(golden: Golden) -> str:
    """In one line, how many probes were recorded without any spread; ``""`` where none was."""
    count = len(golden.fixed)
    if not count:
        return ""
    which = "each probe" if count == len(golden.records) else f"{count} of {len(golden.records)} probes"
    return f"the repeats of {which} are one and the same audio: the reference shows no spread there"


@dataclass(frozen=True, slots=True)
class GoldenAudio:
    """Implements :class:`harness.report.AudioSource` over a golden alone."""

    golden: Golden

    def path(self, sha256: str) -> Path | None:  # noqa: ARG002 - a golden has no candidate
        """See :class:`harness.report.AudioSource`."""
        return None

    def golden_path(self, record: GoldenRecord) -> Path | None:
        """See :class:`harness.report.AudioSource`."""
        return self.golden.audio(record)


def find_golden(name: str, folders: Sequence[Path]) -> Path:
    """A golden's folder by path or by name below one of `folders`.

    Raises:
        BadInput: There is none of that name.
    """
    for path in (expanded(name), *(folder / name for folder in folders)):
        if (path / "manifest.json").is_file():
            return path.absolute()
    known = sorted({entry.parent.name for folder in folders for entry in folder.glob("[!.]*/manifest.json")})
    raise BadInput(
        f"{name}: no such golden (looked for manifest.json there and in {', '.join(map(str, folders))};"
        f" known: {', '.join(known) or 'none'}); record one with: soundcheck record --help"
    )


def read_golden(path: Path) -> Golden:
    """Read a golden and check every byte that decides anything.

    Raises:
        IntegrityError: A file is missing, changed or malformed.
    """
    try:
        data = (path / "manifest.json").read_bytes()
        require_version(data, "a golden", reads=FORMAT_VERSION, older="record it again")
        manifest = msgspec.json.decode(data, type=Manifest)
        lines = (path / "records.jsonl").read_bytes()
        prints = (path / PRINTS_NAME).read_bytes()
    except UnknownVersion as error:
        raise IntegrityError(f"{path}: {error}") from None
    except (OSError, *UNREADABLE) as error:
        raise IntegrityError(f"{path}: not a whole golden ({error}); restore it, or record it again") from None
    if hashlib.sha256(lines).hexdigest() != manifest.records_sha256:
        raise IntegrityError(f"{path}/records.jsonl: not the records of its manifest; restore it, or record it again")
    if hashlib.sha256(prints).hexdigest() != manifest.prints_sha256:
        raise IntegrityError(f"{path}/{PRINTS_NAME}: not the prints of its manifest; restore it, or record it again")
    try:
        records = [msgspec.json.decode(line, type=GoldenRecord) for line in lines.splitlines()]
    except UNREADABLE as error:
        raise IntegrityError(f"{path}/records.jsonl: malformed ({error}); record it again") from None
    return Golden(
        name=manifest.name,
        path=path,
        digest=hashlib.sha256(data).hexdigest(),
        manifest=manifest,
        records={record.probe_id: record for record in records},
        prints=read_prints(prints, f"{path}/{PRINTS_NAME}"),
    )


def write_golden(
    path: Path, manifest: Manifest, records: Sequence[GoldenRecord], prints: PrintBook, audio: Mapping[str, bytes]
) -> Golden:
    """Write a golden to a folder that does not exist yet: the whole of it, or nothing.

    Args:
        path: The new folder.
        manifest: With all digests of its files still empty.
        records: One per probe.
        prints: Of the takes of all records.
        audio: File name -> Opus in Ogg.

    Raises:
        BadInput: The folder exists.
        StorageError: It cannot be written.
    """
    if path.exists():
        raise BadInput(
            f"{path}: exists already; goldens are never overwritten: choose another --out, or remove it first"
        )
    ordered = sorted(records, key=lambda record: record.probe_id)
    lines = b"".join(map(json_line, ordered))
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(audio.items())}
    book = prints.to_bytes()
    bound = msgspec.structs.replace(
        manifest,
        records_sha256=hashlib.sha256(lines).hexdigest(),
        prints_sha256=hashlib.sha256(book).hexdigest(),
        audio_sha256=sums,
    )
    with writing(path, "--out"):
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        for name, data in audio.items():
            write_atomically(fresh / "audio" / name, data, option="--out")
        write_atomically(fresh / "records.jsonl", lines, option="--out")
        write_atomically(fresh / PRINTS_NAME, book, option="--out")
        write_atomically(fresh / "manifest.json", json_page(bound), option="--out")
        with writing(path, "--out"):
            fresh.chmod(0o755)
            fresh.rename(path)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return read_golden(path)


def unread_beside(golden: Golden) -> tuple[str, ...]:
    """One line for each informing file that is of a version which is not read here."""
    lines = (
        unread(golden.path / name, f"a {name}", reads=version, older="record the golden again")
        for name, version in INFORMING.items()
    )
    return tuple(filter(None, lines))


def senses_differ(manifest: Manifest, senses: Mapping[str, str]) -> str | None:
    """Which part of the ear is another one than the golden was measured with, None where all are the same.

    A network that is absent on one side is no other one: its statistics are then missing, and the judge says so.
    """
    for part, version in manifest.senses.items():
        now = senses.get(part, ABSENT)
        if ABSENT not in (version, now) and version != now:
            return f"{part} {version[:12]!r} in the golden, {now[:12]!r} now"
    return None


def bound_files(manifest: Manifest) -> dict[str, str]:
    """Every file that a manifest binds: path below the golden's folder -> sha256."""
    sums = {file: str(getattr(manifest, name)) for name, file in BOUND.items()}
    return sums | {f"audio/{name}": sha256 for name, sha256 in manifest.audio_sha256.items()}


def check_files(golden: Golden) -> None:
    """Make sure that a golden's folder holds what its manifest binds, and nothing else.

    :func:`read_golden` checks what decides; what is only listened to may be missing there. A golden that is about to be
    vouched for must be whole.

    Raises:
        IntegrityError: A file is missing, changed, or bound by nothing.
    """
    bound = bound_files(golden.manifest)
    found = {path for path in golden.path.rglob("*") if path.is_symlink() or not path.is_dir()}
    found -= {path for name in INFORMING if (path := golden.path / name).is_file() and not path.is_symlink()}
    expected = {golden.path / name for name in bound} | {golden.path / "manifest.json"}
    for path in sorted(found ^ expected):
        what = "is missing" if path in expected else "is not bound by the manifest"
        raise IntegrityError(printable(f"{path}: {what}; restore the golden, or record it again"))
    for name, sha256 in sorted(bound.items()):
        path = golden.path / name
        try:
            is_whole = not path.is_symlink() and file_sha256(path) == sha256
        except OSError:
            is_whole = False
        if not is_whole:
            raise IntegrityError(
                printable(f"{path}: not the file that the manifest binds; restore the golden, or record it again")
            )


def differs_in(manifest: Manifest, asr: Mapping[str, str]) -> str | None:
    """The first setting in which a transcriber differs from the one the golden was recorded with, None without one."""
    for setting in ASR_SETTINGS:
        if manifest.asr.get(setting) != asr.get(setting):
            return f"{setting} {manifest.asr.get(setting)!r} in the golden, {asr.get(setting)!r} now"
    return None


def audio_name(probe_id: str) -> str:
    """File name of a probe's typical repeat: another one for each of several speakers, on any file system."""
    speaker = f"_{hashlib.sha256(probe_id.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}" if AT in probe_id else ""
    return re.sub(r"[^a-z0-9-]", "_", plain_id(probe_id)) + speaker + ".opus"
